"""The stage: the night's version against the champion of the nights before, on later plays."""

from datetime import timedelta

import numpy as np

from jobs.errors import NocturneError
from jobs.stage import Night
from jobs.train.examples import heldout_block
from jobs.train.history import read_known
from jobs.train.plays import scratch
from jobs.train.versions import record, trained_version
from models.content_network.comparison import Decision, decide, predict
from models.content_network.scoring import ContentScorer
from models.errors import ModelError
from models.registry import Registry

MODEL = "content"


def promote_models(night: Night) -> None:
    """Promote the night's version if it is not worse; else the night goes on with the champion.

    The champion is that of the nights before, whatever later nights have promoted, so that nights
    may be built in any order. What an operator promoted or withdrew stays so.
    """
    registry = Registry(night.store, MODEL)
    version = trained_version(night.settings, night.window)
    if version is None:
        night.summary.details = {"version": None, "promoted": False, "reason": "nothing was trained"}
        return
    try:
        decision, champion = _decide(night, registry, version)
        if decision.promoted:
            registry.promote(version)
        else:
            registry.keep_back(version)
        record(night.settings, registry.card(version), decision.promoted, decision.reason)
    except ModelError as error:
        raise NocturneError(str(error)) from None
    night.summary.rows_in = night.summary.rows_out = 1
    night.summary.details = {
        "version": version,
        "champion": champion,
        "promoted": decision.promoted,
        "reason": decision.reason,
        "differences": {name: d.model_dump() for name, d in decision.differences.items()},
    }


def _decide(night: Night, registry: Registry, version: str) -> tuple[Decision, str | None]:
    champion = registry.for_night(night.window.as_of - timedelta(days=1))
    if version in registry.champions().withdrawn:
        return Decision(
            False, "withdrawn by an operator", {}
        ), None if champion is None else champion.version
    settings = night.settings
    with scratch(settings) as folder:
        known = read_known(settings, night.window, folder)
        assert known is not None
        block = heldout_block(known, settings)
    challenger = _scorer(registry, version)
    p = predict(challenger, known.features, block)
    if champion is None:
        share = np.full(len(block), 1 - challenger.scaling.skip_rate)
        return decide(p, share, block, settings.seed, of="the share of likes"), None
    incumbent = predict(_scorer(registry, champion.version), known.features, block)
    return decide(p, incumbent, block, settings.seed), champion.version


def _scorer(registry: Registry, version: str) -> ContentScorer:
    return ContentScorer.from_files(registry.read(version))
