"""Tiny tables for the tests of training, written without Spark."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.arrow import table_path
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings
from models.features import FEATURES

MINUTE = timedelta(minutes=1)
_DEFAULTS = {
    "landing_file": "file", "source": None, "playlist_id": None, "private": None, "end_reason": None,
    "skipped": False, "ms_played": 200_000,
}  # fmt: skip


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of June 2026."""
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def listen(user: str, track: str, when: datetime, **more: Any) -> dict[str, Any]:
    """A row of listens; a play to the end unless said otherwise."""
    row = {
        "listen_id": f"{user}-{track}-{when}",
        "user_id": user,
        "track_id": track,
        "listened_at": when,
        "listened_on": when.date(),
        "landed_on": when.date(),
    }
    return {**_DEFAULTS, **row, **more}


def feedback(user: str, kind: str, target: str, when: datetime, **more: Any) -> dict[str, Any]:
    """A row of feedback_history."""
    row = {"user_id": user, "kind": kind, "target_id": target, "at": when, "landed_on": when.date()}
    return {"landing_file": "file", **row, **more}


def vector(track: str, *values: float, landed_on: date = date(2026, 6, 1)) -> dict[str, Any]:
    """A row of audio_features_history: the values given, then 0; tracks last 200 seconds."""
    numbers = dict(zip(FEATURES, [*values, *([0.0] * 13)], strict=False)) | {"duration_ms": 200_000}
    integers = {name: int(numbers[name]) for name in ("key", "mode", "time_signature", "duration_ms")}
    row = {"track_id": track, "landed_on": landed_on, "landing_file": "file", "source": "given"}
    return {**row, **numbers, **integers}


def arrow_rows(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table as Arrow has them."""
    columns = TABLES[name].column_names
    return pa.Table.from_pylist(
        [{c: row[c] for c in columns} for row in rows], arrow_schema(TABLES[name])
    )


def put(settings: Settings, name: str, rows: list[dict[str, Any]]) -> None:
    """Write rows to a table, after those that are there."""
    table = arrow_rows(name, rows)
    write_deltalake(
        table_path(settings, name), table, mode="append", partition_by=[TABLES[name].partition or ""]
    )


def put_town(settings: Settings, *, n_users: int = 12, n_days: int = 3, seed: int = 0) -> None:
    """A town where half the listeners play loud tracks through and skip quiet ones, half the reverse."""
    rng = np.random.default_rng(seed)
    loud = rng.random(30)
    put(settings, "audio_features_history", [vector(f"t{i:02}", *[x] * 13) for i, x in enumerate(loud)])
    rows = []
    for day in range(1, n_days + 1):
        for minute in range(200):
            user, track = int(rng.integers(n_users)), int(rng.integers(30))
            likes = (loud[track] > 0.5) == (user % 2 == 0)
            skipped = bool(rng.random() < (0.1 if likes else 0.8))
            when = at(day, 1) + minute * 3 * MINUTE
            played = 5_000 if skipped else 200_000
            rows.append(listen(f"u{user}", f"t{track:02}", when, skipped=skipped, ms_played=played))
    put(settings, "listens", rows)


def micros(when: datetime) -> int:
    """Microseconds since 1970."""
    return int(when.timestamp()) * 1_000_000
