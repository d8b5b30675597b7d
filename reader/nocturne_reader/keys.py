"""Where a listener's documents are below a run: as Nocturne's ``jobs/publish/keys.py`` writes them."""

import hashlib

MAX_LENGTH = 120
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def user_key(user_id: str) -> str:
    """Return ``users/<hh>/<encoded id>``, no extension."""
    digest = _digest(user_id)
    name = "".join(chr(byte) if byte in _PLAIN else f"~{byte:02x}" for byte in user_id.encode())
    if not 0 < len(name) <= MAX_LENGTH:
        name = f"{name[:40].rsplit('~', 1)[0]}~~{digest}"
    return f"users/{digest[:2]}/{name}"


def pack_key(user_id: str, digits: int) -> str:
    """Return ``packs/<prefix>``, no extension: the pack that has a listener's documents, if any has."""
    return f"packs/{_digest(user_id)[:digits]}"


def _digest(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()
