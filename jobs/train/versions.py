"""The table model_versions: what each night trained. Written by delta-rs alone."""

import json
from datetime import date

from jobs.lake.arrow import night_rows, replace_night
from jobs.settings import Settings
from jobs.window import Window
from models.registry import Card


def record(settings: Settings, card: Card, promoted: bool, reason: str | None) -> None:
    """Replace the night's row."""
    row: dict[str, object] = {
        "as_of": card.as_of,
        "model": card.model,
        "version": card.version,
        "seed": card.seed,
        "data_versions": json.dumps(card.data_versions),
        "config": json.dumps(card.config),
        "metrics": json.dumps({name: metric.model_dump() for name, metric in card.metrics.items()}),
        "promoted": promoted,
        "reason": reason,
    }
    replace_night(settings, "model_versions", [row], card.as_of)


def forget(settings: Settings, as_of: date) -> None:
    """Say that the night trained nothing."""
    replace_night(settings, "model_versions", [], as_of)


def trained_version(settings: Settings, window: Window) -> str | None:
    """Return the version that the night trained; None if it trained none."""
    rows = night_rows(settings, "model_versions", window.as_of).to_table(columns=["version"])
    return rows["version"][0].as_py() if len(rows) else None
