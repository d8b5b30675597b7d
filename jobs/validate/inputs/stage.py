"""The gate before anything is made of the night's logs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import pyarrow as pa

from expectations import audio_features as feature_rules
from expectations import completeness
from expectations import drift as drift_rules
from expectations import landing_files as file_rules
from expectations import listens as listen_rules
from expectations import tracks as track_rules
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.inputs.drift import Drift, drifts, in_periods
from jobs.validate.inputs.facts import known, landed, listen_counts, rule_counts
from jobs.validate.inputs.files import KindOfFiles, kinds_of_files, landing_files
from jobs.validate.inputs.plays import landed_plays
from jobs.validate.inputs.volume import Volume, by_source, volumes
from jobs.validate.runner import Batch, warm_up
from jobs.window import Window

GATE = "gate_inputs"
Fact = TypeVar("Fact", Volume, Drift)
Files = Sequence[Mapping[str, Any]]
TEXT, WHOLE, NUMBER = pa.string(), pa.int64(), pa.float64()
FILES = pa.schema([
    ("kind", TEXT), ("n_files", WHOLE), ("n_refused", WHOLE), ("n_read", WHOLE), ("n_accepted", WHOLE),
    ("n_quarantined", WHOLE), ("n_duplicate", WHOLE), ("refused", TEXT), ("counts", TEXT),
])  # fmt: skip
VOLUME = pa.schema([
    ("scope", TEXT), ("n_plays", WHOLE), ("typical", NUMBER), ("z", NUMBER), ("told", TEXT),
])  # fmt: skip
DRIFT = pa.schema([("feature", TEXT), ("source", TEXT), ("psi", NUMBER), ("told", TEXT)])


def gate_inputs(night: Night) -> None:
    """Stop the night, with exit code 65, before it builds on logs that are not to be believed."""
    warm_up()
    lake = Lake(open_session(night.settings, GATE), night.settings)
    files = landing_files(night.settings, night.window)
    with ThreadPoolExecutor(1) as pool:
        # Counted beside the first suites: neither keeps the processors busy alone.
        comparisons = pool.submit(_comparisons, lake, files, night.window)
        hold_gate(night, GATE, chain(_rows(lake, files, night.window), _of(comparisons)))


def _of(batches: Future[list[Batch]]) -> Iterator[Batch]:
    yield from batches.result()


def _rows(lake: Lake, files: Files, window: Window) -> list[Batch]:
    """What landed in the window."""
    tracks, features = lake.read("tracks_history"), lake.read("audio_features_history")
    listens = listen_counts(
        landed(lake.read("listens"), window), known(tracks, window), known(features, window),
        listen_rules.RULES,
    )  # fmt: skip
    of_files = kinds_of_files(file for file in files if file["landed_on"] >= window.start)
    return [
        Batch(
            "landing_files",
            lake.spark.createDataFrame(facts(of_files, FILES)),
            partial(file_rules.suite, LANDING_KINDS),
        ),
        Batch("listens", listens, listen_rules.suite),
        Batch("tracks", rule_counts(landed(tracks, window), track_rules.RULES), track_rules.suite),
        Batch(
            "audio_features",
            rule_counts(landed(features, window), feature_rules.RULES),
            feature_rules.suite,
        ),
    ]


def _comparisons(lake: Lake, files: Files, window: Window) -> list[Batch]:
    """Each landing day of the window against the days before it."""
    plays = landed_plays(lake, files, window)
    counts = by_source(plays)
    found = [one for day in window.days for one in _dated(volumes(counts, day), day, window)]
    moved = [one for day in window.days for one in _dated(drifts(in_periods(plays, day)), day, window)]
    return [
        Batch("listens", lake.spark.createDataFrame(facts(found, VOLUME)), completeness.suite),
        Batch("listens", lake.spark.createDataFrame(facts(moved, DRIFT)), drift_rules.suite),
    ]


def _dated(rows: Iterable[Fact], day: date, window: Window) -> list[Fact]:
    """The rows, which say their day where the window has several."""
    return [replace(row, told=f"{day} {row.told}") if len(window.days) > 1 else row for row in rows]


def facts(rows: Sequence[KindOfFiles | Volume | Drift], schema: pa.Schema) -> pa.Table:
    """The rows as Arrow, which Spark takes over without starting a Python worker."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)
