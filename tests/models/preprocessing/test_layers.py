import keras
import numpy as np
import pytest

from models.preprocessing.layers import CyclicKey, MinMax, PerFeatureDense, Periodic, PiecewiseLinear


def test_min_max_is_fitted_on_the_given_rows_only():
    layer = MinMax.fitted([[0.0, -60.0], [2.0, 0.0]])
    np.testing.assert_allclose(layer(np.array([[1.0, -15.0], [4.0, -90.0]])), [[0.5, 0.75], [2.0, -0.5]])


def test_min_max_of_a_feature_without_a_range_is_the_difference():
    layer = MinMax.fitted([[4.0], [4.0]])
    np.testing.assert_allclose(layer(np.array([[4.0], [5.0]])), [[0.0], [1.0]])


def test_periodic_is_cosines_then_sines_of_its_frequencies():
    layer = Periodic(2)
    layer.build((None, 2))
    layer.frequencies.assign([[0.25, 1.0], [0.5, 0.0]])
    expected = [[[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, 0.0]]]
    np.testing.assert_allclose(layer(np.array([[1.0, -0.5]])), expected, atol=1e-6)


def test_periodic_draws_each_features_frequencies_with_its_own_deviation():
    layer = Periodic(2000, sigma=[0.1, 3.0])
    layer.build((None, 2))
    np.testing.assert_allclose(np.std(layer.frequencies.numpy(), axis=1), [0.1, 3.0], rtol=0.1)


def test_piecewise_linear_fills_the_bins_below():
    layer = PiecewiseLinear([[0.0, 1.0, 3.0], [-10.0, 0.0]])
    x = np.array([[2.0, -5.0], [0.25, -20.0], [9.0, 3.0]])
    expected = [[[1, 0.5], [0.5, 0]], [[0.25, 0], [0, 0]], [[1, 1], [1, 0]]]
    np.testing.assert_allclose(layer(x), expected)


def test_piecewise_linear_bins_hold_as_many_rows_each_and_merge_ties():
    layer = PiecewiseLinear.fitted(
        [[0.0, 7.0], [0.0, 7.0], [0.0, 7.0], [5.0, 7.0], [9.0, 7.0]], n_bins=4
    )
    assert layer.edges == [[0.0, 5.0, 9.0], [7.0, 8.0]]


def test_mean_of_quantile_bins_is_the_share_of_rows_below():
    rows = np.random.default_rng(3).normal(size=(1001, 1))
    shares = PiecewiseLinear.fitted(rows, n_bins=1000)(np.quantile(rows, [0.1, 0.5, 0.9])[:, None])
    np.testing.assert_allclose(np.mean(shares, axis=-1).ravel(), [0.1, 0.5, 0.9], atol=1e-4)


def test_cyclic_key_puts_b_beside_c_and_f_sharp_opposite():
    c, g, b, f_sharp, none = np.array(CyclicKey()(np.array([[0.0], [7.0], [11.0], [6.0], [-1.0]])))
    np.testing.assert_allclose(c, [1, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(f_sharp, -c, atol=1e-6)
    semitone = 2 * np.sin(np.pi / 12)
    assert np.linalg.norm((b - c)[:2]) == pytest.approx(semitone, abs=1e-6)
    assert np.linalg.norm((g - c)[2:]) == pytest.approx(semitone, abs=1e-6)
    assert not none.any()


def test_each_feature_has_a_dense_layer_of_its_own():
    layer = PerFeatureDense(2, activation="relu")
    layer.build((None, 2, 3))
    assert not np.allclose(layer.kernel[0], layer.kernel[1])
    kernel = np.arange(12.0).reshape(2, 3, 2) - 6
    layer.set_weights([kernel, np.array([[1.0, 0.0], [0.0, -1.0]])])
    x = np.array([[[1.0, 2.0, 0.5], [0.0, 1.0, -1.0]]])
    expected = [
        np.maximum(x[0, 0] @ kernel[0] + [1, 0], 0),
        np.maximum(x[0, 1] @ kernel[1] + [0, -1], 0),
    ]
    np.testing.assert_allclose(layer(x), [expected], atol=1e-6)


def test_a_seed_gives_the_same_weights_and_another_seed_others():
    def drawn(seed):
        layers = Periodic(3, seed=seed), PerFeatureDense(2, seed=seed)
        return np.array(layers[1](layers[0](np.array([[0.2, 0.9]]))))

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert not np.allclose(drawn(1), drawn(2))


def test_layers_survive_a_safe_save_with_state_and_answers(tmp_path):
    rows = np.random.default_rng(0).uniform(0, 11, size=(50, 3))
    inputs = keras.Input((3,))
    scaled = MinMax.fitted(rows)(inputs)
    periodic = PerFeatureDense(2, "relu", seed=1)(Periodic(3, sigma=[0.1, 1.0, 2.0])(scaled))
    flat = [keras.layers.Flatten()(part) for part in (periodic, PiecewiseLinear.fitted(rows, 5)(inputs))]
    model = keras.Model(inputs, keras.layers.concatenate([*flat, CyclicKey()(inputs[:, :1])]))
    model.save(tmp_path / "layers.keras")
    loaded = keras.saving.load_model(tmp_path / "layers.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(rows, verbose=0), model.predict(rows, verbose=0))
