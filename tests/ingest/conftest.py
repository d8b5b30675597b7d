"""Landing folders for tests."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jobs.ingest.stage import ingest_landing
from jobs.stage import Night
from jobs.window import Window

DAY = date(2026, 6, 28)


@pytest.fixture
def land(settings) -> Callable[..., Path]:
    """Write a file of JSON lines (or of the given bytes) into the landing; returns its path."""

    def write(kind: str, rows: list[dict] | bytes, name: str = "part.jsonl", day: date = DAY) -> Path:
        path = Path(settings.landing.root) / kind / f"date={day}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = (
            rows if isinstance(rows, bytes) else "".join(json.dumps(row) + "\n" for row in rows).encode()
        )
        path.write_bytes(
            gzip.compress(body) if name.endswith(".gz") and not isinstance(rows, bytes) else body
        )
        return path

    return write


@pytest.fixture
def ingest(settings) -> Callable[..., dict]:
    """Ingest a night; returns its summary as a dictionary."""

    def run(day: date = DAY) -> dict:
        night = Night(Window.night(day), settings)
        ingest_landing(night)
        return night.summary.__dict__

    return run
