"""Reasons: a kind, its evidence (data), and one English sentence that says nothing but the evidence."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.domain.lists import EXPLORE, NEW_RELEASES, POPULAR, REDISCOVER
from jobs.domain.sentences import day_in_words, listed
from jobs.recommend.blend import Pick
from jobs.recommend.candidates import COMPARED, Supporter, artist_ratings, supporters
from jobs.recommend.listeners import Listener, RatingMatrix
from jobs.recommend.tracks import Tracks
from models.features import FEATURES

Evidence = Mapping[str, Any]
Reason = tuple[str, dict[str, Any]]

# From where on a word is true of a track by itself: at most the first value, or at least the second.
ADJECTIVES = {
    "acousticness": (("electric", 0.2), ("acoustic", 0.6)),
    "energy": (("calm", 0.4), ("energetic", 0.65)),
    "valence": (("wistful", 0.35), ("cheerful", 0.65)),
    "danceability": (("not made for dancing", 0.4), ("danceable", 0.65)),
    "instrumentalness": (("sung", 0.1), ("instrumental", 0.5)),
    "speechiness": (("melodic", 0.05), ("wordy", 0.33)),
    "tempo": (("slow", 90.0), ("fast", 130.0)),
    "loudness": (("quiet", -14.0), ("loud", -7.0)),
    "liveness": (("studio-made", 0.2), ("live", 0.8)),
    "duration_ms": (("short", 150_000.0), ("long", 330_000.0)),
}
# Of two words that do not go together the second is not said.
AT_ODDS = ({"energetic", "quiet"}, {"calm", "loud"}, {"instrumental", "wordy"}, {"energetic", "slow"})
FEWEST = 3
N_ADJECTIVES = 2
N_NEIGHBORS = 3
# Of the artists that the listener plays, those rated highest are named beside one they do not play.
N_OWN_ARTISTS = 20
N_CARRIED = 3
PLAIN = 0.5
MUCH_FARTHER = 1.5


@dataclass(frozen=True)
class Audience:
    """Who plays each track, or each artist: ``listeners`` (numbers, ascending) of number i from
    ``ptr[i]`` to ``ptr[i + 1]``."""

    ptr: Ints
    listeners: Ints

    @classmethod
    def of(cls, matrix: RatingMatrix, n_tracks: int) -> "Audience":
        """Count who rates a track above 0."""
        plays = matrix.ratings > 0
        tracks = matrix.positions[plays]
        listener = np.repeat(np.arange(len(matrix.user_ids)), np.diff(matrix.ptr))[plays]
        ends = np.cumsum(np.bincount(tracks, minlength=n_tracks))
        return cls(np.concatenate([[0], ends]), listener[np.argsort(tracks, kind="stable")])

    @classmethod
    def of_artists(cls, matrix: RatingMatrix, tracks: Tracks) -> "Audience":
        """Count who rates a track of each artist above 0, guests included."""
        plays = np.flatnonzero(matrix.ratings > 0)
        owner = np.repeat(np.arange(len(matrix.user_ids)), np.diff(matrix.ptr))
        place, artist = tracks.credits_of(matrix.positions[plays].astype(np.int64))
        n = max(len(matrix.user_ids), 1)
        artist, listener = np.divmod(np.unique(artist * n + owner[plays[place]]), n)
        ends = np.cumsum(np.bincount(artist, minlength=len(tracks.artist_ids)))
        return cls(np.concatenate([[0], ends]), listener)

    @cached_property
    def sizes(self) -> Ints:
        """Return how many listeners play each."""
        return np.diff(self.ptr)

    @cached_property
    def by_size(self) -> list[int]:
        """Return positions, most listeners first, then by id."""
        order: list[int] = np.lexsort((np.arange(len(self.sizes)), -self.sizes)).tolist()
        return order

    @cached_property
    def places(self) -> Ints:
        """Return each track's place in that order, from 1."""
        return np.argsort(self.by_size) + 1

    def n_of_both(self, one: int, other: int) -> int:
        """Return how many listeners play both."""
        return len(np.intersect1d(self._of(one), self._of(other), assume_unique=True))

    def _of(self, number: int) -> Ints:
        return self.listeners[self.ptr[number] : self.ptr[number + 1]]


