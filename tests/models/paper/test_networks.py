import keras
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression

from models.paper import paper_network, tuned_network
from models.paper.paper_network import PaperPreset
from models.paper.tuned_network import Radial, TunedPreset, fit_radial
from models.preprocessing.layers import MinMax
from tests.models.paper.songs import some_songs

pytestmark = pytest.mark.train
SMALL_PAPER = PaperPreset(hidden=(4,), epochs=2)
FITS = {
    "paper": lambda songs, seed: paper_network.fit(SMALL_PAPER, songs, seed)[0],
    "tuned": lambda songs, _: tuned_network.fit(TunedPreset(), songs),
}


def test_the_papers_network_is_dense_relu_sigmoid_adam_cross_entropy():
    network = paper_network.build(PaperPreset(hidden=(8, 5)), some_songs().features)
    scaling, *dense = network.layers[1:]
    assert isinstance(scaling, MinMax)
    assert [type(layer).__name__ for layer in dense] == ["Dense"] * 3
    assert [(layer.units, layer.activation.__name__) for layer in dense] == [
        (8, "relu"), (5, "relu"), (1, "sigmoid"),
    ]  # fmt: skip
    assert isinstance(network.optimizer, keras.optimizers.Adam)
    assert network.loss == "binary_crossentropy"
    assert network.get_compile_config()["metrics"] == ["accuracy"]


def test_scaling_of_the_papers_network_knows_only_the_training_songs():
    train, validation = some_songs(40), some_songs(20, seed=1)
    validation.features[:] *= 1000
    network, history = paper_network.fit(SMALL_PAPER, train, seed=0, validation=validation)
    scaling = network.get_layer("min_max")
    np.testing.assert_array_equal(scaling.low, train.features.min(axis=0))
    np.testing.assert_array_equal(scaling.high, train.features.max(axis=0))
    assert set(history) == {"accuracy", "loss", "val_accuracy", "val_loss"}


def test_scaling_of_the_tuned_network_knows_only_the_training_songs():
    train = some_songs(40)
    scaling = tuned_network.build_scaling(TunedPreset(), train.features)
    scaled = scaling(train.features.astype(np.float32)).numpy()
    assert scaled.shape == (40, 17)
    np.testing.assert_allclose(scaled[:, [0, 8]].mean(axis=0), 0, atol=1e-5)
    relevance = TunedPreset().relevance
    expected = [relevance["danceability"], relevance["tempo"]]
    np.testing.assert_allclose(scaled[:, [0, 8]].std(axis=0), expected, atol=1e-5)
    network = tuned_network.fit(TunedPreset(), train)
    np.testing.assert_array_equal(network.get_layer("scaling")(train.features), scaled)


def test_the_tuned_network_answers_with_the_mean_of_its_layers():
    songs = some_songs()
    network = tuned_network.fit(TunedPreset(), songs)
    x = songs.features.astype(np.float32)
    scaled = network.get_layer("scaling")(x)
    first, second = (network.get_layer(name)(scaled).numpy() for name in ("radial_1", "radial_2"))
    assert not np.allclose(first, second)
    np.testing.assert_allclose(network(x), (first + second) / 2, rtol=1e-6)


@pytest.mark.parametrize(("order", "metric"), [(1, "cityblock"), (2, "euclidean")])
def test_a_radial_layer_is_kernel_logistic_regression(order, metric):
    songs = some_songs(50)
    x = songs.features[:, :2].astype(np.float32)
    member = fit_radial(Radial(order=order, gamma=0.5, cost=3.0), x, songs.liked)
    values, vectors = np.linalg.eigh(np.exp(-0.5 * cdist(x, x, metric)))
    rows = vectors * np.sqrt(values)
    reference = LogisticRegression(C=3.0).fit(rows, songs.liked)
    np.testing.assert_allclose(member(x).numpy()[:, 0], reference.predict_proba(rows)[:, 1], atol=5e-3)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_it_survives_a_safe_save(fit, tmp_path):
    songs = some_songs()
    network = fit(songs, 0)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    x = songs.features.astype(np.float32)
    np.testing.assert_array_equal(loaded(x), network(x))


def test_a_seed_gives_the_papers_network_the_same_weights_and_another_others():
    weights = [FITS["paper"](some_songs(), seed).get_weights() for seed in (1, 1, 2)]
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))


def test_the_tuned_network_is_the_same_each_time():
    first, again = (tuned_network.fit(TunedPreset(), some_songs()).get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_the_tuned_network_learns_what_this_listener_likes():
    train, later = some_songs(300), some_songs(100, seed=9)
    network = tuned_network.fit(TunedPreset(), train)
    answers = network(later.features.astype(np.float32)).numpy()[:, 0]
    assert np.mean((answers > 0.5) == later.liked) > 0.7


def test_the_presets_are_those_whose_figures_are_published():
    """Another number here is another result in docs/paper.md."""
    paper = PaperPreset()
    assert (paper.hidden, paper.learning_rate) == ((256, 256, 256), 0.001)
    assert (paper.batch_size, paper.epochs) == (32, 100)
    tuned = TunedPreset()
    assert tuned.radials == (
        Radial(order=1, gamma=0.35, cost=12.0),
        Radial(order=2, gamma=1.5, cost=10.0),
    )
    assert list(tuned.relevance.values()) == [
        0.35, 0.19, 0.13, 0.45, 0.27, 0.24, 0.14, 0.27, 0.45, 0.16,
    ]  # fmt: skip
    assert (tuned.key, tuned.mode, tuned.meters) == (0.005, 0.11, (1.06, 0.34))
