"""The stage: what had landed by the night to a version of the content network."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version as installed

from jobs.settings import Settings
from jobs.stage import Night
from jobs.train.examples import examples
from jobs.train.heldout import MODEL
from jobs.train.history import read_known
from jobs.train.plays import scratch
from jobs.train.versions import forget, record
from models.content_network.comparison import measure, predict
from models.content_network.examples import Examples
from models.content_network.fit import KERAS_FILE, FitConfig, Fitted, fit_network
from models.registry import Card, Registry
from models.registry.card import checksum, version_name

LIBRARIES = ("tensorflow", "keras", "numpy")


def train_content(night: Night) -> None:
    """Publish the night's version; a night with too few plays trains none and says so."""
    settings = night.settings
    with scratch(settings) as folder:
        known = read_known(settings, night.window, folder)
        if known is None:
            return _no_model(night, "nobody listened to anything")
        night.summary.rows_in = known.log.n_plays
        found = examples(known, settings, folder)
        if found.n_fitting < settings.train.min_plays or not found.is_complete():
            needed = settings.train.min_plays
            return _no_model(
                night, f"{found.n_fitting} likes and dislikes to learn from, of {needed} needed"
            )
        fitted = fit_network(found, fit_config(settings), settings.seed, start_of(night))
    card = publish(night, fitted, found, known.versions)
    night.summary.rows_out = 1
    night.summary.table_versions = known.versions
    night.summary.details = {
        "version": card.version,
        "n_fitting": found.n_fitting,
        "n_heldout": len(found.heldout),
        "epochs": len(fitted.losses),
        "metrics": {name: interval.value for name, interval in card.metrics.items()},
    }


def publish(night: Night, fitted: Fitted, found: Examples, data_versions: Mapping[str, int]) -> Card:
    """Put the version into the registry and its row into model_versions; returns its card."""
    files, settings = fitted.files(), night.settings
    # Keras writes the time into its file, so the version is named by the arrays, which are the same.
    as_of = night.window.as_of
    name = version_name(as_of, {n: body for n, body in files.items() if n != KERAS_FILE})
    p = predict(fitted.scorer, found.features, found.heldout)
    card = Card(
        model=MODEL,
        version=name,
        as_of=as_of,
        seed=settings.seed,
        data_versions=dict(data_versions),
        config={"train": settings.train.model_dump(), "taste": settings.taste.model_dump()},
        metrics=measure(p, found.heldout, settings.seed),
        libraries={library: installed(library) for library in LIBRARIES},
        files={n: checksum(body) for n, body in files.items()},
    )
    card = Registry(night.store, MODEL).publish(card, files)
    record(settings, card, promoted=False, reason=None)
    return card


def fit_config(settings: Settings) -> FitConfig:
    """Return the part of the settings that Keras needs."""
    return FitConfig(**settings.train.model_dump(include=set(FitConfig.__dataclass_fields__)))


def start_of(night: Night) -> bytes | None:
    """Return, with ``warm_start``, the network of the newest version promoted before this night."""
    if not night.settings.train.warm_start:
        return None
    registry = Registry(night.store, MODEL)
    card = registry.for_night(night.window.as_of - timedelta(days=1))
    return None if card is None else registry.read(card.version)[KERAS_FILE]


def _no_model(night: Night, why: str) -> None:
    forget(night.settings, night.window.as_of)
    night.summary.details = {"version": None, "reason": why}