class ReasonBuilder:
    """Knows why each track is in one listener's playlists.

    Of what is true of a track it says what the list has said least often, and no sentence twice in it.
    What others do is said of at least ``FEWEST`` of them, so that no reason tells of one person.
    """

    def __init__(
        self,
        listener: Listener,
        tracks: Tracks,
        audience: Audience,
        of_artists: Audience,
        unheard: Mask,
        scores: Mapping[str, NDArray[np.floating | np.integer]],
        explained: Mapping[int, Floats],
        night: date,
    ) -> None:
        self.listener, self.tracks, self.night = listener, tracks, night
        self.audience, self.of_artists, self.unheard = audience, of_artists, unheard
        self.scores, self.explained = scores, explained
        self.begin_list()

    def begin_list(self) -> None:
        """Forget what was said: another list begins."""
        self.cited: set[int] = set()
        self.named: set[str | None] = set()
        self.said: set[str] = set()
        self.n_said: Counter[tuple[str, ...]] = Counter()

    def score(self, pick: Pick) -> float:
        """Return the score its strategy ranked it by: a predicted rating, P(like) or nearness, how many
        listeners play it, or how often they played it themselves."""
        return float(self.scores[pick.strategy][pick.position])

    def reason(self, pick: Pick) -> tuple[str, dict[str, Any]]:
        """Return the kind of the reason and its evidence."""
        found = self._unsaid(self._true_of(pick)) or self._unsaid(self._by_artists(pick))
        found = found or [self._by_itself(pick)]
        kind, evidence = min(found, key=lambda one: self.n_said[pattern(*one)])
        self.said.add(sentence(kind, evidence))
        self.n_said[pattern(kind, evidence)] += 1
        self.named.add(evidence.get("shared_artist"))
        return kind, evidence

    def _unsaid(self, reasons: Iterable[Reason]) -> list[Reason]:
        return [one for one in reasons if sentence(*one) not in self.said]

    def _true_of(self, pick: Pick) -> Iterator[Reason]:
        """All that is worth saying of a track, what says most first."""
        if pick.strategy == REDISCOVER:
            yield from self._by_own_plays(pick.position)
        elif pick.strategy == NEW_RELEASES:
            yield from self._by_release(pick)
        elif pick.strategy == EXPLORE:
            yield "content", self._by_content(pick)
        elif pick.strategy != POPULAR:
            yield from self._by_listening(pick.position)

    def _by_itself(self, pick: Pick) -> Reason:
        """What can be said of any track, and of no two alike: with its title."""
        title = {"title": self.tracks.titles[pick.position]}
        if pick.strategy == REDISCOVER:
            return "rediscover", title | self._own_plays(pick.position)
        if pick.strategy == NEW_RELEASES:
            return "new_release", title | {"released": str(self.tracks.released[pick.position])}
        return "popular", self._by_popularity(pick)

    def _by_own_plays(self, position: int) -> Iterator[Reason]:
        """By how often they played it, how often in a time, or how long ago; of a track that is not due
        by its artist."""
        known = self._own_plays(position)
        if not known:
            own = np.intersect1d(self.tracks.artists_of(position), self._own_artists)
            if len(own):
                yield "rediscover", {"artist": self.tracks.artist_names[own[0]]}
            return
        n_plays, last = known["n_plays"], known["last_played"]
        yield "rediscover", {"n_plays": n_plays, "last_played": last}
        gap = round(float(self._due[position][3]))
        if gap >= 1 and n_plays >= FEWEST:
            yield "rediscover", {"every_days": gap, "last_played": last}
        yield "rediscover", {"n_plays": n_plays, "weeks": known["weeks"]}

    def _own_plays(self, position: int) -> dict[str, Any]:
        """Return what is known of the plays of a track that is due; nothing of another."""
        if position not in self._due:
            return {}
        n_plays, _, last_day, _ = self._due[position]
        last = date(1970, 1, 1) + timedelta(days=int(last_day))
        weeks = (self.night - last).days // 7
        return {"n_plays": int(n_plays), "last_played": str(last), "weeks": weeks}

    @cached_property
    def _due(self) -> dict[int, Floats]:
        """Facts of the tracks that are due, by position."""
        return dict(zip(self.listener.due.tolist(), self.listener.due_facts, strict=True))

    def _by_release(self, pick: Pick) -> Iterator[Reason]:
        """By an artist they play; by who plays it; by its sound."""
        own = np.intersect1d(self.tracks.artists_of(pick.position), self._own_artists)
        if len(own):
            released = str(self.tracks.released[pick.position])
            yield "new_release", {"artist": self.tracks.artist_names[own[0]], "released": released}
        yield from self._by_listening(pick.position)
        if self.tracks.described[pick.position]:
            yield "content", self._by_content(pick)

    def _by_popularity(self, pick: Pick) -> dict[str, Any]:
        known = len(self.listener.centroids) > 0 if pick.strategy == POPULAR else None
        n_listeners = int(self.audience.sizes[pick.position])
        evidence = {"taste_known": known, "n_listeners": n_listeners}
        if n_listeners >= FEWEST:
            return evidence | {"place": int(self.audience.places[pick.position])}
        return evidence | {"title": self.tracks.titles[pick.position]}

    def _by_listening(self, position: int) -> Iterator[Reason]:
        """By an artist they play; by who plays it; by a track whose listeners play it."""
        found = supporters(self.listener.neighborhood, position)
        close = {"n_neighbors": len(found), "neighbors": [_closest(one) for one in found[:N_NEIGHBORS]]}
        own = np.intersect1d(self.tracks.artists_of(position), self._own_artists)
        artist = {"artist": self.tracks.artist_names[own[0]]} if len(own) else {}
        if len(found) >= FEWEST:
            yield (
                ("own_artist", artist | close) if artist else ("neighbors", close | self._shared(found))
            )
        like = self._because.get(position)
        if like is not None and (n_both := self.audience.n_of_both(position, like)) >= FEWEST:
            yield "similar_track", {"like": self._track(like), "n_listeners": n_both}
        if artist and self._is_most_played(position, int(own[0])):
            yield "own_artist", artist | {"n_listeners": int(self.audience.sizes[position])}
        if artist:
            yield "own_artist", artist | {"title": self.tracks.titles[position]}

    def _by_artists(self, pick: Pick) -> Iterator[Reason]:
        """By the artist of theirs of whose listeners most play the track's first artist, before those
        that were named."""
        first = self.tracks.artists_of(pick.position)[:1]
        if pick.strategy == POPULAR or not len(first) or first[0] in self._own_artists:
            return
        names = self.tracks.artist_names
        counted = [
            (self.of_artists.n_of_both(int(first[0]), int(own)), names[own])
            for own in self._own_artists[:N_OWN_ARTISTS]
        ]
        enough = [(n_both, own) for n_both, own in counted if n_both >= FEWEST]
        if enough:
            n_both, own = min(enough, key=lambda one: (one[1] in self.named, -one[0]))
            yield (
                "similar_artist",
                {"artist": names[first[0]], "shared_artist": own, "n_listeners": n_both},
            )

    def _is_most_played(self, position: int, artist: int) -> bool:
        """Tell whether more listeners play it than any other track of the artist's that is unheard."""
        theirs = self.tracks.by_artist(artist)
        sizes = self.audience.sizes[theirs[self.unheard[theirs] & (theirs != position)]]
        return bool(self.audience.sizes[position] > max(FEWEST - 1, sizes.max(initial=0)))

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
        evidence["words"] = words(plain, self.tracks.features[[pick.position, found.position]])
        evidence["like"] = self._track(found.position)
        return evidence

    @cached_property
    def _own_artists(self) -> Ints:
        """Numbers of the artists the listener rates above 0, highest sum of ratings first."""
        total = artist_ratings(self.listener, self.tracks)
        order = np.lexsort((np.arange(len(total)), -total))
        return np.asarray(order[total[order] > 0])

    def _shared(self, found: Sequence[Supporter]) -> dict[str, Any]:
        """Name the artist of the listener's whom most of these neighbors play, of equals the one the
        listener rates higher; nobody where too few do, somebody named before where all were."""
        n_who_play = self._plays_own_artists[:, [one.number for one in found]].sum(axis=1)
        names = [self.tracks.artist_names[artist] for artist in self._own_artists]
        enough = [i for i, n in enumerate(n_who_play) if n >= FEWEST]
        fresh = [i for i in enough if names[i] not in self.named] or enough
        most = max(fresh, key=lambda i: n_who_play[i], default=None)
        return {} if most is None else {"shared_artist": names[most], "n_shared": int(n_who_play[most])}

    @cached_property
    def _plays_own_artists(self) -> Mask:
        """Tell which of the listener's own artists a neighbor plays: bool[n_artists, n_neighbors]."""
        near, tracks = self.listener.neighborhood, self.tracks
        played = near.ratings > 0
        neighbor = np.repeat(np.arange(len(near)), np.diff(near.ptr))[played]
        entry, artist = tracks.credits_of(near.positions[played])
        row = np.full(len(tracks.artist_ids), -1)
        row[self._own_artists] = np.arange(len(self._own_artists))
        found = np.zeros((len(self._own_artists), len(near)), bool)
        own = row[artist] >= 0
        found[row[artist[own]], neighbor[entry[own]]] = True
        return found


