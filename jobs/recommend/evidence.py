"""The evidence behind each pick: what the reason's sentence may say."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from jobs.domain.arrays import Floats, Ints
from jobs.recommend.blend import EXPLOIT, EXPLORE, Pick
from jobs.recommend.exploit import Predictions, Supporter, supporters
from jobs.recommend.explore import Scores, likeness
from jobs.recommend.listeners import Listener
from jobs.recommend.reasons import ADJECTIVES
from jobs.recommend.tracks import Tracks
from models.features import FEATURES

N_NEIGHBORS = 3
N_CARRIED = 3
N_SHARED_ARTISTS = 2


class ReasonBuilder:
    """Knows why each track is in one listener's playlist."""

    def __init__(
        self,
        listener: Listener,
        tracks: Tracks,
        predictions: Predictions,
        content: Scores,
        n_listeners: Ints,
        explained: Mapping[int, Floats],
    ) -> None:
        self.listener, self.tracks = listener, tracks
        self.predictions, self.content, self.n_listeners = predictions, content, n_listeners
        self.explained = explained
        self.cited: set[int] = set()
        self._shared: dict[int, list[str]] = {}

    def score(self, pick: Pick) -> float:
        """The score its strategy ranked it by: a predicted rating, P(like) or nearness, or listeners."""
        if pick.strategy == EXPLOIT:
            row = np.searchsorted(self.predictions.positions, pick.position)
            return float(self.predictions.ratings[row])
        if pick.strategy == EXPLORE:
            return float(self.content[pick.position])
        return float(self.n_listeners[pick.position])

    def reason(self, pick: Pick) -> tuple[str, dict[str, Any]]:
        """Kind and evidence."""
        if pick.strategy == EXPLOIT:
            return self._by_neighbors(pick.position)
        if pick.strategy == EXPLORE:
            return "content", self._by_content(pick)
        return "popular", {
            "n_listeners": int(self.n_listeners[pick.position]),
            "taste_known": len(self.listener.centroids) > 0,
        }

    def _by_neighbors(self, position: int) -> tuple[str, dict[str, Any]]:
        found = supporters(self.listener.neighborhood, position)
        closest = [
            {
                "user_id": one.user_id,
                "similarity": round(one.similarity, 4),
                "rating": round(one.rating, 4),
            }
            for one in found[:N_NEIGHBORS]
        ]
        evidence = {"n_neighbors": len(found), "neighbors": closest}
        own = np.intersect1d(self.tracks.artists_of(position), self._own_artists)
        if len(own):
            return "own_artist", evidence | {"artist": self.tracks.artist_names[own[0]]}
        return "neighbors", evidence | {"shared_artists": self._shared_artists(found[0])}

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
        evidence["like"] = {
            "track_id": self.tracks.ids[found.position],
            "title": self.tracks.titles[found.position],
            "artist": self.tracks.artists[found.position],
        }
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
