"""Scoring all tracks for all listeners: ``python -m benchmarks.score``.

Pairs a second of the network as arrays, of its bare matrix products, and of the same network in Keras,
given pairs as TensorFlow in an executor would be; then the first and the last in Spark's Python workers.
Interleaved, medians; random weights, which take as long as trained ones.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa

from models.content_network.inputs import Scaling, listener_inputs, track_inputs
from models.content_network.scoring import ContentScorer, ListenerArrays, TrackStats

K, FACTORS, BLOCK = 3, 32, 32
Score = Callable[[ListenerArrays], np.ndarray]


def some_listeners(n: int) -> ListenerArrays:
    """Listeners with three tastes each."""
    rng = np.random.default_rng(0)
    weights, plays = rng.dirichlet(np.ones(K), n), rng.integers(1, 60, n).astype(float)
    return ListenerArrays(rng.random((n, K, 13)), weights, plays, plays // 3)


def keras_scorer() -> tuple[ContentScorer, bytes]:
    """A network of the night's size: as arrays, and as Keras' file."""
    from models.content_network.fit import to_bytes, weights_of
    from models.content_network.network import build_network

    network = build_network(n_factors=FACTORS)
    scaling = Scaling((0.5,) * 13, (0.3,) * 13, (0.5,) * 13, (0.1,) * 13, 0.3)
    return ContentScorer(scaling, weights_of(network)), to_bytes(network)


def as_arrays(scorer: ContentScorer, features: np.ndarray) -> Score:
    """The product's own way."""
    return lambda listeners: scorer.probabilities(listeners, features)


def bare_products(scorer: ContentScorer, features: np.ndarray) -> Score:
    """The matrix products alone, block by block."""
    vectors = np.ascontiguousarray(scorer.track_vectors(features)[0].T)

    def products(listeners: ListenerArrays) -> np.ndarray:
        u = scorer.listener_vectors(listeners)
        for at in range(0, len(listeners), BLOCK):
            part = u.take(slice(at, at + BLOCK))
            part.tastes.reshape(-1, FACTORS) @ vectors
            whole = part.whole @ vectors
        return whole

    return products


def in_keras(scorer: ContentScorer, keras_file: bytes, features: np.ndarray) -> Score:
    """Keras' predict on every pair, a listener's tracks as one batch."""
    from models.content_network.fit import load_network

    network = load_network(keras_file)
    tracks = track_inputs(scorer.scaling, features, TrackStats.unknown(len(features)))
    n = len(tracks)

    def predict(listeners: ListenerArrays) -> np.ndarray:
        inputs = listener_inputs(scorer.scaling, listeners)
        for i in range(len(listeners)):
            names = ("tastes", "log_shares", "profile")
            pairs = {name: np.repeat(getattr(inputs, name)[i : i + 1], n, axis=0) for name in names}
            logits = network.predict_on_batch({**pairs, "track": tracks})
        return logits

    return predict


def rates(
    ways: dict[str, tuple[Score, ListenerArrays]], n_tracks: int, repeats: int
) -> dict[str, float]:
    """Median pairs a second of each way; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, (score, listeners) in ways.items():
            began = time.perf_counter()
            score(listeners)
            seconds[name].append((time.perf_counter() - began) / len(listeners) / n_tracks)
    return {name: 1 / statistics.median(times[1:]) for name, times in seconds.items()}


def in_spark(make: Callable[[], Score], n_listeners: int, n_tracks: int) -> float:
    """Pairs a second in Spark's Python workers, what each must import and load included."""
    from jobs.lake.session import open_session
    from jobs.settings import Settings

    def scored(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        score = make()
        for batch in batches:
            if batch.num_rows:
                yield pa.RecordBatch.from_pydict(
                    {"p": [float(score(some_listeners(batch.num_rows)).sum())]}
                )

    spark = open_session(Settings(), "benchmark")
    rows = spark.range(n_listeners).repartition(2)
    rows.count()
    began = time.perf_counter()
    rows.mapInArrow(scored, "p double").collect()
    return n_listeners * n_tracks / (time.perf_counter() - began)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=1881)
    parser.add_argument("--tracks", type=int, default=40_560)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    scorer, keras_file = keras_scorer()
    features = np.random.default_rng(1).random((args.tracks, 13))
    listeners, few = some_listeners(args.listeners), some_listeners(20)
    ways = {
        "bare matrix products": (bare_products(scorer, features), listeners),
        "network as arrays": (as_arrays(scorer, features), listeners),
        "Keras predict": (in_keras(scorer, keras_file, features), few),
    }
    found = rates(ways, args.tracks, args.repeats)
    found["network as arrays, in Spark"] = in_spark(
        lambda: as_arrays(scorer, features), args.listeners, args.tracks
    )
    found["Keras predict, in Spark"] = in_spark(
        lambda: in_keras(scorer, keras_file, features), 40, args.tracks
    )
    print("| way | million pairs a second | of the bare products |\n|---|---|---|")
    for name, rate in found.items():
        print(f"| {name} | {rate / 1e6:.1f} | {rate / found['bare matrix products']:.2f} |")


if __name__ == "__main__":
    main()
