import numpy as np
import pytest

from models.features import FEATURES
from models.tastes import tastes

TEMPO = FEATURES.index("tempo")
# A distance of one in each feature that tells kinds of music apart, in the feature's own unit.
ONE = {
    "danceability": 0.18,
    "energy": 0.25,
    "loudness": 5.3,
    "speechiness": 0.09,
    "acousticness": 0.34,
    "instrumentalness": 0.30,
    "liveness": 0.17,
    "valence": 0.27,
    "tempo": 29.0,
    "duration_ms": 120_000.0,
}


def tracks(*changes: dict[str, float]) -> np.ndarray:
    """Tracks that are 0.5 in every feature but in these."""
    rows = np.full((len(changes), len(FEATURES)), 0.5)
    for row, change in zip(rows, changes, strict=True):
        for name, value in change.items():
            row[FEATURES.index(name)] += value
    return rows


def test_tastes_are_a_listeners_clusters_heaviest_first():
    tempos = [100, 104, 190, 60, 150, 70]
    vectors = tracks(*({"tempo": tempo - 0.5} for tempo in tempos))
    # The first listener's heaviest track is alone, and lighter than the other two together; the
    # second has one track for two clusters; the third's two tastes weigh the same.
    ratings = np.array([2.0, 3.0, 4.0, 7.0, 1.5, 1.5])
    got = tastes(vectors, ratings, np.array([3, 1, 2]), np.array([2, 2, 2]))
    assert got.listener.tolist() == [0, 0, 1, 2, 2]
    assert got.taste_no.tolist() == [0, 1, 0, 0, 1]
    assert got.weight.tolist() == [5 / 9, 4 / 9, 1.0, 0.5, 0.5]
    assert got.n_tracks.tolist() == [2, 1, 1, 1, 1]
    # (2 x 100 + 3 x 104) / 5 = 102.4
    assert got.centroid[:, TEMPO] == pytest.approx([102.4, 190, 60, 150, 70])
    others = np.delete(got.centroid, TEMPO, axis=1)
    assert others == pytest.approx(np.full((5, 12), 0.5))


def test_a_feature_that_is_not_known_moves_no_centroid():
    """It stands at the listener's mean, (3 x 190 + 1 x 100) / 4 = 167.5, which is nearer to 190."""
    vectors = tracks(*({"tempo": tempo - 0.5} for tempo in (190, 100, np.nan, np.nan)))
    got = tastes(vectors, np.array([3.0, 1.0, 1.0, 1.0]), np.array([3, 1]), np.array([2, 1]))
    assert got.weight.tolist() == [4 / 5, 1 / 5, 1.0]
    assert got.centroid[:, TEMPO] == pytest.approx([190, 100, np.nan], nan_ok=True)


@pytest.mark.parametrize("name", ["key", "mode", "time_signature"])
def test_key_mode_and_meter_are_no_kinds_of_music_and_still_have_means(name):
    got = tastes(tracks({}, {name: 3.0}), np.array([1.0, 2.0]), np.array([2]), np.array([2]))
    assert got.n_tracks.tolist() == [2]
    assert got.centroid[0, FEATURES.index(name)] == pytest.approx(0.5 + 2.0)


@pytest.mark.parametrize("name", ONE)
def test_a_feature_counts_in_its_own_spread(name):
    """Of two tracks around a heavy one, the one 2 away is a taste of its own, not the one 1.9 away."""
    other = "energy" if name == "danceability" else "danceability"
    vectors = tracks({}, {other: 1.9 * ONE[other]}, {name: 2 * ONE[name]})
    got = tastes(vectors, np.array([9.0, 1.0, 1.0]), np.array([3]), np.array([2]))
    assert got.n_tracks.tolist() == [2, 1]
    assert got.centroid[1] == pytest.approx(vectors[2])
