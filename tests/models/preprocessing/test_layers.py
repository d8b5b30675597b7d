import keras
import numpy as np
import pytest

from models.preprocessing.layers import CyclicKey, MinMax, RadialBasis, Standardize


def test_min_max_is_fitted_on_the_given_rows_only():
    layer = MinMax.fitted([[0.0, -60.0], [2.0, 0.0]])
    np.testing.assert_allclose(layer(np.array([[1.0, -15.0], [4.0, -90.0]])), [[0.5, 0.75], [2.0, -0.5]])


def test_min_max_of_a_feature_without_a_range_is_the_difference():
    layer = MinMax.fitted([[4.0], [4.0]])
    np.testing.assert_allclose(layer(np.array([[4.0], [5.0]])), [[0.0], [1.0]])


def test_standardize_takes_logarithms_where_told_and_clips():
    layer = Standardize.fitted([[1.0, 0.0], [np.e**2, 2.0]], offsets=[0.0, None])
    x = np.array([[np.e, 1.0], [np.e**3, 2.0], [0.0, 99.0]])
    np.testing.assert_allclose(layer(x), [[0, 0], [2, 1], [-4, 4]], atol=1e-6)


def test_standardize_of_a_feature_without_a_deviation_is_zero():
    layer = Standardize.fitted([[4.0], [4.0]], offsets=[None])
    np.testing.assert_array_equal(layer(np.array([[4.0], [5.0]])), [[0.0], [0.0]])


def test_cyclic_key_puts_b_beside_c_and_f_sharp_opposite():
    c, g, b, f_sharp, none = np.array(CyclicKey()(np.array([[0.0], [7.0], [11.0], [6.0], [-1.0]])))
    np.testing.assert_allclose(c, [1, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(f_sharp, -c, atol=1e-6)
    semitone = 2 * np.sin(np.pi / 12)
    assert np.linalg.norm((b - c)[:2]) == pytest.approx(semitone, abs=1e-6)
    assert np.linalg.norm((g - c)[2:]) == pytest.approx(semitone, abs=1e-6)
    assert not none.any()


@pytest.mark.parametrize(
    ("order", "distances"), [(1, [[0, 2], [3, 3]]), (2, [[0, 2**0.5], [5**0.5, 3]])]
)
def test_radial_basis_falls_with_the_distance(order, distances):
    layer = RadialBasis(2, order, gamma=0.5)
    layer.build((None, 2))
    layer.set_weights([np.array([[0.0, 0.0], [1.0, -1.0]])])
    nearness = layer(np.array([[0.0, 0.0], [1.0, 2.0]]))
    np.testing.assert_allclose(nearness, np.exp(-0.5 * np.array(distances)), rtol=1e-6)


def test_layers_survive_a_safe_save_with_state_and_answers(tmp_path):
    rows = np.random.default_rng(0).uniform(0, 11, size=(50, 3))
    inputs = keras.Input((3,))
    scaled = MinMax.fitted(rows)(inputs)
    standard = Standardize.fitted(rows, [None, 0.1, None])(inputs)
    parts = [standard, RadialBasis(2, 1, 0.1)(scaled), CyclicKey()(inputs[:, :1])]
    model = keras.Model(inputs, keras.layers.concatenate(parts))
    model.save(tmp_path / "layers.keras")
    loaded = keras.saving.load_model(tmp_path / "layers.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(rows), model(rows))
