"""What feedback means: which of a listener's likes and dislikes of a track counts, and what an exclusion
takes back.

Instants are microseconds since 1970 (UTC). The rules are written once, with operators that numpy arrays
and Spark's columns share.
"""

from typing import Any

LIKE, EXCLUDE = "like", "exclude"
# Kinds of feedback by which a listener turns a track down.
REJECTIONS = ("dislike", "block_track")
VERDICTS = (LIKE, *REJECTIONS)

# Before every instant: nothing of the kind was ever said.
NEVER = -(2**62)

Values = Any


def is_liked(liked_at: Values, rejected_at: Values) -> Values:
    """Return whether the latest feedback is a like, of the latest like and the latest rejection.

    At one instant the rejection counts; a track never spoken of is not liked.
    """
    return liked_at > rejected_at


def is_taken_back(listened_at: Values, listen_excluded_at: Values, track_excluded_at: Values) -> Values:
    """Return whether the listener took a listen back ("that was not me"), by itself or by its track.

    An exclusion takes back what was heard up to its instant, itself included, and not what comes later.
    """
    return (listened_at <= listen_excluded_at) | (listened_at <= track_excluded_at)