def _closest(one: Supporter) -> dict[str, Any]:
    return {
        "user_id": one.user_id,
        "similarity": round(one.similarity, 4),
        "rating": round(one.rating, 4),
    }


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


def words(plain: Sequence[tuple[str, bool]], features: Floats) -> list[str]:
    """Return the words that are true of each of these tracks by itself, and go together.

    ``plain`` are features and whether their high side stands out, in order; ``features`` float64[n, 13].
    """
    found: list[str] = []
    for name, high in plain:
        if name not in ADJECTIVES:
            continue
        (low_word, least), (high_word, most) = ADJECTIVES[name]
        values = features[:, FEATURES.index(name)]
        word, is_true = (high_word, values >= most) if high else (low_word, values <= least)
        if is_true.all() and not any({word, other} in AT_ODDS for other in found):
            found.append(word)
    return found


def pattern(kind: str, evidence: Evidence) -> tuple[str, ...]:
    """Return what a sentence has in common with others of its make: the kind, and what is known."""
    return kind, *sorted(evidence)


def sentence(kind: str, evidence: Evidence) -> str:
    """Say the evidence in the sentence of its kind."""
    return SENTENCES[kind](evidence)


def own_artist(evidence: Evidence) -> str:
    """Say who plays a track by an artist that the listener plays."""
    artist = evidence["artist"]
    if "n_neighbors" in evidence:
        return (
            f"You play {artist}, and {evidence['n_neighbors']} listeners close to you play this track."
        )
    if "n_listeners" in evidence:
        return f"Of all by {artist} that you have not heard, this is what most listeners here play."
    return f"You play {artist}; “{evidence['title']}” is new to you."


