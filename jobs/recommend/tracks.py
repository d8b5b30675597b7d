"""The catalog of a night as arrays: every track that can be recommended, by position."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.catalog import FEATURES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Tracks:
    """Tracks by position, in the order of their ids, so that ties by position are ties by id.

    ``features`` float64[n, 13], a row of NaN where a track has none; ``n_listeners`` int64[n]: how many
    listeners rate it above 0. Artist j of track i is ``artist_of[artist_ptr[i] + j]``, a number into
    ``artist_ids``, which are sorted. ``song`` int64[n] is equal for versions of one song.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    artists: tuple[str, ...]
    features: Floats
    n_listeners: Ints
    artist_ids: tuple[str, ...]
    artist_ptr: Ints
    artist_of: Ints
    song: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def artists_of(self, position: int) -> Ints:
        """Numbers of the artists of one track."""
        return self.artist_of[self.artist_ptr[position] : self.artist_ptr[position + 1]]

    def by_any_of(self, artists: Ints) -> Mask:
        """Which tracks are by at least one of these artists: bool[n]."""
        wanted = np.zeros(len(self.artist_ids), bool)
        wanted[artists] = True
        found = np.zeros(len(self), bool)
        found[self._track_of[wanted[self.artist_of]]] = True
        return found

    def versions_of(self, positions: Ints) -> Mask:
        """Which tracks are these, or other versions of the same songs: bool[n]."""
        found = np.zeros(len(self), bool)
        found[self.song[positions]] = True
        return np.asarray(found[self.song])

    def artists_of_all(self, positions: Ints) -> Ints:
        """Numbers of the artists of these tracks, each once."""
        chosen = np.zeros(len(self), bool)
        chosen[positions] = True
        return np.unique(self.artist_of[chosen[self._track_of]])

    def artist_numbers(self, artist_ids: Sequence[str]) -> Ints:
        """Numbers of the artists that are in the catalog."""
        known = (self._number_of.get(name) for name in artist_ids)
        return np.array([number for number in known if number is not None], np.int64)

    @cached_property
    def artist_names(self) -> tuple[str, ...]:
        """Name by number of the artist: the shortest credit on their tracks, which names no guests."""
        names = [""] * len(self.artist_ids)
        for track, artist in zip(self._track_of.tolist(), self.artist_of.tolist(), strict=True):
            credit = self.artists[track]
            if not names[artist] or (len(credit), credit) < (len(names[artist]), names[artist]):
                names[artist] = credit
        return tuple(names)

    @cached_property
    def by_popularity(self) -> Ints:
        """Positions, most listeners first, then by id."""
        return np.lexsort((np.arange(len(self)), -self.n_listeners))

    @cached_property
    def typical(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each feature over the tracks that have them."""
        known = self.features[~np.isnan(self.features).any(axis=1)]
        if not len(known):
            return np.zeros(len(FEATURES)), np.ones(len(FEATURES))
        spread = known.std(axis=0)
        return known.mean(axis=0), np.where(spread > 0, spread, 1.0)

    @cached_property
    def z(self) -> Floats:
        """Features as deviations from the mean track; NaN where a track has none."""
        mean, spread = self.typical
        return np.asarray((self.features - mean) / spread)

    @cached_property
    def _track_of(self) -> Ints:
        return np.repeat(np.arange(len(self)), np.diff(self.artist_ptr))

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.artist_ids)}


def collect_tracks(tracks: DataFrame, features: DataFrame, ratings: DataFrame) -> Tracks:
    """The catalog, brought to the driver to be broadcast: about 300 bytes a track."""
    fans = ratings.where("rating > 0").groupBy("track_id").agg(F.count("*").alias("n_listeners"))
    vector = F.array(*(F.col(name).cast("double") for name in FEATURES)).alias("features")
    rows = (
        tracks.select("track_id", "title", "artist", "artist_ids")
        .join(features.select("track_id", vector), "track_id", how="left")
        .join(fans, "track_id", how="left")
    )
    return from_arrow(rows.toArrow())


def from_arrow(rows: pa.Table) -> Tracks:
    """From columns track_id, title, artist, artist_ids, features and n_listeners (the last two null)."""
    rows = rows.sort_by("track_id").combine_chunks()
    artist_lists = rows["artist_ids"].combine_chunks()
    names, numbers = np.unique(
        artist_lists.flatten().to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    nothing = [float("nan")] * len(FEATURES)
    return Tracks(
        ids=tuple(rows["track_id"].to_pylist()),
        titles=tuple(rows["title"].to_pylist()),
        artists=tuple(rows["artist"].to_pylist()),
        features=np.array(
            [nothing if vector is None else vector for vector in rows["features"].to_pylist()]
        ).reshape(-1, len(FEATURES)),
        n_listeners=np.array([n or 0 for n in rows["n_listeners"].to_pylist()], np.int64),
        artist_ids=tuple(names.tolist()),
        artist_ptr=np.concatenate([[0], np.cumsum(artist_lists.value_lengths().to_numpy())]),
        artist_of=numbers.astype(np.int64),
        song=songs(rows["title"].to_pylist(), artist_lists.to_pylist()),
    )


_WORDS = "remaster(ed)?|live|version|edit|(re)?mix|mono|stereo|acoustic|demo|take|session|instrumental"
_MARK = rf"[^()\[\]]*\b({_WORDS})\b[^()\[\]]*"
_SUFFIX = re.compile(rf"\s*(\({_MARK}\)|\[{_MARK}\]|\s-\s{_MARK})\s*$")


def songs(titles: Sequence[str], artist_ids: Sequence[Sequence[str]]) -> Ints:
    """A number for each track, equal for versions of one song: one title but for marks of a version
    ("- Live", "(2011 Remaster)"), accents, case and punctuation, and the same first artist."""
    number: dict[tuple[str, str], int] = {}
    keys = (
        (song_title(title), ids[0] if ids else "") for title, ids in zip(titles, artist_ids, strict=True)
    )
    return np.array([number.setdefault(key, len(number)) for key in keys], np.int64)


def song_title(title: str) -> str:
    """The title of the song, whichever version this is; never empty unless the title is."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    song = plain
    while (shorter := _SUFFIX.sub("", song)) not in ("", song):
        song = shorter
    return " ".join(re.findall(r"\w+", song)) or title
