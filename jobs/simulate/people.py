"""The listeners of the closed loop: what they like is hidden from every policy, and changes.

A listener has four tastes, directions in the features' space. The first ones are those of the scenes
they play already, the others sleep: nothing in the history tells of them. On each day one taste is the
mood. A track is liked if

    STRENGTH * best - OFF_MOOD * (best is not the mood's taste) + quirk + curiosity * (artist is new)
        - WEARY * weariness(artist) > BAR

where ``best`` is the greatest taste . z(track), and ``quirk`` is what no feature tells: hidden qualities
that listeners agree on in part, and the pair's own logistic noise, drawn once, so that whoever likes a
track likes it tomorrow.
"""

from dataclasses import dataclass

import numpy as np

from jobs.domain.arrays import Floats, Floats32, Ints, Mask
from jobs.simulate.music import Music
from jobs.simulate.town import Listeners, make_listeners

N_TASTES = 4
N_QUALITIES = 4
# Of a repertoire so much is known at first: artists have tracks that their listeners have not heard.
KNOWN = 0.4
# Of the days, a listener listens on two in three; some on all, some on few.
DAILY = (4.0, 2.0)
STRENGTH, BAR = 1.3, 2.4
OFF_MOOD = 0.5
# Half of the listeners are put off by a new artist, half drawn to one.
CURIOSITY = 1.0
WEARY, RECOVERY = 0.1, 0.93
# A taste drifts, and turns to another scene some every two months.
DRIFT, TURN = 0.02, 1 / 240


@dataclass
class People:
    """All listeners, by number, on one day.

    ``tastes`` [n, 4, 9] unit vectors, ``moods`` [n, 7, 4] the chance of each taste on a weekday,
    ``quirk`` [n, n_tracks], ``weariness`` [n, n_artists], ``habit`` [n, n_tracks] how much a track is
    played by itself. By listener: ``activity`` plays on a day of listening, ``daily`` the chance of
    such a day, ``trust``, and ``here`` (not away).
    """

    music: Music
    tastes: Floats
    moods: Floats
    quirk: Floats32
    curiosity: Floats
    activity: Floats
    daily: Floats
    habit: Floats32
    known_artists: Mask
    weariness: Floats
    trust: Floats
    here: Mask

    def __len__(self) -> int:
        return len(self.tastes)

    def mood(self, rng: np.random.Generator, night: int) -> Ints:
        """Draw the taste that each listener is in the mood for."""
        chances = self.moods[:, night % 7].cumsum(axis=1)
        return np.asarray((rng.random((len(self), 1)) > chances).sum(axis=1).clip(max=N_TASTES - 1))

    def likes(self, listener: Ints, track: Ints, mood: Ints) -> Mask:
        """Say for each pair whether the listener likes the track in this mood (one a listener)."""
        affinity = np.einsum("pf,pkf->pk", self.music.z[track], self.tastes[listener])
        artist = self.music.artist[track]
        score = STRENGTH * affinity.max(axis=1) - OFF_MOOD * (affinity.argmax(axis=1) != mood[listener])
        score += self.quirk[listener, track]
        score += self.curiosity[listener] * ~self.known_artists[listener, artist]
        return np.asarray(score - WEARY * self.weariness[listener, artist] > BAR)

    def hear(self, listener: Ints, track: Ints) -> None:
        """Tire of the artists of what was heard, who are new no more."""
        artist = self.music.artist[track]
        np.add.at(self.weariness, (listener, artist), 1.0)
        self.known_artists[listener, artist] = True

    def rest(self, rng: np.random.Generator) -> None:
        """Pass the night: weariness fades, tastes drift, and some turn to another scene."""
        self.weariness *= RECOVERY
        moved = self.tastes + DRIFT * rng.standard_normal(self.tastes.shape)
        turned = rng.random(self.tastes.shape[:2]) < TURN
        moved = np.where(turned[..., None], directions(self.music)[_scenes(rng, self)], moved)
        self.tastes = _unit(moved)


def make_people(seed: int, music: Music, n: int) -> People:
    """Draw ``n`` listeners of the town of this seed: those whose landing files it would write."""
    drawn = make_listeners(np.random.default_rng([seed, 2]), music, n)
    rng = np.random.default_rng([seed, 4])
    tastes = _tastes(rng, music, drawn)
    habit = np.zeros((n, len(music.z)), np.float32)
    known = np.zeros((n, len(music.scene)), bool)
    for row, (tracks, weights) in enumerate(drawn.repertoires):
        habit[row, tracks] = weights * (rng.random(len(tracks)) < KNOWN)
        known[row, music.artist[tracks]] = True
    return People(
        music, tastes, rng.dirichlet(np.full(N_TASTES, 1.0), (n, 7)), _quirks(rng, music, n),
        rng.normal(0, CURIOSITY, n), drawn.activity, rng.beta(*DAILY, n), habit, known,
        np.zeros(known.shape), np.full(n, 0.5), np.ones(n, bool),
    )  # fmt: skip


def directions(music: Music) -> Floats:
    """Return where the tracks of each scene lie, as unit vectors [n_scenes, 9]; 0 for a scene without
    any."""
    scene = music.scene[music.artist]
    sums = [np.bincount(scene, column, scene.max() + 1) for column in music.z.T]
    return _unit(np.stack(sums, axis=1))


def _tastes(rng: np.random.Generator, music: Music, drawn: Listeners) -> Floats:
    toward, there = directions(music), np.unique(music.scene)
    chosen = []
    for tracks, _ in drawn.repertoires:
        played = np.unique(music.scene[music.artist[tracks]])
        asleep = rng.permutation(np.setdiff1d(there, played))
        chosen.append(np.resize(np.concatenate([played, asleep]), N_TASTES))
    return _unit(toward[np.array(chosen)] + 0.1 * rng.standard_normal((len(chosen), N_TASTES, 9)))


def _quirks(rng: np.random.Generator, music: Music, n: int) -> Floats32:
    """Hidden qualities, half of the artist and half of the track, and logistic noise: a standard
    deviation of .7 and .9, where a taste's own scene lies some 2.5 above others."""
    of_artist = rng.standard_normal((len(music.scene), N_QUALITIES))[music.artist]
    qualities = (of_artist + rng.standard_normal(of_artist.shape)) / np.sqrt(2)
    wishes = rng.standard_normal((n, N_QUALITIES)) / np.sqrt(N_QUALITIES)
    noise = rng.logistic(0, 0.5, (n, len(qualities)))
    return np.asarray(0.7 * wishes @ qualities.T + noise, np.float32)


def _scenes(rng: np.random.Generator, people: People) -> Ints:
    return rng.choice(np.unique(people.music.scene), size=people.tastes.shape[:2])


def _unit(vectors: Floats) -> Floats:
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(norm > 0, norm, 1.0))
