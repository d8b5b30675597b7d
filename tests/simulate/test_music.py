import numpy as np
import pytest

from jobs.simulate.music import CENTER, N_SCENES, TRACKS_AN_ARTIST, UNIT, make_music


@pytest.fixture(scope="module")
def music():
    """2 000 tracks over five nights."""
    return make_music(np.random.default_rng(3), 2000, 5)


def test_tracks_are_dealt_evenly_to_artists_in_order(music):
    n_artists = 2000 // TRACKS_AN_ARTIST
    assert music.artist.tolist() == sorted(i % n_artists for i in range(2000))
    assert len(music.scene) == n_artists
    assert set(music.scene) <= set(range(N_SCENES))


def test_a_small_town_has_an_artist_for_each_scene():
    assert len(make_music(np.random.default_rng(3), 30, 1).scene) == N_SCENES


def test_an_artist_s_tracks_lie_around_their_style_and_artists_around_their_scene(music):
    inside = np.abs(music.z) < 2.5
    assert np.abs(music.z).max() == 2.5
    artists = np.unique(music.artist)
    means = np.array([music.z[music.artist == a].mean(axis=0) for a in artists])
    off = np.where(inside, music.z - means[music.artist], np.nan)
    assert np.nanstd(off) == pytest.approx(0.5, abs=0.1)
    scenes = np.array([means[music.scene == s].mean(axis=0) for s in range(N_SCENES)])
    # Artists differ from their scene by 0.4, and what few tracks cannot tell; scenes by 1.
    assert np.std(means - scenes[music.scene]) == pytest.approx(0.4, abs=0.15)
    assert np.std(scenes) == pytest.approx(1.0, abs=0.3)


def test_about_one_track_in_a_hundred_waits_for_each_later_night(music):
    nights, counts = np.unique(music.released, return_counts=True)
    assert nights.tolist() == [0, 1, 2, 3, 4]
    assert all(8 <= count <= 35 for count in counts[1:])
    assert set(make_music(np.random.default_rng(3), 500, 1).released) == {0}


def test_records_are_those_of_the_arrays(music):
    tracks, features = music.track_records, music.feature_records
    assert len(tracks) == len(features) == 2000
    assert [row["track_id"] for row in features] == [row["track_id"] for row in tracks]
    assert tracks[1999]["track_id"] == "town-001999"
    assert [row["artist_id"] for row in tracks] == [f"artist-{a:05d}" for a in music.artist]
    assert [row["duration_ms"] for row in features] == [row["duration_ms"] for row in tracks]
    assert {1975 <= int(row["release_date"]) <= 2025 for row in tracks} == {True}
    assert {90_000 <= row["duration_ms"] <= 480_000 for row in tracks} == {True}
    for i, (name, (mean, spread)) in enumerate(CENTER.items()):
        values = mean + spread * music.z[:, i]
        if name in UNIT:
            values = values.clip(0, 1)
        np.testing.assert_allclose([row[name] for row in features], values, atol=6e-5)


def test_keys_modes_and_beats_are_all_there_are_and_most_tracks_have_four_beats(music):
    rows = music.feature_records
    assert {row["key"] for row in rows} == set(range(12))
    assert {row["mode"] for row in rows} == {0, 1}
    beats = [row["time_signature"] for row in rows]
    assert set(beats) == {3, 4, 5}
    assert np.mean(np.array(beats) == 4) == pytest.approx(4 / 6, abs=0.05)


def test_few_tracks_are_popular(music):
    ordered = np.sort(music.popularity)[::-1]
    assert ordered[-1] > 0
    assert ordered[:200].sum() > 0.5 * ordered.sum()
