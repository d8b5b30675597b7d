"""Literal playlists, and the table that holds them, written without Spark."""

import json
from datetime import date

import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.publish.playlists import Playlist
from jobs.settings import Settings

NIGHT = date(2026, 6, 28)


def row(rank: int, track_id: str, **changes: object) -> dict[str, object]:
    """One track of a list."""
    content = {"score": 0.9, "words": ["calm"], "like": {"track_id": "x", "title": "X", "artist": "Y"}}
    return {
        "rank": rank,
        "track_id": track_id,
        "title": f"Title of {track_id}",
        "artist": "An Artist",
        "score": 0.5,
        "strategy": "explore",
        "reason_kind": "content",
        "reason": "New to you.",
        "evidence": json.dumps(content),
        "model_version": "2026-06-28-abc",
        "play_order": rank,
        "playlist": "discover",
    } | changes


def playlist(rows: list[dict[str, object]], user_id: str = "u", name: str = "discover") -> Playlist:
    """A list of the night."""
    return Playlist(user_id, NIGHT, name, rows)


def by_neighbors(rank: int, track_id: str) -> dict[str, object]:
    """One track that neighbors play."""
    closest = [{"user_id": "somebody else", "similarity": 0.5, "rating": 1.0}]
    evidence = {"n_neighbors": 1, "neighbors": closest, "shared_artists": ["Z"]}
    return row(
        rank,
        track_id,
        strategy="exploit",
        reason_kind="neighbors",
        evidence=json.dumps(evidence),
        model_version=None,
    )


def write_playlists(
    settings: Settings, lists: dict[str, list[dict[str, object]]], as_of: date = NIGHT
) -> None:
    """Replace one night of the playlists table."""
    rows = [{"as_of": as_of, "user_id": user, **one} for user, many in lists.items() for one in many]
    write_deltalake(
        f"{settings.lake.root}/playlists",
        pa.Table.from_pylist(rows, arrow_schema(TABLES["playlists"])),
        mode="overwrite",
        predicate=f"as_of = '{as_of}'",
        partition_by=["as_of"],
    )
