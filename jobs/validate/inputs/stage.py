"""The gate before anything is made of the night's logs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

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

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

GATE = "gate_inputs"
CATALOG = {"tracks": track_rules, "audio_features": feature_rules}
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
    with ThreadPoolExecutor(3) as pool:
        # Counted side by side, while the first suites run: none keeps the processors busy alone.
        counted = [
            pool.submit(_listens, lake, night.window),
            pool.submit(_catalog, lake, night.window),
            pool.submit(_comparisons, lake, files, night.window),
        ]
        hold_gate(night, GATE, chain(_files(lake, files, night.window), _of(counted)))


def _of(counted: Iterable[Future[list[Batch]]]) -> Iterator[Batch]:
    for batches in counted:
        yield from batches.result()


def _files(lake: Lake, files: Files, window: Window) -> Iterator[Batch]:
    kinds = kinds_of_files(file for file in files if file["landed_on"] >= window.start)
    yield _batch("landing_files", lake, facts(kinds, FILES), partial(file_rules.suite, LANDING_KINDS))


def _listens(lake: Lake, window: Window) -> list[Batch]:
    listens = landed(lake.read("listens"), window)
    tracks, features = (known(lake.read(f"{kind}_history"), window) for kind in CATALOG)
    counts = listen_counts(listens, tracks, features, listen_rules.RULES)
    return [_batch("listens", lake, counts.toArrow(), listen_rules.suite)]


def _catalog(lake: Lake, window: Window) -> list[Batch]:
    return [
        _batch(kind, lake, rule_counts(rows, rules.RULES).toArrow(), rules.suite)
        for kind, rules in CATALOG.items()
        for rows in [landed(lake.read(f"{kind}_history"), window)]
    ]


def _comparisons(lake: Lake, files: Files, window: Window) -> list[Batch]:
    """Each landing day of the window against the days before it."""
    plays = landed_plays(lake, files, window)
    counts = by_source(plays)
    found = [one for day in window.days for one in _dated(volumes(counts, day), day, window)]
    moved = [one for day in window.days for one in _dated(drifts(in_periods(plays, day)), day, window)]
    return [
        _batch("listens", lake, facts(found, VOLUME), completeness.suite),
        _batch("listens", lake, facts(moved, DRIFT), drift_rules.suite),
    ]


def _batch(table: str, lake: Lake, rows: pa.Table, suite: "Callable[[], ExpectationSuite]") -> Batch:
    return Batch(table, lake.spark.createDataFrame(rows).coalesce(1), suite)


def _dated(rows: Iterable[Fact], day: date, window: Window) -> list[Fact]:
    """The rows, which say their day where the window has several."""
    return [replace(row, told=f"{day} {row.told}") if len(window.days) > 1 else row for row in rows]


def facts(rows: Sequence[KindOfFiles | Volume | Drift], schema: pa.Schema) -> pa.Table:
    """The rows as Arrow, which Spark takes over without starting a Python worker."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)
