"""What a listener did with a recommended track, in one word, and whether a list caused a listen."""

from datetime import date

# From the weakest to the strongest: a row has the last that holds, of likes and rejections the latest.
NOT_REACHED, STARTED, SKIPPED, PLAYED, REPEATED, LIKED, DISLIKED, BLOCKED = OUTCOMES = (
    "not_reached", "started", "skipped", "played", "repeated", "liked", "disliked", "blocked",
)  # fmt: skip
# Kinds of feedback that ban the track: by itself, or by one of its artists.
BLOCKS = ("block_track", "block_artist")

PLAYLIST_PREFIX = "urn:nocturne:playlist:"
# What a listen's playlist_id is where it was played from one of our lists; the group is its night.
PLAYLIST_PATTERN = rf"^{PLAYLIST_PREFIX}(\d{{4}}-\d{{2}}-\d{{2}})$"


def playlist_id(as_of: date) -> str:
    """Return the identifier of the lists of a night, as published and as a listen may carry it."""
    return f"{PLAYLIST_PREFIX}{as_of}"
