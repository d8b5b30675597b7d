"""What the suites of the night's inputs look at."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.window import Window


def landed(rows: DataFrame, window: Window) -> DataFrame:
    """Rows that landed in the window."""
    return rows.where(F.col("landed_on").between(F.lit(window.start), F.lit(window.as_of)))


def with_catalog(listens: DataFrame, tracks: DataFrame, features: DataFrame) -> DataFrame:
    """Listens with ``known_track`` and ``has_features``: what was known of their tracks.

    ``tracks`` and ``features`` have one row a track.
    """
    marked = listens
    for name, known in (("known_track", tracks), ("has_features", features)):
        mark = known.select("track_id", F.lit(True).alias(name))
        marked = marked.join(mark, "track_id", how="left").na.fill({name: False})
    return marked


def landing_facts(files: DataFrame) -> DataFrame:
    """One row a kind of landing files: how many, and what became of their rows.

    ``refused`` names up to three files that were refused as a whole, with the reason; ``counts`` says
    the numbers for a person.
    """
    refused = F.col("status") == "refused"
    why = F.concat_ws(": ", "landing_file", "reason")
    n = {f"n_{name}": F.sum(f"rows_{name}") for name in ("read", "accepted", "quarantined", "duplicate")}
    facts = files.groupBy("kind").agg(
        F.count("*").alias("n_files"),
        F.count_if(refused).alias("n_refused"),
        F.concat_ws("; ", F.slice(F.sort_array(F.collect_list(F.when(refused, why))), 1, 3))
        .alias("refused"),
        *(total.alias(name) for name, total in n.items()),
    )  # fmt: skip
    said = [F.format_string("%,d %s", F.col(name), F.lit(name[2:])) for name in n]
    return facts.withColumn("counts", F.concat_ws(", ", *said))
