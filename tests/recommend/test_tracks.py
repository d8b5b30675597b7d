from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from jobs.recommend.tracks import catalog_of, located, read_tracks, release_days, songs
from jobs.window import Window
from models.features import FEATURES
from tests.recommend.town import catalog, ints
from tests.tables import put

TRACKS = pa.Table.from_pylist(
    [
        {
            "track_id": "a",
            "title": "T",
            "artist": "Ann feat. Bob",
            "artist_ids": ["ann", "bob"],
            "release_date": "2026-06-05",
            "explicit": True,
        },
        {
            "track_id": "b",
            "title": "T",
            "artist": "Ann",
            "artist_ids": ["ann"],
            "release_date": None,
            "explicit": None,
        },
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
    assert tracks.explicit.tolist() == [True, False]


def test_a_release_is_a_day_or_the_first_of_its_month_of_a_year_nobody_knows():
    days = release_days(pa.chunked_array([["2026-06-05", "2026-06"], ["2026", None, "20260605"]]))
    assert days.astype(str).tolist() == ["2026-06-05", "2026-06-01", "NaT", "NaT", "NaT"]
    assert catalog_of(TRACKS, FEATURED).released.astype(str).tolist() == ["2026-06-05", "NaT"]


def test_tracks_by_artists():
    tracks = catalog()
    assert np.flatnonzero(tracks.by_any_of(tracks.artist_numbers(["cid", "nobody"]))).tolist() == [4]
    assert np.flatnonzero(tracks.by_any_of(tracks.artist_numbers(["ann"]))).tolist() == [0, 1, 4]
    assert tracks.artists_of_all(ints(2, 4)).tolist() == [0, 1, 2]
    assert not tracks.by_any_of(ints()).any()


def test_features_nobody_has_are_typical_of_nothing():
    assert catalog_of(TRACKS, FEATURED[:1]).typical[1].tolist() == [1.0] * 13


def test_the_mean_track_has_each_feature_of_those_that_have_it():
    tracks = catalog()
    tracks.features[4, 0] = np.nan
    energy = FEATURES.index("energy")
    mean, spread = tracks.typical
    # 0.1, 0.2, 0.8, 0.9 and 0.5; of the fifth, the first feature is not known.
    assert mean[energy] == pytest.approx(0.5)
    assert spread[energy] == pytest.approx(0.1**0.5)
    assert tracks.z[4, 0] == 0
    assert np.delete(mean, energy).tolist() == [0.5] * 12
    assert np.delete(spread, energy).tolist() == [1.0] * 12
    assert tracks.z[:4, energy].tolist() == pytest.approx(
        [deviation / 0.1**0.5 for deviation in (-0.4, -0.3, 0.3, 0.4)]
    )
    assert tracks.z[0, 0] == 0.0


def test_an_artist_is_named_as_in_the_shortest_credit_the_first_of_equals():
    credits = [("x", "Bob", ["b"]), ("y", "Abe", ["b"]), ("z", "Abe & Al", ["b", "c"])]
    rows = [
        {
            "track_id": i,
            "title": i,
            "artist": name,
            "artist_ids": ids,
            "release_date": "2026",
            "explicit": None,
        }
        for i, name, ids in credits
    ]
    assert catalog_of(pa.Table.from_pylist(rows), FEATURED).artist_names == ("Abe", "Abe & Al")


def test_tracks_without_artists_are_versions_by_title():
    assert songs(["Hurt", "Hurt (Live)", "Hurt"], [[], [], ["nin"]]).tolist() == [0, 0, 1]


def test_one_title_by_two_artists_is_two_songs():
    titles = ["Hurt", "Hurt", "Hurt - Live"]
    assert songs(titles, [["nin"], ["cash"], ["nin", "guest"]]).tolist() == [0, 1, 0]
    assert songs(titles, [["nin"], ["cash"], ["guest", "nin"]]).tolist() == [0, 1, 2]


DAY = date(2026, 6, 28)
VECTOR = (0.5, 0.5, 1, -9.0, 1, 0.1, 0.1, 0.1, 0.1, 0.5, 120.0, 200_000, 4)


def track(name: str, title: str, age: int, file: str = "f") -> tuple[object, ...]:
    return (
        name,
        title,
        [f"artist of {name}"],
        "Artist",
        None,
        None,
        200_000,
        DAY - timedelta(days=age),
        file,
    )


def features(name: str, danceability: float, age: int, file: str = "f") -> tuple[object, ...]:
    return (name, danceability, *VECTOR[1:], "given", DAY - timedelta(days=age), file)


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
    assert tracks.artists == ("Artist", "Artist")
    assert tracks.artist_ids == ("artist of a", "artist of b")
    assert tracks.features[0, 0] == 0.2
    assert np.isnan(tracks.features[1]).all()


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_files_of_a_day_the_last_by_name_counts(settings, order):
    rows = [track("a", "m", 0, "2"), track("a", "z", 0, "1"), track("a", "b", 1, "3")]
    put(settings, "tracks_history", rows[::order])
    landed = [features("a", 0.3, 0, "1"), features("a", 0.2, 0, "2"), features("a", 0.9, 1, "3")]
    put(settings, "audio_features_history", landed[::order])
    tracks = read_tracks(settings, Window.night(DAY))
    assert tracks.titles == ("m",)
    assert tracks.features[:, 0].tolist() == [0.2]


def test_tables_never_written_are_empty(settings):
    tracks = read_tracks(settings, Window.night(DAY))
    assert len(tracks) == 0
