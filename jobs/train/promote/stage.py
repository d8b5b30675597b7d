"""The stage: the night's version against the champion of the nights before, on later plays."""

from datetime import timedelta

import numpy as np

from jobs.errors import NocturneError
from jobs.stage import Night
from jobs.train.heldout import MODEL, heldout_plays, scorer_of
from jobs.train.versions import record, trained_version
from models.content_network.comparison import Decision, decide, predict
from models.errors import ModelError
from models.registry import Registry


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
            registry.demote(version)
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
    seed = night.settings.seed
    features, block = heldout_plays(night.settings, night.window)
    challenger = scorer_of(registry, version)
    p = predict(challenger, features, block)
    if champion is None:
        share = np.full(len(block), 1 - challenger.scaling.skip_rate)
        return decide(p, share, block, seed, of="the share of likes"), None
    incumbent = predict(scorer_of(registry, champion.version), features, block)
    return decide(p, incumbent, block, seed), champion.version
