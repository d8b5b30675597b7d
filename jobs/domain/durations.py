"""A track's duration: the catalog's, else that of its audio features, each as last landed.

Said once, and found by Spark and by Arrow alike, so that ratings, training and the judge count the same
plays.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.domain.landed import AS_LANDED, newest, newest_rows
from jobs.domain.listening import decides

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What is read of tracks_history and of audio_features_history.
DURATION_COLUMNS = ("track_id", "duration_ms", *AS_LANDED)
IN_CATALOG = "in_catalog"
# The catalog comes before the features, whenever these landed.
ORDER = (IN_CATALOG, *AS_LANDED)


def newest_durations(tracks: "DataFrame", features: "DataFrame") -> "DataFrame":
    """Return one row (track_id, duration_ms) a track whose duration is known, from both histories."""
    told = told_durations(tracks, features)
    return newest(told, "track_id", order=ORDER).select("track_id", "duration_ms")


def told_durations(tracks: "DataFrame", features: "DataFrame") -> "DataFrame":
    """Return every duration of both histories: track_id, ``ORDER``, by which the greatest counts, and
    duration_ms."""
    from pyspark.sql import functions as F

    told = [
        rows.where("duration_ms > 0").select(
            "track_id", F.lit(listed).alias(IN_CATALOG), *AS_LANDED, "duration_ms"
        )
        for rows, listed in ((tracks, True), (features, False))
    ]
    return told[0].union(told[1])


def newest_duration_rows(tracks: pa.Table, features: pa.Table, before: tuple[str, ...] = ()) -> pa.Table:
    """Return what ``newest_durations`` does, of Arrow tables, in ascending order of the tracks.

    Columns named ``before``, of both tables, come before the order of durations: the greatest counts.
    """
    columns = [*DURATION_COLUMNS, *before]
    told = [
        pa.table({name: rows[name] for name in columns} | {IN_CATALOG: np.full(len(rows), listed)})
        for rows, listed in ((tracks, True), (features, False))
    ]
    known = pa.concat_tables(told).filter(pc.field("duration_ms") > 0)
    return newest_rows(known, "track_id", order=(*before, *ORDER)).select(["track_id", "duration_ms"])


def deciding_rows(durations: pa.Table, play_ms: int) -> pa.Table:
    """Return the durations that decide what is a play: few of any catalog."""
    return durations.filter(pa.array(decides(np.asarray(durations["duration_ms"]), play_ms)))
