"""Tables of the newest rows: one a track, or one a listener, kind and target, from their histories."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import Window as SqlWindow
from pyspark.sql import functions as F

from jobs.ingest.kinds import Kind
from jobs.lake.catalog import TABLES
from jobs.lake.tables import Lake

# What a table calls its history's columns, and the order in which its rows supersede each other.
_RENAMED = {
    "tracks": {"first_seen_on": "first_landed_on"},
    "audio_features": {"updated_on": "landed_on"},
}
_ORDER = {
    "tracks": ("landed_on", "landing_file"),
    "audio_features": ("updated_on", "landing_file"),
    "feedback": ("at", "landed_on", "landing_file"),
}


def refresh_newest(lake: Lake, kind: Kind, where: str, *, anew: bool) -> None:
    """Bring the history's rows that match the predicate into the table of newest rows.

    ``anew``: rows may have vanished from the history, so the whole table is made from it.
    """
    name = kind.newest_table
    assert name is not None
    history = lake.read(kind.history)
    if anew:
        lake.replace(newest_rows(history, name), name, "true")
        return
    if not lake.exists(name):
        lake.append(newest_rows(history, name), name)
        return
    rows, key = newest_rows(history.where(where), name), list(TABLES[name].key)
    if rows.join(lake.read(name).select(key), key, how="left_semi").isEmpty():
        lake.append(rows, name)
        return
    is_newer, columns = _is_newer(_ORDER[name]), TABLES[name].column_names
    values = {column: f"IF({is_newer}, s.{column}, t.{column})" for column in columns}
    if name == "tracks":
        values["first_seen_on"] = "least(s.first_seen_on, t.first_seen_on)"
    lake.merge(rows, name, update_when="true", update=values)


def _is_newer(order: Sequence[str]) -> str:
    """Say in SQL that row ``s`` does not come before ``t`` in this order.

    Column by column: of structs Spark would compare the columns' comments too.
    """
    *before, last = order
    said = f"s.{last} >= t.{last}"
    for column in reversed(before):
        said = f"s.{column} > t.{column} OR s.{column} = t.{column} AND ({said})"
    return said


def newest_rows(history: DataFrame, name: str) -> DataFrame:
    """Return one row a key of the table: the last one by the table's order."""
    key = TABLES[name].key
    rows = history
    if name == "tracks":
        rows = rows.withColumn("first_landed_on", F.min("landed_on").over(SqlWindow.partitionBy(*key)))
    for column, source in _RENAMED.get(name, {}).items():
        rows = rows.withColumn(column, F.col(source))
    newest = SqlWindow.partitionBy(*key).orderBy(*(F.desc(column) for column in _ORDER[name]))
    return rows.withColumn("nth", F.row_number().over(newest)).where("nth = 1").drop("nth")