def neighbors(evidence: Evidence) -> str:
    """Say who plays a track by an artist new to the listener."""
    played = f"Played by {evidence['n_neighbors']} listeners close to you"
    if "shared_artist" not in evidence:
        return f"{played}."
    n_shared = evidence["n_shared"]
    share = "all" if n_shared == evidence["n_neighbors"] else n_shared
    return f"{played}; {share} of them also play {evidence['shared_artist']}, as you do."


def similar_track(evidence: Evidence) -> str:
    """Say whose listeners play a track."""
    like = evidence["like"]
    played = f"“{like['title']}” by {like['artist']}, as you do,"
    return f"{evidence['n_listeners']} listeners who play {played} also play this."


def similar_artist(evidence: Evidence) -> str:
    """Say whose listeners play the artist."""
    shared = f"{evidence['n_listeners']} listeners who play {evidence['shared_artist']}, as you do,"
    return f"{shared} also play {evidence['artist']}."


def content(evidence: Evidence) -> str:
    """Say what that the listener plays a track sounds like, and in what."""
    said, like = evidence["words"][:N_ADJECTIVES], evidence["like"]
    if like is None:
        return "New to you: close in sound to what you like."
    sound = f"{listed(said)}, like" if said else "close in sound to"
    return f"New to you: {sound} “{like['title']}” by {like['artist']}, which you play."


def popular(evidence: Evidence) -> str:
    """Say how many play a track, where nothing closer is known or left."""
    if "place" in evidence:
        played = f"Number {evidence['place']:,} of what listeners here play most"
    else:
        played = f"“{evidence['title']}” is hardly known here yet"
    if evidence["taste_known"] is None:
        return f"{played}."
    if evidence["taste_known"]:
        return f"{played}; nothing closer to your taste was left."
    return f"{played}; your taste is not known well enough yet to choose closer."


def rediscover(evidence: Evidence) -> str:
    """Say how a listener played what they have not heard for long."""
    if "artist" in evidence:
        return f"By {evidence['artist']}, whom you play: hear it again."
    if "title" in evidence:
        title = f"“{evidence['title']}”"
        if "n_plays" not in evidence:
            return f"{title} is among what you like."
        return (
            f"You played {title} {_times(evidence)}, the last time on {_day(evidence['last_played'])}."
        )
    if "every_days" in evidence:
        days = "every day" if evidence["every_days"] == 1 else f"every {evidence['every_days']} days"
        return f"You used to play it {days}; the last time was on {_day(evidence['last_played'])}."
    if "weeks" in evidence:
        weeks = "a week" if evidence["weeks"] == 1 else f"{evidence['weeks']} weeks"
        return f"Played {_times(evidence)}, and not for {weeks}."
    return f"You played it {_times(evidence)}, the last time on {_day(evidence['last_played'])}."


def new_release(evidence: Evidence) -> str:
    """Say when it came out, and by whom that the listener plays."""
    released = _day(evidence["released"])
    if "artist" in evidence:
        return f"New by {evidence['artist']}, whom you play: released on {released}."
    return f"“{evidence['title']}” was released on {released}."


def _times(evidence: Evidence) -> str:
    n_plays = evidence["n_plays"]
    return {1: "once", 2: "twice"}.get(n_plays, f"{n_plays} times")


def _day(iso: str) -> str:
    return day_in_words(date.fromisoformat(iso))


SENTENCES: Mapping[str, Callable[[Evidence], str]] = {
    "own_artist": own_artist,
    "neighbors": neighbors,
    "similar_track": similar_track,
    "similar_artist": similar_artist,
    "content": content,
    "popular": popular,
    "rediscover": rediscover,
    "new_release": new_release,
}
