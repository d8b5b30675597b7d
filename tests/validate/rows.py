"""A small healthy night, as tables: two listeners, six tracks, one landing file a kind."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings
from models.features import FEATURES

NIGHT = date(2026, 6, 28)
TRACKS = ("t1", "t2", "t3", "t4", "t5", "t6")


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table; what a row does not say is null."""
    return pa.Table.from_pylist(rows, arrow_schema(TABLES[name]))


def write(settings: Settings, name: str, rows: list[dict[str, Any]]) -> None:
    """Make these the rows of a table of the lake."""
    write_deltalake(f"{settings.lake.root}/{name}", table(name, rows), mode="overwrite")


def listen(listen_id: str, user_id: str, track_id: str, night: date = NIGHT) -> dict[str, Any]:
    at = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
    return {
        "listen_id": listen_id, "user_id": user_id, "track_id": track_id, "listened_at": at,
        "ms_played": 200_000, "source": "app", "listened_on": night, "landed_on": night,
        "landing_file": f"listens/date={night}/a.jsonl",
    }  # fmt: skip


def track(track_id: str) -> dict[str, Any]:
    return {
        "track_id": track_id, "title": track_id.upper(), "artist_ids": [f"by {track_id}"],
        "artist": f"By {track_id}", "duration_ms": 200_000, "landed_on": NIGHT, "landing_file": "tracks",
    }  # fmt: skip


def features(track_id: str) -> dict[str, Any]:
    whole = dict.fromkeys(("key", "mode", "time_signature", "duration_ms"), 1)
    return {
        "track_id": track_id, **dict.fromkeys(FEATURES, 0.5), **whole, "source": "given",
        "landed_on": NIGHT, "landing_file": "features",
    }  # fmt: skip


def landing_file(
    kind: str, n_rows: int, n_bad: int = 0, day: date = NIGHT, **changes: Any
) -> dict[str, Any]:
    return {
        "landing_file": f"{kind}/date={day}/a.jsonl", "kind": kind, "landed_on": day,
        "fingerprint": "f", "source": "native", "rows_read": n_rows, "rows_accepted": n_rows - n_bad,
        "rows_quarantined": n_bad, "rows_duplicate": 0, "status": "accepted", "reason": None,
        "listener": None, "unknown_columns": [], **changes,
    }  # fmt: skip


def playlist(user_id: str, *tracks: str) -> list[dict[str, Any]]:
    return [
        {
            "as_of": NIGHT, "user_id": user_id, "rank": rank, "track_id": track, "title": track,
            "artist": "x", "score": 1 / rank, "strategy": "explore", "reason_kind": "sound",
            "reason": "It sounds alike.", "evidence": "{}",
        }
        for rank, track in enumerate(tracks, start=1)
    ]  # fmt: skip


def land(settings: Settings, **changes: list[dict[str, Any]]) -> None:
    """Write the healthy night's inputs, with some tables' rows changed."""
    listens = changes.get("listens", [listen("l1", "ann", "t1"), listen("l2", "bob", "t2")])
    n_plays = Counter(row["landed_on"] for row in listens)
    files = [landing_file("listens", n, day=day) for day, n in n_plays.items()]
    rows = {
        "listens": listens,
        "tracks_history": [track(name) for name in TRACKS],
        "audio_features_history": [features(name) for name in TRACKS],
        "landing_files": [*files, landing_file("tracks", 6)],
        **changes,
    }
    for name, wanted in rows.items():
        write(settings, name, wanted)
