"""Reasons: a kind, its evidence (data), and one English sentence that says nothing but the evidence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.domain.arrays import Floats, Ints
from jobs.recommend.blend import EXPLORE, POPULAR, Pick
from jobs.recommend.candidates import COMPARED, Supporter, supporters
from jobs.recommend.listeners import Listener
from jobs.recommend.tracks import Tracks
from models.features import FEATURES

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
N_NEIGHBORS = 3
N_CARRIED = 3
N_SHARED_ARTISTS = 2
PLAIN = 0.5
MUCH_FARTHER = 1.5


class ReasonBuilder:
    """Knows why each track is in one listener's playlist."""

    def __init__(
        self,
        listener: Listener,
        tracks: Tracks,
        scores: Mapping[str, NDArray[np.floating | np.integer]],
        explained: Mapping[int, Floats],
    ) -> None:
        self.listener, self.tracks = listener, tracks
        self.scores, self.explained = scores, explained
        self.cited: set[int] = set()
        self._shared: dict[int, list[str]] = {}

    def score(self, pick: Pick) -> float:
        """Return the score its strategy ranked it by: a predicted rating, P(like) or nearness, or how
        many listeners play it."""
        return float(self.scores[pick.strategy][pick.position])

    def reason(self, pick: Pick) -> tuple[str, dict[str, Any]]:
        """Return the kind of the reason and its evidence."""
        if pick.strategy == EXPLORE:
            return "content", self._by_content(pick)
        if pick.strategy == POPULAR:
            return "popular", self._by_popularity(pick) | {
                "taste_known": len(self.listener.centroids) > 0
            }
        return self._by_listening(pick)

    def _by_popularity(self, pick: Pick) -> dict[str, Any]:
        return {"n_listeners": int(self.scores[POPULAR][pick.position])}

    def _by_listening(self, pick: Pick) -> tuple[str, dict[str, Any]]:
        """By an artist they play; else by who plays it; else by a track whose listeners play it."""
        found = supporters(self.listener.neighborhood, pick.position)
        closest = [
            {
                "user_id": one.user_id,
                "similarity": round(one.similarity, 4),
                "rating": round(one.rating, 4),
            }
            for one in found[:N_NEIGHBORS]
        ]
        evidence = {"n_neighbors": len(found), "neighbors": closest}
        own = np.intersect1d(self.tracks.artists_of(pick.position), self._own_artists)
        if len(own):
            return "own_artist", evidence | {"artist": self.tracks.artist_names[own[0]]}
        if found:
            return "neighbors", evidence | {"shared_artists": self._shared_artists(found[0])}
        like = self._because.get(pick.position)
        if like is not None:
            return "similar_track", {"like": self._track(like)}
        return "popular", self._by_popularity(pick) | {"taste_known": None}

    @cached_property
    def _because(self) -> dict[int, int]:
        """Which played track each candidate was found by."""
        pairs = zip(self.listener.candidates.tolist(), self.listener.because.tolist(), strict=True)
        return {candidate: played for candidate, played in pairs if played >= 0}

    def _track(self, position: int) -> dict[str, Any]:
        return {
            "track_id": self.tracks.ids[position],
            "title": self.tracks.titles[position],
            "artist": self.tracks.artists[position],
        }

    def _by_content(self, pick: Pick) -> dict[str, Any]:
        found = likeness(self.listener, pick.position, self.tracks, self.cited)
        evidence: dict[str, Any] = {"score": round(self.score(pick), 4), "words": [], "like": None}
        added = self.explained.get(pick.position)
        if added is not None:
            most = [i for i in np.argsort(-added, kind="stable")[:N_CARRIED] if added[i] > 0]
            evidence["carried"] = {FEATURES[i]: round(float(added[i]), 3) for i in most}
        if found is None:
            return evidence
        self.cited.add(found.position)
        plain = found.features
        if added is not None:  # what stands out in both and carried the score is said first
            plain = tuple(sorted(plain, key=lambda feature: -added[FEATURES.index(feature[0])]))
        known = [(ADJECTIVES[name], high) for name, high in plain if name in ADJECTIVES]
        evidence["words"] = [above if high else below for (above, below), high in known]
        evidence["like"] = self._track(found.position)
        return evidence

    @cached_property
    def _own_artists(self) -> Ints:
        """Numbers of the artists the listener rates above 0, highest sum of ratings first."""
        total = np.zeros(len(self.tracks.artist_ids))
        for position, rating in zip(self.listener.rated, self.listener.ratings, strict=True):
            total[self.tracks.artists_of(position)] += rating
        order = np.lexsort((np.arange(len(total)), -total))
        return np.asarray(order[total[order] > 0])

    def _shared_artists(self, neighbor: Supporter) -> list[str]:
        if neighbor.number not in self._shared:
            near = self.listener.neighborhood
            rows = slice(near.ptr[neighbor.number], near.ptr[neighbor.number + 1])
            theirs = self.tracks.artists_of_all(near.positions[rows][near.ratings[rows] > 0])
            shared = self._own_artists[np.isin(self._own_artists, theirs)][:N_SHARED_ARTISTS]
            self._shared[neighbor.number] = [self.tracks.artist_names[artist] for artist in shared]
        return self._shared[neighbor.number]


