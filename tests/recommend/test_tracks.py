from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from jobs.recommend.tracks import catalog_of, located, read_tracks, songs
from jobs.window import Window
from models.features import FEATURES
from tests.recommend.town import catalog, ints
from tests.tables import put

TRACKS = pa.Table.from_pylist(
    [
        {"track_id": "a", "title": "T", "artist": "Ann feat. Bob", "artist_ids": ["ann", "bob"]},
        {"track_id": "b", "title": "T", "artist": "Ann", "artist_ids": ["ann"]},
    ]
)
FEATURED = pa.Table.from_pylist(
    [{"track_id": "z"} | dict.fromkeys(FEATURES, 9.0), {"track_id": "a"} | dict.fromkeys(FEATURES, 1.0)]
)


def test_a_catalog_of_rows():
    tracks = catalog_of(TRACKS, FEATURED)
    assert tracks.ids == ("a", "b")
    assert tracks.artists_of(0).tolist() == [0, 1]
    assert tracks.artist_ids == ("ann", "bob")
    assert tracks.artist_names == ("Ann", "Ann feat. Bob")
    assert tracks.features[0].tolist() == [1.0] * 13
    assert np.isnan(tracks.features[1]).all()
    assert tracks.song.tolist() == [0, 0]
    assert located(pa.array(["b", "z", "a"]), tracks).tolist() == [1, -1, 0]


def test_tracks_by_artists():
    tracks = catalog()
    assert np.flatnonzero(tracks.by_any_of(tracks.artist_numbers(["cid", "nobody"]))).tolist() == [4]
    assert np.flatnonzero(tracks.by_any_of(tracks.artist_numbers(["ann"]))).tolist() == [0, 1, 4]
    assert tracks.artists_of_all(ints(2, 4)).tolist() == [0, 1, 2]
    assert not tracks.by_any_of(ints()).any()


def test_features_nobody_has_are_typical_of_nothing():
    assert catalog_of(TRACKS, FEATURED[:1]).typical[1].tolist() == [1.0] * 13


def test_one_title_by_two_artists_is_two_songs():
    titles = ["Hurt", "Hurt", "Hurt - Live"]
    assert songs(titles, [["nin"], ["cash"], ["nin", "guest"]]).tolist() == [0, 1, 0]
    assert songs(titles, [["nin"], ["cash"], ["guest", "nin"]]).tolist() == [0, 1, 2]


DAY = date(2026, 6, 28)
VECTOR = (0.5, 0.5, 1, -9.0, 1, 0.1, 0.1, 0.1, 0.1, 0.5, 120.0, 200_000, 4)


def track(name: str, title: str, age: int) -> tuple[object, ...]:
    return (
        name,
        title,
        [f"artist of {name}"],
        "Artist",
        None,
        None,
        200_000,
        DAY - timedelta(days=age),
        "f",
    )


def features(name: str, danceability: float, age: int) -> tuple[object, ...]:
    return (name, danceability, *VECTOR[1:], "given", DAY - timedelta(days=age), "f")


def test_tracks_are_as_last_landed_by_the_night(settings):
    rows = [track("b", "only", 9), track("a", "old", 5), track("a", "new", 0), track("a", "later", -1)]
    put(settings, "tracks_history", [*rows, track("c", "tomorrow's", -1)])
    put(
        settings,
        "audio_features_history",
        [features("a", 0.1, 5), features("a", 0.2, 1), features("a", 0.3, -1)],
    )
    tracks = read_tracks(settings, Window.night(DAY))
    assert tracks.ids == ("a", "b")
    assert tracks.titles == ("new", "only")
    assert tracks.features[0, 0] == 0.2
    assert np.isnan(tracks.features[1]).all()


def test_tables_never_written_are_empty(settings):
    tracks = read_tracks(settings, Window.night(DAY))
    assert len(tracks) == 0
