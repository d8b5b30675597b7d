import numpy as np
import pytest

from jobs.taste.profiles import taste_profiles
from models.features import FEATURES
from models.tastes import tastes

CALM = [0.2, 0.1, 0.0, -20.0, 1.0, 0.04, 0.9, 0.5, 0.1, 0.2, 80.0, 240_000.0, 4.0]
LOUD = [0.6, 0.9, 7.0, -4.0, 0.0, 0.08, 0.0, 0.0, 0.3, 0.7, 150.0, 180_000.0, 4.0]


def test_tastes_are_weighted_means_in_raw_units_heaviest_first():
    vectors = np.array([CALM, LOUD, LOUD, CALM], float)
    vectors[2, 10] = 156.0
    found = tastes(vectors, np.array([1.0, 2.0, 1.0, 1.0]), np.array([3, 1]), np.array([2, 1]))
    assert found.listener.tolist() == [0, 0, 1]
    assert found.taste_no.tolist() == [0, 1, 0]
    assert found.weight.tolist() == [0.75, 0.25, 1.0]
    assert found.n_tracks.tolist() == [2, 1, 1]
    assert found.centroid[0, 10] == pytest.approx(152.0)
    assert found.centroid[1].tolist() == CALM


def test_equal_weights_keep_the_order_of_the_clusters():
    vectors = np.array([CALM, LOUD], float)
    found = tastes(vectors, np.array([1.0, 1.0]), np.array([2]), np.array([2]))
    assert found.centroid.tolist() == [CALM, LOUD]


def test_what_was_not_detected_moves_no_taste():
    silent = [*LOUD[:10], np.nan, *LOUD[11:]]
    vectors = np.array([LOUD, silent, CALM, silent], float)
    found = tastes(vectors, np.array([1.0, 3.0, 1.0, 2.0]), np.array([3, 1]), np.array([2, 1]))
    assert found.n_tracks.tolist() == [2, 1, 1]
    assert found.centroid[0].tolist() == pytest.approx(LOUD)
    assert found.centroid[1].tolist() == CALM
    assert np.isnan(found.centroid[2]).tolist() == [i == 10 for i in range(13)]


@pytest.mark.spark
def test_profiles_of_rated_tracks_with_features(spark):
    features = spark.createDataFrame(
        [("calm", *CALM), ("loud", *LOUD)],
        "track_id string, " + ", ".join(f"{name} double" for name in FEATURES),
    )
    ratings = spark.createDataFrame(
        [("a", "calm", 1.0), ("a", "loud", 3.0), ("a", "unheard_of", 1.0), ("b", "calm", 2.0),
         ("b", "loud", 0.0), ("c", "loud", 0.0)],
        "user_id string, track_id string, rating double",
    )  # fmt: skip
    rows = taste_profiles(ratings, features, n_tastes=3, tracks_per_taste=1).collect()
    found = {(row.user_id, row.taste_no): row for row in rows}
    assert sorted(found) == [("a", 0), ("a", 1), ("b", 0)]
    assert found["a", 0].weight == 0.75
    assert found["a", 0].centroid == pytest.approx(LOUD)
    assert found["b", 0].centroid == pytest.approx(CALM)
    one = (
        taste_profiles(ratings, features, n_tastes=3, tracks_per_taste=2)
        .where("user_id = 'a'")
        .collect()
    )
    assert [(row.taste_no, row.n_tracks) for row in one] == [(0, 2)]
    assert one[0].centroid[10] == pytest.approx((80 + 3 * 150) / 4)
