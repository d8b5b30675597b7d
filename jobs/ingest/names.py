"""Tracks by name: what two spellings of one artist and title have in common.

Logs without track ids get ids made of the normalized names; where the catalog has a track of that
name, its own id takes their place.
"""

import hashlib

from jobs.domain.titles import artist_key, recording_key

NAMED = "name-"


def name_id(artist: str, title: str) -> str:
    """Return the id of every track of this name."""
    return NAMED + _digest(f"{artist_key(artist)}\x1f{recording_key(title)}")


def artist_id(artist: str) -> str:
    """Return the id of an artist of whom nothing but the name is known."""
    return NAMED + _digest(artist_key(artist))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
