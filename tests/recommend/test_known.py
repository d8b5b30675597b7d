from datetime import date, timedelta

import numpy as np

from jobs.recommend.known import read_rating_matrix, read_tracks
from jobs.window import Window
from tests.tables import put

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
    assert read_rating_matrix(settings, Window.night(DAY), tracks).user_ids == ()


def test_shelves_are_those_of_the_night(settings):
    put(settings, "tracks_history", [track("a", "x", 0)])
    rows = [(DAY - timedelta(days=age), "u", "a", 1.0 + age, 1, 0, None) for age in (0, 1)]
    put(settings, "ratings", rows)
    matrix = read_rating_matrix(settings, Window.night(DAY), read_tracks(settings, Window.night(DAY)))
    assert matrix.ratings.tolist() == [1.0]
