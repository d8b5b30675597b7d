"""What a listener did with a recommended track, in one word, and whether a list caused a listen."""

from datetime import date

from jobs.domain.lists import DISCOVER

# From the weakest to the strongest: a row has the last that holds, of likes and rejections the latest.
NOT_REACHED, STARTED, SKIPPED, PLAYED, REPEATED, LIKED, DISLIKED, BLOCKED = OUTCOMES = (
    "not_reached", "started", "skipped", "played", "repeated", "liked", "disliked", "blocked",
)  # fmt: skip
# Kinds of feedback that ban the track: by itself, or by one of its artists.
BLOCKS = ("block_track", "block_artist")

PLAYLIST_PREFIX = "urn:nocturne:playlist:"
# What a listen's playlist_id is where it was played from one of our lists; the groups are its night and
# its name, empty for discover.
PLAYLIST_PATTERN = rf"^{PLAYLIST_PREFIX}(\d{{4}}-\d{{2}}-\d{{2}})(?::([a-z_]+))?$"


def playlist_id(as_of: date, playlist: str = DISCOVER) -> str:
    """Return the identifier of the lists of a night and name, as published and as a listen may carry
    it; of discover, which was there before the others, it is the night alone."""
    return f"{PLAYLIST_PREFIX}{as_of}" + ("" if playlist == DISCOVER else f":{playlist}")
