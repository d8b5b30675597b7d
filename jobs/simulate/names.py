"""Names in the town: invented titles, albums and artists, in the words and the script of their scene.

So a person sees in a list which scenes it is of. Nobody is meant by them.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

# Of an artist's tracks: the first are one album, the next another, the rest are singles.
ALBUMS = ((0, 5), (5, 9))
GUEST_SHARE = 0.06


@dataclass(frozen=True)
class Words:
    """One scene's words: ``titles`` are forms of one of ``a`` and one of ``b``, ``acts`` of one of ``x``
    and one of ``y``."""

    titles: Sequence[str]
    a: str
    b: str
    acts: Sequence[str]
    x: str
    y: str


def _scenes() -> tuple[Words, ...]:
    told = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
    return tuple(Words(**words) for words in told.values())


SCENES = _scenes()


@dataclass(frozen=True)
class Names:
    """Names of artists; titles and albums of tracks, where None is a single."""

    artists: list[str]
    titles: list[str]
    albums: list[str | None]


def make_names(rng: np.random.Generator, scene: np.ndarray, artist: np.ndarray) -> Names:
    """Draw names for artists of a ``scene`` each and for tracks, in order of their ``artist``.

    No two artists have one name, nor two tracks of an artist (of 500 at most) one title. Tracks of two
    artists may share theirs: the words of a scene make some 500 titles.
    """
    acts = [_drawn(rng, w.acts, w.x, w.y) for w in SCENES]
    titles = [_drawn(rng, w.titles, w.a, w.b) for w in SCENES]
    n_acts, n_titles = [0] * len(SCENES), [0] * len(SCENES)
    artists: list[str] = []
    for of in scene:
        again, nth = divmod(n_acts[of], len(acts[of]))
        artists.append(acts[of][nth] + (f" {again + 1}" if again else ""))
        n_acts[of] += 1
    plain: list[str] = []
    for of in scene[artist]:
        plain.append(titles[of][n_titles[of] % len(titles[of])])
        n_titles[of] += 1
    first = np.searchsorted(artist, artist)  # each artist's first track
    nth_of_artist = np.arange(len(artist)) - first
    albums = [
        next((plain[start + a] for a, b in ALBUMS if a <= nth < b), None)
        for start, nth in zip(first, nth_of_artist, strict=True)
    ]
    guests = _guests(rng, scene, artist)
    named = [
        title if guest is None else f"{title} (feat. {artists[guest]})"
        for title, guest in zip(plain, guests, strict=True)
    ]
    return Names(artists, named, albums)


def _drawn(rng: np.random.Generator, forms: Sequence[str], first: str, second: str) -> list[str]:
    """All names that the forms make of two lists of words, each once, in a random order."""
    pairs = product(first.split(), second.split(), forms)
    names = list(dict.fromkeys(form.format(one, other) for one, other, form in pairs))
    return [names[n] for n in rng.permutation(len(names))]


def _guests(rng: np.random.Generator, scene: np.ndarray, artist: np.ndarray) -> list[int | None]:
    """Another artist of the same scene for some of the tracks."""
    drawn, which = rng.random(len(artist)), rng.random(len(artist))
    guests: list[int | None] = []
    for one, share, place in zip(artist, drawn, which, strict=True):
        others = np.flatnonzero(scene == scene[one])
        others = others[others != one]
        wanted = share < GUEST_SHARE and len(others)
        guests.append(int(others[int(place * len(others))]) if wanted else None)
    return guests
