"""A playlist as documents: Nocturne's own JSON (docs/schemas/playlist-1.json) and JSPF.

Both are functions of the rows alone, so that the same rows give the same bytes.
"""

import json
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from jobs.domain.responses import playlist_id
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
            "generated_at": _end_of(as_of),
            "description": _description(as_of, rows),
            "user_id": user_id,
            "n_tracks": len(rows),
            "tracks": [_track(row) for row in rows],
        }
    )


def jspf(user_id: str, as_of: date, rows: list[Row]) -> bytes:
    """Render the same playlist for players that read JSPF (xspf.org/jspf), in the order of listening."""
    tracks = [
        {
            "identifier": [
                *filter(None, [row.get("url")]),
                address(row["track_id"]),
            ],
            "title": row["title"],
            "creator": row["artist"],
            **_known(album=row.get("album"), duration=row.get("duration_ms")),
            "annotation": row["reason"],
            **_released(row.get("release_date")),
        }
        for row in by_place(rows)
    ]
    playlist = {
        "title": title_of(user_id, as_of),
        "identifier": playlist_id(as_of),
        "creator": "Nocturne",
        "annotation": _description(as_of, rows),
        "date": _end_of(as_of),
        "track": tracks,
    }
    return _bytes({"playlist": playlist})


def _end_of(as_of: date) -> str:
    """The first instant after the night: what landed later is not in it. No clock is asked."""
    return f"{as_of + timedelta(days=1)}T00:00:00Z"


def _description(as_of: date, rows: list[Row]) -> str:
    n = "1 track" if len(rows) == 1 else f"{len(rows)} tracks"
    return f"{n}, each with a reason, chosen from what had landed by {as_of}."


def _released(on: str | None) -> dict[str, Any]:
    """JSPF has no field for it; an extension is named by a URI."""
    return {"extension": {"urn:nocturne:schema:playlist-1": [{"release_date": on}]}} if on else {}


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def by_place(rows: list[Row]) -> list[Row]:
    """Return the rows in the order of listening."""
    return sorted(rows, key=_place)


def title_of(user_id: str, as_of: date) -> str:
    """Return the title of a playlist."""
    return f"Nocturne for {user_id}, {as_of}"


def address(track_id: str) -> str:
    """Return the URN of a track, whatever its id."""
    return f"urn:nocturne:track:{quote(track_id, safe='')}"


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
        **_known(
            album=row.get("album"),
            release_date=row.get("release_date"),
            duration_ms=row.get("duration_ms"),
            url=row.get("url"),
        ),
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
