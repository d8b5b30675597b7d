"""One play that several logs of one listener tell: by listener, track and overlapping time.

Spotify scrobbles to Last.fm and ListenBrainz; an export is asked for twice; clocks differ by seconds,
and one log knows minutes only. A listener hears a track once at a time, so rows of *different* files
whose times overlap tell of one play. Rows of one file never do: a repeat stays two plays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import Window as SqlWindow
from pyspark.sql import functions as F

from jobs.ingest.sources.source import SCROBBLE_MS

# A scrobble is made after half of the track, or four minutes; of anything shorter none is made.
LEAST_SCROBBLED_MS = 30_000
MINUTE_MS = 60_000
COLUMNS = ("listen_id", "user_id", "track_id", "at_ms", "ms_played", "landed_on", "landing_file",
           "n_known", "is_shared", "chain")  # fmt: skip
REPEATS = "listen_id string, told_by string, told_in string, apart_ms bigint"


@dataclass(frozen=True)
class Telling:
    """One row that tells of a play; ``is_shared``: a file that several listeners' plays are in."""

    listen_id: str
    at_ms: int
    ms_played: int
    landed_on: Any
    landing_file: str
    n_known: int
    is_shared: bool


def retold_plays(tellings: DataFrame, within_s: float) -> DataFrame:
    """Return the listens that tell again of a play that another of the listens tells.

    ``tellings``: rows unique by listen_id, with listener, track, listened_at, ms_played, landed_on,
    landing_file, ``n_known`` (how full the row is) and ``is_shared``. One row a retold listen:
    ``listen_id``, the play's ``told_by`` (listen_id) and ``told_in`` (file), and how far ``apart_ms``
    they begin. Which row tells of a play depends on what landed by its day only: a file of a later day
    can add plays, and takes none away.
    """
    by_time = SqlWindow.partitionBy("user_id", "track_id").orderBy("at_ms", "listen_id")
    rows = tellings.withColumn("at_ms", F.unix_millis("listened_at"))
    before = F.col("at_ms") - F.lag("at_ms").over(by_time)
    rows = rows.withColumn("before", before).withColumn("after", F.lead("before").over(by_time))
    limit = within_s * 1000
    near = rows.where((F.col("before") <= limit) | (F.col("after") <= limit))
    begins = F.coalesce(F.col("before") > limit, F.lit(True)).cast("int")
    chained = near.withColumn("chain", F.sum(begins).over(by_time))
    # Rows of a chain stand side by side: the window has moved and sorted them.
    return chained.select(*COLUMNS).mapInArrow(_kernel(limit), REPEATS)


def _kernel(limit: float) -> Any:
    def retold(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (row for batch in batches for row in batch.to_pylist())
        chains = groupby(rows, key=lambda row: (row["user_id"], row["track_id"], row["chain"]))
        found = [repeat for _, chain in chains for repeat in repeats(map(_telling, chain), limit)]
        names = [part.split()[0] for part in REPEATS.split(", ")]
        yield pa.RecordBatch.from_pylist([dict(zip(names, repeat, strict=True)) for repeat in found],
            pa.schema([("listen_id", pa.string()), ("told_by", pa.string()), ("told_in", pa.string()),
                       ("apart_ms", pa.int64())]))  # fmt: skip

    return retold


def _telling(row: dict[str, Any]) -> Telling:
    return Telling(**{name: row[name] for name in Telling.__dataclass_fields__})


def repeats(tellings: Iterable[Telling], limit_ms: float) -> list[tuple[str, str, str, int]]:
    """Return (listen_id, listen_id and file of the play, milliseconds apart) of the rows of one listener
    and track that tell of a play again.

    Files are taken one after the other: by day of landing, the fullest of a day first, then by name.
    Each row of a file, in order of time, tells of the first play that it can tell of (``is_same``) and
    no other row of its file does; if there is none, it is a play itself.
    """
    files: dict[str, list[Telling]] = {}
    for telling in sorted(tellings, key=lambda row: (row.at_ms, row.listen_id)):
        files.setdefault(telling.landing_file, []).append(telling)
    order = sorted(files.values(), key=_order_of_file)
    plays: list[Telling] = []
    found: list[tuple[str, str, str, int]] = []
    for rows in order:
        free = sorted(plays, key=lambda row: (row.at_ms, row.listen_id))
        for row in rows:
            play = next((one for one in free if is_same(one, row, limit_ms)), None)
            if play is None:
                plays.append(row)
            else:
                free.remove(play)
                apart = abs(play.at_ms - row.at_ms)
                found.append((row.listen_id, play.listen_id, play.landing_file, apart))
    return found


def _order_of_file(rows: list[Telling]) -> tuple[Any, int, str]:
    return rows[0].landed_on, -max(row.n_known for row in rows), rows[0].landing_file


def is_same(play: Telling, row: Telling, limit_ms: float) -> bool:
    """Return whether two rows of different files tell of one play of a track.

    They begin at most ``limit_ms`` apart, and half of the longer one was heard at the same time. A
    scrobble's length is that of the other row, which must then be long enough to be scrobbled. A log of
    minutes has the right length at a wrong time: equal lengths are enough where one ends with a minute.
    """
    if abs(play.at_ms - row.at_ms) > limit_ms or (play.is_shared and row.is_shared):
        return False
    lengths = [one.ms_played for one in (play, row) if one.ms_played != SCROBBLE_MS]
    if len(lengths) < 2 and min(lengths, default=SCROBBLE_MS) < LEAST_SCROBBLED_MS:
        return False
    ends_with_minute = any((one.at_ms + one.ms_played) % MINUTE_MS == 0 for one in (play, row))
    if len(lengths) == 2 and play.ms_played == row.ms_played and ends_with_minute:
        return True
    of_play, of_row = (lengths * 2)[:2] or (SCROBBLE_MS, SCROBBLE_MS)
    both = min(play.at_ms + of_play, row.at_ms + of_row) - max(play.at_ms, row.at_ms)
    return 2 * both >= max(of_play, of_row)
