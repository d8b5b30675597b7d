"""What a listen counts as: a play, a skip, a start or a private listen.

A play is a listen of 30 seconds or of half of the track, whichever is less: Spotify counts a stream from
30 seconds on (its "How we count streams"), Last.fm and ListenBrainz a listen from half of the track on
(Last.fm's "Scrobbling 2.0"). A listen longer than its track is one
play. What is shorter is a skip if the listener moved on: the log says that it was skipped, or that a
button or another choice ended it, or says nothing of either. Otherwise (an error, a logout, the end of
the app, a few seconds said to be no skip, nothing heard and nothing said) it is a start, which speaks
neither for nor against the track. A private listen shapes no taste, however long it was.

The decision is written once, with operators that numpy arrays and Spark's columns share.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Values of end_reason by which the listener moved on, as Spotify's exports have them: forward, back,
# another row or a cover chosen, play pressed elsewhere, a link opened.
MOVED_ON = ("fwdbtn", "backbtn", "nextbtn", "clickrow", "clickside", "playbtn", "uriopen")
# Columns of table ``listens`` that the decision needs, besides the track.
SIGNALS = ("ms_played", "skipped", "end_reason", "private")

# A numpy array or a column of Spark, one value a listen.
Values = Any


@dataclass(frozen=True)
class Signals:
    """What is known of listens, without nulls.

    ``duration_ms`` is 0 where the track's duration is not known. ``told_skipped`` and
    ``told_not_skipped`` are both false where the log does not say; ``moved_on`` tells whether the
    listener ended the listen, ``ended`` whether any reason of its end is known.
    """

    ms_played: Values
    duration_ms: Values
    told_skipped: Values
    told_not_skipped: Values
    moved_on: Values
    ended: Values
    private: Values


@dataclass(frozen=True)
class Decision:
    """Truth values, of which exactly one holds for each listen."""

    play: Values
    skip: Values
    start: Values
    private: Values


def decide(listens: Signals, play_ms: int) -> Decision:
    """Return what each listen counts as; a play has ``play_ms`` milliseconds or half of its track."""
    half = (listens.duration_ms > 0) & (listens.ms_played * 2 >= listens.duration_ms)
    enough = (listens.ms_played >= play_ms) | half
    nothing_told = ~(listens.told_skipped | listens.told_not_skipped | listens.ended)
    left = listens.told_skipped | listens.moved_on | (nothing_told & (listens.ms_played > 0))
    public = ~listens.private
    return Decision(
        play=public & enough,
        skip=public & ~enough & left,
        start=public & ~enough & ~left,
        private=listens.private,
    )


def is_to_the_end(
    play: Values, told_skipped: Values, ms_played: Values, duration_ms: Values, play_ms: int
) -> Values:
    """Return which plays leave no doubt: of half of the track (of ``play_ms``, its ``duration_ms`` 0 for
    not known), and not said to be skipped."""
    known = duration_ms > 0
    enough = (known & (ms_played * 2 >= duration_ms)) | (~known & (ms_played >= play_ms))
    return play & enough & ~told_skipped


def decides(duration_ms: Values, play_ms: int) -> Values:
    """Return whether a track is so short that its duration, and not ``play_ms``, tells a play."""
    return (duration_ms > 0) & (duration_ms < 2 * play_ms)


def signals_of_columns() -> Signals:
    """Return the signals of a Spark frame of ``listens`` with its tracks' ``duration_ms`` or null."""
    from pyspark.sql import functions as F

    no, yes = F.lit(False), F.lit(True)
    return Signals(
        ms_played=F.col("ms_played"),
        duration_ms=F.coalesce(F.col("duration_ms"), F.lit(0)),
        told_skipped=F.coalesce(F.col("skipped"), no),
        told_not_skipped=~F.coalesce(F.col("skipped"), yes),
        moved_on=F.coalesce(F.col("end_reason").isin(*MOVED_ON), no),
        ended=F.col("end_reason").isNotNull(),
        private=F.coalesce(F.col("private"), no),
    )


def signals_of_rows(listens: pa.Table, durations: pa.Table) -> Signals:
    """Return the signals of an Arrow table of ``listens``; ``durations`` has a row (track_id,
    duration_ms) of each track whose duration is known."""
    place = pc.index_in(listens["track_id"], durations["track_id"].combine_chunks())
    reasons = pa.array(MOVED_ON, pa.string())
    return Signals(
        ms_played=np.asarray(listens["ms_played"]),
        duration_ms=np.asarray(pc.fill_null(durations["duration_ms"].take(place), 0)),
        told_skipped=np.asarray(pc.fill_null(listens["skipped"], False)),
        told_not_skipped=~np.asarray(pc.fill_null(listens["skipped"], True)),
        moved_on=np.asarray(pc.is_in(listens["end_reason"], reasons)),
        ended=np.asarray(pc.is_valid(listens["end_reason"])),
        private=np.asarray(pc.fill_null(listens["private"], False)),
    )


def with_durations(listens: "DataFrame", durations: "DataFrame", play_ms: int) -> "DataFrame":
    """Return listens with ``duration_ms`` of their tracks, null where it is not known or tells nothing.

    Only tracks whose duration decides are joined: few of any catalog.
    """
    from pyspark.sql import functions as F

    short = durations.where(decides(F.col("duration_ms"), play_ms)).select("track_id", "duration_ms")
    return listens.join(short, "track_id", how="left")
