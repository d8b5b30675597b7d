"""A playlist as documents: Nocturne's own JSON (docs/schemas/playlist-1.json) and JSPF.

Both are functions of the rows alone, so that the same rows give the same bytes.
"""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

from jobs.publish.playlists import Row

SCHEMA_VERSION = 1
# Evidence about other listeners stays in the table: a playlist must not tell who listens to what.
PRIVATE = frozenset({"neighbors"})


def playlist_json(user_id: str, as_of: date, rows: list[Row]) -> bytes:
    """Render one listener's playlist in our own format; ``rows`` are its tracks by rank."""
    return _bytes(
        {
            "schema_version": SCHEMA_VERSION,
            "as_of": str(as_of),
            "user_id": user_id,
            "n_tracks": len(rows),
            "tracks": [_track(row) for row in rows],
        }
    )


def jspf(user_id: str, as_of: date, rows: list[Row]) -> bytes:
    """Render the same playlist for players that read JSPF (xspf.org/jspf), in the order of listening."""
    tracks = [
        {
            "identifier": [f"urn:nocturne:track:{quote(row['track_id'], safe='')}"],
            "title": row["title"],
            "creator": row["artist"],
            "annotation": row["reason"],
        }
        for row in sorted(rows, key=_place)
    ]
    playlist = {
        "title": f"Nocturne for {user_id}, {as_of}",
        "creator": "Nocturne",
        "date": f"{as_of}T00:00:00Z",
        "track": tracks,
    }
    return _bytes({"playlist": playlist})


def _place(row: Row) -> int:
    # Lists of earlier releases have a rank alone.
    return int(row["play_order"] or row["rank"])


def _track(row: Row) -> dict[str, Any]:
    evidence = json.loads(row["evidence"])
    return {
        "rank": row["rank"],
        "play_order": _place(row),
        "track_id": row["track_id"],
        "title": row["title"],
        "artist": row["artist"],
        "score": row["score"],
        "strategy": row["strategy"],
        "reason": {
            "kind": row["reason_kind"],
            "text": row["reason"],
            "evidence": {name: value for name, value in evidence.items() if name not in PRIVATE},
        },
        "model_version": row["model_version"],
    }


def _bytes(document: dict[str, Any]) -> bytes:
    # Without indentation, which takes Python five times as long to write.
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
