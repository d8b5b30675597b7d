"""A content network with random weights, for tests that need one but train none."""

from datetime import date

import numpy as np

from models.content_network.inputs import (
    N_PROFILE_INPUTS,
    N_TASTE_INPUTS,
    N_TRACK_INPUTS,
    Scaling,
)
from models.content_network.scoring import ContentScorer, ListenerArrays
from models.registry import Card, Registry, Store
from models.registry.card import checksum, version_name

HIDDEN, FACTORS = 8, 4
SHAPES = {
    "track_hidden": (N_TRACK_INPUTS, HIDDEN), "track_vector": (HIDDEN, FACTORS),
    "track_bias": (HIDDEN, 1), "taste_hidden": (N_TASTE_INPUTS, HIDDEN),
    "taste_vector": (HIDDEN, FACTORS), "listener_hidden": (N_PROFILE_INPUTS, HIDDEN),
    "listener_vector": (HIDDEN, FACTORS), "listener_bias": (HIDDEN, 1),
}  # fmt: skip
SCALING = Scaling((0.5,) * 13, (0.25,) * 13, (0.5,) * 13, (0.1,) * 13, 0.3)


def tiny_scorer(seed: int = 0) -> ContentScorer:
    """A scorer with random weights."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in SHAPES.items():
        weights[f"{name}/kernel"] = rng.normal(0, 0.5, shape).astype(np.float32)
        weights[f"{name}/bias"] = rng.normal(0, 0.1, shape[1]).astype(np.float32)
    return ContentScorer(SCALING, weights, slope=0.8, intercept=0.1)


def some_listeners(n: int, n_tastes: int = 3, seed: int = 0) -> ListenerArrays:
    """Listeners with ``n_tastes`` tastes each."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(n_tastes), n)
    plays = rng.integers(1, 60, n).astype(float)
    return ListenerArrays(rng.random((n, n_tastes, 13)), weights, plays, np.floor(plays * 0.3))


def publish_tiny(store: Store, as_of: date, seed: int = 0, promote: bool = True) -> Card:
    """Put a version with random weights into the registry; returns its card."""
    files = tiny_scorer(seed).to_files()
    registry = Registry(store, "content")
    card = Card(
        model="content",
        version=version_name(as_of, files),
        as_of=as_of,
        seed=seed,
        files={name: checksum(body) for name, body in files.items()},
    )
    registry.publish(card, files)
    if promote:
        registry.promote(card.version)
    return card
