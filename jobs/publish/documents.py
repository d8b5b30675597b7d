"""A playlist as documents: Nocturne's own JSON (docs/schemas) and JSPF.

Both are functions of the rows alone, so that the same rows give the same bytes.
"""

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from jobs.domain.lists import DISCOVER, EXPLORE, NEW_ARTISTS, NEW_RELEASES, REDISCOVER
from jobs.domain.responses import playlist_id
from jobs.domain.sentences import listed
from jobs.publish.playlists import Playlist, Row

NAMES = {DISCOVER: "Discover", REDISCOVER: "Rediscover", NEW_RELEASES: "New Releases"}
# Of a list these are named, the first to be heard.
N_NAMED = 3
# Evidence about other listeners stays in the table: a playlist must not tell who listens to what.
PRIVATE = frozenset({"neighbors"})


def playlist_json(playlist: Playlist, version: int) -> bytes:
    """Render a playlist in our own format, by a version of its schema."""
    named = {"playlist": playlist.name, "title": title_of(playlist)} if version > 1 else {}
    return _bytes(
        {
            "schema_version": version,
            "as_of": str(playlist.as_of),
            "generated_at": _end_of(playlist.as_of),
            **named,
            "description": description_of(playlist),
            "user_id": playlist.user_id,
            "n_tracks": len(playlist.rows),
            "tracks": [_track(row) for row in playlist.rows],
        }
    )


def jspf(playlist: Playlist) -> bytes:
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
        for row in by_place(playlist.rows)
    ]
    document = {
        "title": title_of(playlist),
        "identifier": playlist_id(playlist.as_of, playlist.name),
        "creator": "Nocturne",
        "annotation": description_of(playlist),
        "date": _end_of(playlist.as_of),
        "track": tracks,
    }
    return _bytes({"playlist": document})


def _end_of(as_of: date) -> str:
    """The first instant after the night: what landed later is not in it. No clock is asked."""
    return f"{as_of + timedelta(days=1)}T00:00:00Z"


def description_of(playlist: Playlist) -> str:
    """Say what is in a list tonight: how many tracks of what kind, and whose are heard first."""
    rows = playlist.rows
    n = "1 track" if len(rows) == 1 else f"{len(rows)} tracks"
    first = listed(list(dict.fromkeys(row["artist"] for row in by_place(rows)))[:N_NAMED])
    return f"{n} {_KINDS[playlist.name](rows)}. It begins with {first}."


def _discovered(rows: list[Row]) -> str:
    """What a list to be discovered is made of."""
    n = Counter(row["strategy"] for row in rows)
    kinds = {
        REDISCOVER: "that you know", NEW_ARTISTS: "by artists new to you", EXPLORE: "to explore",
    }  # fmt: skip
    parts = [f"{n[strategy]} {kind}" for strategy, kind in kinds.items() if n[strategy]]
    said = "for you" if n[REDISCOVER] else "you have not heard"
    return f"{said}, {listed(parts)}" if parts else said


def _rediscovered(_: list[Row]) -> str:
    return "you played often, and not for some time"


def _released_lately(rows: list[Row]) -> str:
    """When a list's releases came out."""
    days = sorted({row["release_date"] for row in rows if row.get("release_date")})
    when = f"from {days[0]} to {days[-1]}" if len(days) > 1 else f"on {days[0]}" if days else "lately"
    return f"released {when}"


_KINDS = {DISCOVER: _discovered, REDISCOVER: _rediscovered, NEW_RELEASES: _released_lately}


def _released(on: str | None) -> dict[str, Any]:
    """JSPF has no field for it; an extension is named by a URI."""
    return {"extension": {"urn:nocturne:schema:playlist-1": [{"release_date": on}]}} if on else {}


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def by_place(rows: list[Row]) -> list[Row]:
    """Return the rows in the order of listening."""
    return sorted(rows, key=_place)


def title_of(playlist: Playlist) -> str:
    """Return the title of a playlist."""
    return f"{NAMES[playlist.name]} for {playlist.user_id}, {playlist.as_of}"


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
