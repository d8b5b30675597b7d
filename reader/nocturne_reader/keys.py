"""Where a listener's documents are below a run: as Nocturne's ``jobs/publish/keys.py`` writes them."""

import hashlib

MAX_LENGTH = 120
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def user_key(user_id: str) -> str:
    """Return ``users/<hh>/<encoded id>``, no extension."""
    digest = hashlib.sha256(user_id.encode()).hexdigest()
    name = "".join(chr(byte) if byte in _PLAIN else f"~{byte:02x}" for byte in user_id.encode())
    if not 0 < len(name) <= MAX_LENGTH:
        name = f"{name[:40].rsplit('~', 1)[0]}~~{digest}"
    return f"users/{digest[:2]}/{name}"
