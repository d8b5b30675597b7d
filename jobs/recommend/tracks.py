"""The catalog of a night as arrays: every track that can be recommended, by position.

It is read through delta-rs: it goes to every worker whole, and Spark would start dozens of jobs to bring
it to the driver.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.domain.features import feature_matrix
from jobs.domain.landed import AS_LANDED, newest_rows
from jobs.domain.titles import song_key
from jobs.lake.arrow import table_rows
from jobs.settings import Settings
from jobs.window import Window
from models.features import FEATURES
from models.ranking.lists import Credits


@dataclass(frozen=True)
class Tracks:
    """Tracks by position, in the order of their ids, so that ties by position are ties by id.

    ``features`` float64[n, 13], NaN where one was not detected, a row of NaN where a track has none.
    Artist j of track i is ``artist_of[artist_ptr[i] + j]``, a number into ``artist_ids``, which are
    sorted. ``song`` int64[n] is equal for versions of one song. ``released`` datetime64[D][n]: of a
    month its first day, NaT where no more than the year is known. ``explicit`` are marked so.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    artists: tuple[str, ...]
    features: Floats
    artist_ids: tuple[str, ...]
    artist_ptr: Ints
    artist_of: Ints
    song: Ints
    released: NDArray[np.datetime64]
    explicit: Mask

    def __len__(self) -> int:
        return len(self.ids)

    def artists_of(self, position: int) -> Ints:
        """Return the numbers of the artists of one track."""
        return self.artist_of[self.artist_ptr[position] : self.artist_ptr[position + 1]]

    def by_any_of(self, artists: Ints) -> Mask:
        """Tell which tracks are by at least one of these artists: bool[n]."""
        wanted = np.zeros(len(self.artist_ids), bool)
        wanted[artists] = True
        found = np.zeros(len(self), bool)
        found[self._track_of[wanted[self.artist_of]]] = True
        return found

    def versions_of(self, positions: Ints) -> Mask:
        """Tell which tracks are these, or other versions of the same songs: bool[n]."""
        found = np.zeros(len(self), bool)
        found[self.song[positions]] = True
        return np.asarray(found[self.song])

    def credits_of(self, positions: Ints) -> tuple[Ints, Ints]:
        """Return every credit of these tracks: its place in ``positions``, and the artist's number."""
        found = Credits(self.artist_ptr, self.artist_of).of_tracks(positions)
        return np.repeat(np.arange(len(positions)), np.diff(found.ptr)), found.of

    def artists_of_all(self, positions: Ints) -> Ints:
        """Return the numbers of the artists of these tracks, each once, ascending."""
        return np.unique(self.credits_of(positions)[1])

    def artist_numbers(self, artist_ids: Sequence[str]) -> Ints:
        """Return the numbers of those artists that are in the catalog."""
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
    def typical(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each feature over the tracks that have it."""
        known = np.ma.masked_invalid(self.features)
        spread = known.std(axis=0).filled(1.0)
        return known.mean(axis=0).filled(0.0), np.where(spread > 0, spread, 1.0)

    @cached_property
    def z(self) -> Floats:
        """Features as deviations from the mean track, which stands in for one that was not detected; a
        row of NaN where a track has none."""
        mean, spread = self.typical
        z = (self.features - mean) / spread
        return np.where(np.isnan(z) & self.described[:, None], 0.0, z)

    @cached_property
    def described(self) -> Mask:
        """Which tracks have features: bool[n]."""
        return np.asarray(np.isfinite(self.features).any(axis=1))

    def by_artist(self, artist: int) -> Ints:
        """Return the positions of the tracks of one artist, guest appearances included."""
        order, ends = self._by_artist
        return order[ends[artist] : ends[artist + 1]]

    @cached_property
    def _by_artist(self) -> tuple[Ints, Ints]:
        ends = np.cumsum(np.bincount(self.artist_of, minlength=len(self.artist_ids)))
        return self._track_of[np.argsort(self.artist_of, kind="stable")], np.concatenate([[0], ends])

    @cached_property
    def _track_of(self) -> Ints:
        return np.repeat(np.arange(len(self)), np.diff(self.artist_ptr))

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.artist_ids)}


def read_tracks(settings: Settings, window: Window) -> Tracks:
    """Read tracks and features as last landed by the window's end, as ``jobs.lake.history`` has them."""
    columns = ["track_id", "title", "artist", "artist_ids", "release_date", "explicit"]
    tracks = _newest(settings, window, "tracks_history", columns)
    features = _newest(settings, window, "audio_features_history", ["track_id", *FEATURES])
    return catalog_of(tracks, features)


def catalog_of(tracks: pa.Table, features: pa.Table) -> Tracks:
    """Make the catalog of one row a track (track_id, title, artist, artist_ids, release_date, explicit)
    in the order of ids, and one a track with features (track_id and the 13)."""
    artist_lists = tracks["artist_ids"].combine_chunks()
    names, numbers = np.unique(
        artist_lists.flatten().to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    catalog = Tracks(
        ids=tuple(tracks["track_id"].to_pylist()),
        titles=tuple(tracks["title"].to_pylist()),
        artists=tuple(tracks["artist"].to_pylist()),
        features=np.full((len(tracks), len(FEATURES)), np.nan),
        artist_ids=tuple(names.tolist()),
        artist_ptr=np.concatenate([[0], np.cumsum(artist_lists.value_lengths().to_numpy())]),
        artist_of=numbers.astype(np.int64),
        song=songs(tracks["title"].to_pylist(), artist_lists.to_pylist()),
        released=release_days(tracks["release_date"]),
        explicit=pc.fill_null(tracks["explicit"].cast(pa.bool_()), False).to_numpy(),
    )
    positions = located(features["track_id"], catalog)
    catalog.features[positions[positions >= 0]] = feature_matrix(features)[positions >= 0]
    return catalog


def located(track_ids: pa.ChunkedArray | pa.Array, tracks: Tracks) -> Ints:
    """Return the positions of these tracks; -1 for one outside the catalog."""
    found = pc.index_in(track_ids, value_set=pa.array(tracks.ids, pa.string()))
    return np.asarray(pc.fill_null(found, -1), np.int64)


def release_days(dates: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """Return datetime64[D][n] of YYYY-MM-DD, or YYYY-MM, which is its first day; NaT of less."""
    days = (
        day if day is None or len(day) != len("YYYY-MM") else f"{day}-01" for day in dates.to_pylist()
    )
    parsed = pc.strptime(pa.array(days, pa.string()), "%Y-%m-%d", "s", error_is_null=True)
    return np.asarray(parsed.to_numpy(zero_copy_only=False), "datetime64[D]")


def songs(titles: Sequence[str], artist_ids: Sequence[Sequence[str]]) -> Ints:
    """Return int64[n], a number for each track, equal for versions of one song: one ``song_key`` and the
    same first artist."""
    number: dict[tuple[str, str], int] = {}
    keys = (
        (song_key(title), ids[0] if ids else "") for title, ids in zip(titles, artist_ids, strict=True)
    )
    return np.array([number.setdefault(key, len(number)) for key in keys], np.int64)


def _newest(settings: Settings, window: Window, name: str, columns: list[str]) -> pa.Table:
    landed = ds.field("landed_on") < window.end
    history = table_rows(settings, name).to_table(columns=[*columns, *AS_LANDED], filter=landed)
    return newest_rows(history, "track_id")
