"""Listeners' ids as parts of keys: no id leaves its folder, no two ids share a key."""

import hashlib

MAX_LENGTH = 120
# Hexadecimal digits of a listener's spread.
DIGITS = 4
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def encoded(user_id: str) -> str:
    """Return the id as one name of a-z, 0-9, ``_``, ``-`` and ``~``.

    Every other byte of its UTF-8 is ``~`` and two hexadecimal digits: capitals too, because some file
    systems do not tell them apart; ``~`` rather than ``%``, because servers decode that one again. A
    name that gets too long, or would be empty, ends in ``~~`` and the id's SHA-256 instead.
    """
    name = "".join(chr(byte) if byte in _PLAIN else f"~{byte:02x}" for byte in user_id.encode())
    if 0 < len(name) <= MAX_LENGTH:
        return name
    return f"{name[:40].rsplit('~', 1)[0]}~~{_digest(user_id)}"


def user_key(user_id: str) -> str:
    """Return ``users/<hh>/<encoded id>``, no extension; ``hh`` spreads the keys over 256 prefixes."""
    return f"users/{_digest(user_id)[:2]}/{encoded(user_id)}"


def spread(user_id: str) -> int:
    """Return the first ``DIGITS`` hexadecimal digits of the id's SHA-256, as a number; ``hh`` are the
    first two of them."""
    return int(_digest(user_id)[:DIGITS], 16)


def _digest(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()
