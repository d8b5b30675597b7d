import numpy as np

from models.content_network.arrays import ListenerArrays, TrackStats


def test_listeners_of_whom_nothing_is_known_have_their_shapes_also_with_one_taste():
    nobody = ListenerArrays.unknown(2, 1)
    assert len(nobody) == 2
    shapes = [nobody.centroids.shape, nobody.weights.shape, nobody.n_plays.shape, nobody.n_skips.shape]
    assert shapes == [(2, 1, 13), (2, 1), (2,), (2,)]
    assert all(np.isnan(values).all() for values in vars(nobody).values())


def test_rows_taken_and_stacked_stay_together_field_by_field():
    three = ListenerArrays(
        np.arange(39.0).reshape(3, 1, 13),
        np.array([[1.0], [2.0], [3.0]]),
        np.arange(3.0),
        -np.arange(3.0),
    )
    turned = ListenerArrays.stack([three.take(np.array([2])), three.take(slice(0, 2))])
    assert turned.centroids[:, 0, 0].tolist() == [26, 0, 13]
    assert turned.weights.tolist() == [[3], [1], [2]]
    assert turned.n_plays.tolist() == [2, 0, 1]
    assert turned.n_skips.tolist() == [-2, 0, -1]


def test_stats_of_tracks_likewise():
    stats = TrackStats(np.array([5.0, 7.0]), np.array([1.0, 2.0]))
    both = TrackStats.stack([stats.take(np.array([1])), TrackStats.unknown(1), stats.take(slice(0, 1))])
    np.testing.assert_array_equal(both.n_plays, [7, np.nan, 5])
    np.testing.assert_array_equal(both.n_skips, [2, np.nan, 1])
