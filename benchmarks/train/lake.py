"""A landing folder as Delta tables, without Spark: for measuring training alone."""

import gzip
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings


def land(landing: Path, settings: Settings, nights: int | None = None) -> list[date]:
    """Write listens, audio_features_history and feedback_history; returns the nights landed."""
    days = sorted(folder.name.removeprefix("date=") for folder in (landing / "listens").iterdir())
    days = days[:nights]
    for kind, table in (
        ("listens", "listens"),
        ("audio_features", "audio_features_history"),
        ("feedback", "feedback_history"),
    ):
        frames = [_rows(landing / kind / f"date={day}", day) for day in days]
        _write(settings, table, pd.concat([f for f in frames if len(f)]))
    return [date.fromisoformat(day) for day in days]


def _rows(folder: Path, day: str) -> pd.DataFrame:
    lines: list[dict[str, object]] = []
    for file in sorted(folder.glob("*.gz")):
        with gzip.open(file, "rt") as text:
            lines += [json.loads(line) for line in text]
    return pd.DataFrame(lines).assign(landed_on=date.fromisoformat(day), landing_file=folder.name)


def _write(settings: Settings, name: str, rows: pd.DataFrame) -> None:
    table = TABLES[name]
    for column in ("listened_at", "at"):
        if column in rows:
            rows[column] = pd.to_datetime(rows[column], utc=True, format="ISO8601")
    if name == "listens":
        rows["listened_on"] = rows["listened_at"].dt.date
        made_up = pd.Series([f"made-{i}" for i in range(len(rows))], index=rows.index)
        rows["listen_id"] = rows["listen_id"].fillna(made_up)
    for column in table.column_names:
        if column not in rows:
            rows[column] = None if column != "source" else "landing"
    arrow = pa.Table.from_pandas(rows[list(table.column_names)], preserve_index=False)
    path = f"{settings.lake.root}/{name}"
    write_deltalake(path, arrow.cast(arrow_schema(table)), partition_by=[table.partition])
