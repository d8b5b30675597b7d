"""Plays heard by each landing day, by source, and by source and bin of their tracks' features.

Plays that land later than the day after they were heard are left out: a history of ten years that is
handed in at once is no louder night. What listeners hand in themselves is one source, ``OWN_LOGS``,
whatever it says: a service is not gone when one of its listeners stops to send their log.

Kept in the table ``landed_plays``, so that a night is compared with the weeks before it without reading
them again. With a day's counts stands a digest of the files that they were made of: a day whose files
have changed since, or that was never counted, is counted again, to what it would have been in its night.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.drift import BINS
from jobs.lake.arrow import replace, table_rows
from jobs.lake.history import features_known
from jobs.lake.tables import Lake
from jobs.settings import Settings
from jobs.validate.inputs.files import is_handed_in
from jobs.window import Window

TABLE = "landed_plays"
# What volumes are compared with; drift looks back less far.
HISTORY = timedelta(weeks=8)
# The bin 0 of this feature has all plays, also those of tracks without features.
ANY = "any"

# A log of the day may land on the next morning.
ON_TIME = timedelta(days=1)
# What a day's counts are of: kept ones of anything else are counted again.
MEANING = "heard on time, own logs apart"
OWN_LOGS = "(own logs)"

# Plays of a day by source, feature and bin.
Plays = Mapping[tuple[str, str, int], int]


def landed_plays(lake: Lake, files: Sequence[Mapping[str, Any]], window: Window) -> dict[date, Plays]:
    """Plays of each landing day, of the window and its history; ``files`` are the rows of
    landing_files by the window's end."""
    since = window.start - HISTORY
    made_of = digests(files, since)
    kept = _kept(lake.settings, since, window.as_of)
    counts = {day: plays for (day, digest), plays in kept.items() if made_of.get(day) == digest}
    fresh = {day: count_plays(lake, day, _own(files, day)) for day in made_of.keys() - counts.keys()}
    if fresh:
        _keep(lake.settings, fresh, made_of)
    return counts | fresh


def digests(files: Iterable[Mapping[str, Any]], since: date = date.min) -> dict[date, str]:
    """Return, of each day from ``since`` on which listens landed: a digest of their files, and of the
    features' known then."""
    rows = sorted(files, key=lambda row: (row["landed_on"], row["landing_file"]))
    marks = [(r, f"{r['landing_file']} {r['fingerprint']} {r['rows_accepted']}\n") for r in rows]
    listens = (r for r in rows if r["kind"] == "listens" and r["rows_accepted"])
    days = {r["landed_on"] for r in listens if r["landed_on"] >= since}
    return {
        day: hashlib.sha256(
            MEANING.encode()
            + "".join(
                mark
                for row, mark in marks
                if (row["kind"] == "listens" and row["landed_on"] == day)
                or (row["kind"] == "audio_features" and row["landed_on"] <= day)
            ).encode()
        ).hexdigest()
        for day in days
    }


def _own(files: Iterable[Mapping[str, Any]], day: date) -> list[str]:
    """Files of the day that a listener handed in."""
    return sorted(row["landing_file"] for row in files if row["landed_on"] == day and is_handed_in(row))


def count_plays(lake: Lake, day: date, own: Sequence[str] = ()) -> Plays:
    """Plays heard on the day or the day before it that landed on it, with the features known at its
    end; those of the files ``own`` as of the source ``OWN_LOGS``."""
    heard = F.col("listened_on").between(F.lit(day - ON_TIME), F.lit(day))
    listens = lake.read("listens").where(heard & (F.col("landed_on") == F.lit(day)))
    if own:
        names = lake.spark.createDataFrame(
            [(name, OWN_LOGS) for name in own], "landing_file string, own string"
        )
        listens = listens.join(F.broadcast(names), "landing_file", how="left")
        listens = listens.withColumn("source", F.coalesce("own", "source"))
    features = features_known(lake, Window.night(day))
    return {(row.source, row.feature, row.bin): row.n for row in in_bins(listens, features).collect()}


def in_bins(listens: DataFrame, features: DataFrame) -> DataFrame:
    """Return ``n`` plays by ``source`` ("(none)" for none), ``feature`` and ``bin``, and of ``ANY``
    feature."""
    source = F.coalesce("source", F.lit("(none)")).alias("source")
    names = F.array(F.lit(ANY), *map(F.lit, BINS))
    bins = F.array(F.lit(0), *map(_bin, BINS)).alias("bins")
    plays = listens.groupBy(source, "track_id").count()
    return (
        plays.join(features.select("track_id", bins), "track_id", how="left")
        .select(
            "source", "count", F.posexplode(F.coalesce("bins", F.array(F.lit(0)))).alias("nth", "bin")
        )
        .groupBy("source", names[F.col("nth")].alias("feature"), "bin")
        .agg(F.sum("count").alias("n"))
    )


def _bin(feature: str) -> Column:
    low, high, n = BINS[feature]
    position = F.floor((F.col(feature) - low) / (high - low) * n)
    # Of null, greatest() makes 0: what was not detected is in the lowest bin.
    return F.least(F.greatest(position, F.lit(0)), F.lit(n - 1)).cast("int")


def _kept(settings: Settings, since: date, until: date) -> dict[tuple[date, str], dict[Any, int]]:
    day = pc.field("landed_on")
    rows = table_rows(settings, TABLE).to_table(filter=(day >= since) & (day <= until))
    found: dict[tuple[date, str], dict[Any, int]] = {}
    for row in rows.to_pylist():
        plays = found.setdefault((row["landed_on"], row["files"]), {})
        if row["n_plays"]:
            plays[row["source"], row["feature"], row["bin"]] = row["n_plays"]
    return found


def _keep(settings: Settings, fresh: Mapping[date, Plays], made_of: Mapping[date, str]) -> None:
    rows: list[dict[str, object]] = [
        {"landed_on": day, "source": source, "feature": feature, "bin": number, "n_plays": n_plays,
         "files": made_of[day]}
        for day, plays in fresh.items()
        # A day without any is written down too, or every night would count it again.
        for (source, feature, number), n_plays in sorted((plays or {("(none)", ANY, 0): 0}).items())
    ]  # fmt: skip
    replace(settings, TABLE, rows, " OR ".join(f"landed_on = '{day}'" for day in sorted(fresh)))
