"""Tracks by name: what two spellings of one artist and title have in common.

Logs without track ids get ids made of the normalized names; where the catalog has a track of that
name, its own id takes their place.
"""

import hashlib
import re
import unicodedata

NAMED = "name-"
# Keys are made of so many characters: the catalog has no longer name, and a log may hold a megabyte.
MAX_NAME = 2_000
_GUESTS = re.compile(r"\s[(\[]?(?:featuring|feat\.?|ft\.?)\s.*", re.IGNORECASE)
_VERSION = re.compile(
    r"\s(?:-\s+[^-]*|\([^()]*|\[[^\[\]]*)\b(?:remaster(?:ed)?|album version|single version)\b.*",
    re.IGNORECASE,
)


def name_key(name: str) -> str:
    """The name without case, accents, punctuation and leading "the".

    A name of nothing but punctuation ("!!!") stays as it is.
    """
    folded = unicodedata.normalize("NFKD", _plain(name)).casefold()
    letters = "".join(char for char in folded if not unicodedata.combining(char))
    key = re.sub(r"[\W_]+", " ", letters.replace("&", " and ")).strip().removeprefix("the ")
    return key or folded.strip()


def artist_key(artist: str) -> str:
    """The main artist's name: guests are cut off."""
    return name_key(_GUESTS.sub("", _plain(artist)))


def title_key(title: str) -> str:
    """The title without guests, and without what names a remaster of the same recording."""
    return name_key(_VERSION.sub("", _GUESTS.sub("", _plain(title))))


def _plain(name: str) -> str:
    """Cut to MAX_NAME, runs of blanks as one: an expression tries each of them, and each to its end."""
    return " ".join(name[:MAX_NAME].split())


def name_id(artist: str, title: str) -> str:
    """The id of every track of this name."""
    return NAMED + _digest(f"{artist_key(artist)}\x1f{title_key(title)}")


def artist_id(artist: str) -> str:
    """The id of an artist of whom nothing but the name is known."""
    return NAMED + _digest(artist_key(artist))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
