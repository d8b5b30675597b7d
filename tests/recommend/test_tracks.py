import numpy as np
import pyarrow as pa

from jobs.recommend.tracks import catalog_of, located, songs
from models.features import FEATURES
from tests.recommend.town import catalog, ints

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
