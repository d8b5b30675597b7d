"""The gate before anything is made of the night's logs."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import TypeVar

import pyarrow as pa

from expectations import audio_features as feature_rules
from expectations import completeness
from expectations import drift as drift_rules
from expectations import landing_files as file_rules
from expectations import listens as listen_rules
from expectations import tracks as track_rules
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.history import features_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.inputs.drift import Drift, count_bins, drifts
from jobs.validate.inputs.facts import known, landed, with_broken_rule, with_catalog
from jobs.validate.inputs.files import KindOfFiles, kinds_of_files, landing_files
from jobs.validate.inputs.volume import Volume, count_plays, volumes
from jobs.validate.runner import Batch, warm_up
from jobs.window import Window

GATE = "gate_inputs"
Fact = TypeVar("Fact", Volume, Drift)
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
    with ThreadPoolExecutor(1) as pool:
        # Counted beside the first suites: neither keeps the processors busy alone.
        comparisons = pool.submit(_comparisons, night, lake)
        hold_gate(night, GATE, chain(_rows(night, lake), _of(comparisons)))


def _of(batches: Future[list[Batch]]) -> Iterator[Batch]:
    yield from batches.result()


def _rows(night: Night, lake: Lake) -> list[Batch]:
    """What landed in the window."""
    window = night.window
    tracks, features = lake.read("tracks_history"), lake.read("audio_features_history")
    listens = with_catalog(
        landed(lake.read("listens"), window), known(tracks, window), known(features, window)
    )
    files = kinds_of_files(landing_files(night.settings, window))
    tracks, features = landed(tracks, window), landed(features, window)
    return [
        Batch(
            "landing_files",
            lake.spark.createDataFrame(facts(files, FILES)),
            partial(file_rules.suite, LANDING_KINDS),
        ),
        Batch("listens", with_broken_rule(listens, listen_rules.RULES), listen_rules.suite),
        Batch("tracks", with_broken_rule(tracks, track_rules.RULES), track_rules.suite),
        Batch("audio_features", with_broken_rule(features, feature_rules.RULES), feature_rules.suite),
    ]


def _comparisons(night: Night, lake: Lake) -> list[Batch]:
    """Each landing day of the window against the days before it."""
    window, listens, features = night.window, lake.read("listens"), features_known(lake, night.window)
    counts = count_plays(listens, window)
    found = [one for day in window.days for one in _dated(volumes(counts, day), day, window)]
    moved = [
        one
        for day in window.days
        for one in _dated(drifts(count_bins(listens, features, day)), day, window)
    ]
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
