"""Reasons: a kind, its evidence (data), and one English sentence that says nothing but the evidence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Evidence = Mapping[str, Any]

# A feature well above and well below the mean track, in words.
ADJECTIVES = {
    "acousticness": ("acoustic", "electric"),
    "energy": ("energetic", "calm"),
    "valence": ("cheerful", "wistful"),
    "danceability": ("danceable", "not made for dancing"),
    "instrumentalness": ("instrumental", "sung"),
    "speechiness": ("wordy", "melodic"),
    "tempo": ("fast", "slow"),
    "loudness": ("loud", "quiet"),
    "liveness": ("live", "studio-made"),
    "duration_ms": ("long", "short"),
}
N_ADJECTIVES = 2


def sentence(kind: str, evidence: Evidence) -> str:
    """The sentence of a reason."""
    return SENTENCES[kind](evidence)


def own_artist(evidence: Evidence) -> str:
    """A neighbor's track by an artist the listener plays."""
    return f"You play {evidence['artist']}, and {_close_ones(evidence)} this track."


def neighbors(evidence: Evidence) -> str:
    """A neighbor's track by an artist new to the listener."""
    shared = evidence["shared_artists"]
    if not shared:
        return f"{_close_ones(evidence)} this.".capitalize()
    one = "who" if evidence["n_neighbors"] == 1 else "the closest of whom"
    close = counted(evidence["n_neighbors"], "listener") + " close to you"
    return f"Played by {close}, {one} also plays {listed(shared)}."


def content(evidence: Evidence) -> str:
    """A track that sounds like what the listener plays."""
    words, like = evidence["words"][:N_ADJECTIVES], evidence["like"]
    if like is None:
        return "New to you: close in sound to what you like."
    sound = f"{listed(words)}, like" if words else "close in sound to"
    return f"New to you: {sound} “{like['title']}” by {like['artist']}, which you play."


def popular(evidence: Evidence) -> str:
    """A track many play, where nothing closer is known or left."""
    n = evidence["n_listeners"]
    played = f"{counted(n, 'listener')} here {'plays' if n == 1 else 'play'} this" if n else "New here"
    if evidence["taste_known"]:
        return f"{played}; nothing closer to your taste was left."
    return f"{played}; your taste is not known well enough yet to choose closer."


SENTENCES: Mapping[str, Callable[[Evidence], str]] = {
    "own_artist": own_artist,
    "neighbors": neighbors,
    "content": content,
    "popular": popular,
}


def counted(n: int, noun: str) -> str:
    """``1 listener``, ``2 listeners``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _close_ones(evidence: Evidence) -> str:
    n = evidence["n_neighbors"]
    return f"{counted(n, 'listener')} close to you {'plays' if n == 1 else 'play'}"
