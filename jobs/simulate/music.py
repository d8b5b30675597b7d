"""The town's music: scenes, artists with a style, tracks with a title and 13 features."""

from dataclasses import dataclass

import numpy as np

from jobs.simulate.names import SCENES, make_names

N_SCENES = len(SCENES)
TRACKS_AN_ARTIST = 10
# Mean and spread of the features over all scenes, in the features' own units.
CENTER = {
    "danceability": (0.58, 0.14),
    "energy": (0.62, 0.20),
    "loudness": (-8.5, 3.5),
    "speechiness": (0.07, 0.05),
    "acousticness": (0.30, 0.25),
    "instrumentalness": (0.12, 0.20),
    "liveness": (0.19, 0.12),
    "valence": (0.50, 0.20),
    "tempo": (120.0, 24.0),
}
UNIT = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)


@dataclass(frozen=True)
class Music:
    """Tracks in order of their id; ``z`` is the taste space: one row of 9 standardized features each.

    ``artist`` is each track's artist, ``scene`` each artist's; ``released`` the night a track lands.
    """

    artist: np.ndarray
    scene: np.ndarray
    z: np.ndarray
    popularity: np.ndarray
    released: np.ndarray
    track_records: list[dict[str, object]]
    feature_records: list[dict[str, object]]


def make_music(rng: np.random.Generator, n_tracks: int, nights: int) -> Music:
    """Draw a catalog of ``n_tracks``; about one track in a hundred is held back for each later night."""
    n_artists = max(n_tracks // TRACKS_AN_ARTIST, N_SCENES)
    scene = rng.integers(N_SCENES, size=n_artists)
    style = rng.normal(0, 1.0, (N_SCENES, len(CENTER)))[scene] + rng.normal(
        0, 0.4, (n_artists, len(CENTER))
    )
    artist = np.sort(np.arange(n_tracks) % n_artists)
    z = np.clip(style[artist] + rng.normal(0, 0.5, (n_tracks, len(CENTER))), -2.5, 2.5)
    released = np.where(
        rng.random(n_tracks) < 0.01 * (nights - 1), rng.integers(1, max(nights, 2), n_tracks), 0
    )
    popularity = rng.zipf(1.6, n_tracks).clip(max=200) * rng.lognormal(0, 0.8, n_artists)[artist]
    names = make_names(rng.spawn(1)[0], scene, artist)  # a stream of their own
    duration = np.clip(rng.normal(220_000, 45_000, n_tracks), 90_000, 480_000).astype(int)
    years = rng.integers(1975, 2026, n_tracks)
    tracks: list[dict[str, object]] = [
        {
            "track_id": f"town-{i:06d}",
            "title": names.titles[i],
            "artist_id": f"artist-{a:05d}",
            "artist": names.artists[a],
            **({"album": album} if (album := names.albums[i]) else {}),
            "release_date": str(years[i]),
            "duration_ms": int(duration[i]),
        }
        for i, a in enumerate(artist)
    ]
    return Music(artist, scene, z, popularity, released, tracks, _features(rng, z, duration))


def _features(rng: np.random.Generator, z: np.ndarray, duration: np.ndarray) -> list[dict[str, object]]:
    values = {name: mean + spread * z[:, i] for i, (name, (mean, spread)) in enumerate(CENTER.items())}
    for name in UNIT:
        values[name] = np.clip(values[name], 0.0, 1.0)
    keys, modes = rng.integers(12, size=len(z)), rng.integers(2, size=len(z))
    beats = rng.choice([3, 4, 4, 4, 4, 5], size=len(z))
    columns: dict[str, list[object]] = {n: np.round(c, 4).tolist() for n, c in values.items()}
    columns |= {"key": keys.tolist(), "mode": modes.tolist(), "duration_ms": duration.tolist()}
    columns |= {"time_signature": beats.tolist()}
    return [
        {"track_id": f"town-{i:06d}"} | {name: column[i] for name, column in columns.items()}
        for i in range(len(z))
    ]