@dataclass(frozen=True)
class Likeness:
    """The played track that sounds most like a recommended one, and where both stand out.

    ``features`` are those in which both lie at least ``PLAIN`` standard deviations on the same side of
    the mean track, the plainest first, each with whether that side is the high one.
    """

    position: int
    features: tuple[tuple[str, bool], ...]


def likeness(
    listener: Listener, position: int, tracks: Tracks, cited: Collection[int] = ()
) -> Likeness | None:
    """Find the played track that sounds most like the one at ``position``, of equals the first by id;
    None if nothing that the listener rates above 0 has features.

    A played track in ``cited`` is passed over for one at most ``MUCH_FARTHER`` times as far, so that
    not every reason of a list names the same one.
    """
    played = listener.rated[listener.ratings > 0]
    played = played[tracks.described[played]]
    if not len(played):
        return None
    track, others = tracks.z[position], tracks.z[played]
    gaps = np.sqrt(((others - track)[:, COMPARED] ** 2).sum(axis=1))
    passed_over = np.isin(played, list(cited)) | (gaps > MUCH_FARTHER * gaps.min())
    nearest = int(np.where(passed_over, gaps + gaps.max() + 1, gaps).argmin())
    lesser = np.minimum(np.abs(others[nearest]), np.abs(track))
    both = np.where(np.sign(others[nearest]) == np.sign(track), lesser, 0.0)
    plain = [i for i in np.argsort(-both, kind="stable") if both[i] >= PLAIN and i in COMPARED]
    return Likeness(int(played[nearest]), tuple((FEATURES[i], bool(track[i] > 0)) for i in plain))


def sentence(kind: str, evidence: Evidence) -> str:
    """Say the evidence in the sentence of its kind."""
    return SENTENCES[kind](evidence)


def own_artist(evidence: Evidence) -> str:
    """Say who plays a track by an artist that the listener plays."""
    if not evidence["n_neighbors"]:
        return f"You play {evidence['artist']}; this track is new to you."
    return f"You play {evidence['artist']}, and {_close_ones(evidence)} this track."


def neighbors(evidence: Evidence) -> str:
    """Say who plays a track by an artist new to the listener."""
    shared = evidence["shared_artists"]
    if not shared:
        return f"{_close_ones(evidence)} this.".capitalize()
    one = "who" if evidence["n_neighbors"] == 1 else "the closest of whom"
    close = counted(evidence["n_neighbors"], "listener") + " close to you"
    return f"Played by {close}, {one} also plays {listed(shared)}."


def similar_track(evidence: Evidence) -> str:
    """Say whose listeners play a track."""
    like = evidence["like"]
    return f"Others who play “{like['title']}” by {like['artist']}, as you do, also play this."


def content(evidence: Evidence) -> str:
    """Say what that the listener plays a track sounds like, and in what."""
    words, like = evidence["words"][:N_ADJECTIVES], evidence["like"]
    if like is None:
        return "New to you: close in sound to what you like."
    sound = f"{listed(words)}, like" if words else "close in sound to"
    return f"New to you: {sound} “{like['title']}” by {like['artist']}, which you play."


def popular(evidence: Evidence) -> str:
    """Say how many play a track, where nothing closer is known or left."""
    n = evidence["n_listeners"]
    played = f"{counted(n, 'listener')} here {'plays' if n == 1 else 'play'} this" if n else "New here"
    if evidence["taste_known"] is None:
        return f"{played}."
    if evidence["taste_known"]:
        return f"{played}; nothing closer to your taste was left."
    return f"{played}; your taste is not known well enough yet to choose closer."


SENTENCES: Mapping[str, Callable[[Evidence], str]] = {
    "own_artist": own_artist,
    "neighbors": neighbors,
    "similar_track": similar_track,
    "content": content,
    "popular": popular,
}


def counted(n: int, noun: str) -> str:
    """Count the noun: ``1 listener``, ``2 listeners``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def listed(names: Sequence[str]) -> str:
    """List at least one name: ``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _close_ones(evidence: Evidence) -> str:
    n = evidence["n_neighbors"]
    return f"{counted(n, 'listener')} close to you {'plays' if n == 1 else 'play'}"
