"""The gate before anything is made of the night's logs."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from expectations import audio_features as feature_rules
from expectations import completeness
from expectations import drift as drift_rules
from expectations import feedback as feedback_rules
from expectations import landing_files as file_rules
from expectations import listens as listen_rules
from expectations import tracks as track_rules
from jobs.lake.session import arrow_frame, open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.inputs.drift import Drift, drifts, in_periods
from jobs.validate.inputs.files import JudgedFile, broken_rules, judged, landing_files
from jobs.validate.inputs.landed_plays import landed_plays
from jobs.validate.inputs.row_counts import landed_by_end, landed_in_window, listen_counts, rule_counts
from jobs.validate.inputs.set_aside import (
    AsideCount,
    SetAside,
    count_aside,
    keep_set_aside,
    sentence,
    set_aside,
)
from jobs.validate.inputs.volume import Volume, by_source, largest_file, volumes
from jobs.validate.runner import SuiteRun, warm_up
from jobs.window import Window

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from pyspark.sql import SparkSession

log = logging.getLogger("nocturne")
GATE = "gate_inputs"
# What of a night's listeners is told one by one; all are in the table set_aside.
MAX_TOLD = 20
CATALOG = {"tracks": track_rules, "audio_features": feature_rules}
# Kinds whose landed rows are kept in a history, and checked as they landed.
HISTORIES = {**CATALOG, "feedback": feedback_rules}
Dated = TypeVar("Dated", Volume, Drift)
Files = Sequence[Mapping[str, Any]]
# A table's name, counts of its rows or facts of them, and what is expected of those.
Counted = tuple[str, pa.Table, "Callable[[], ExpectationSuite]"]
TEXT, WHOLE, NUMBER = pa.string(), pa.int64(), pa.float64()
FILES = pa.schema([
    ("landing_file", TEXT), ("listener", TEXT), ("own", pa.bool_()), ("n_read", WHOLE),
    ("n_accepted", WHOLE), ("n_quarantined", WHOLE), ("n_duplicate", WHOLE), ("fault", TEXT),
    ("told", TEXT), ("counts", TEXT),
])  # fmt: skip
ASIDE = pa.schema([("n_set_aside", WHOLE), ("n_allowed", WHOLE), ("told", TEXT)])
VOLUME = pa.schema([
    ("scope", TEXT), ("n_plays", WHOLE), ("typical", NUMBER), ("z", NUMBER), ("sentence", TEXT),
])  # fmt: skip
DRIFT = pa.schema([("feature", TEXT), ("source", TEXT), ("psi", NUMBER), ("sentence", TEXT)])


def gate_inputs(night: Night) -> None:
    """Stop the night, with exit code 65, before it builds on logs that are not to be believed; set
    listeners aside whose own upload is not."""
    warm_up()
    lake = Lake(open_session(night.settings, GATE), night.settings)
    files = landing_files(night.settings, night.window)
    of_night = [file for file in files if file["landed_on"] >= night.window.start]
    rules = broken_rules(night.settings, of_night)
    found = judged(of_night, rules, night.settings.gates.accepted)
    aside = keep_set_aside(night, set_aside(found, rules))
    _tell(night, aside)
    with ThreadPoolExecutor(4) as pool:
        # Counted side by side: none keeps the processors busy alone. Listens take longest, so the suites
        # of the others run meanwhile.
        counted = [
            pool.submit(_files, lake, night, found, aside),
            pool.submit(_histories, lake, night.window),
            pool.submit(_comparisons, lake, files, night.window),
            pool.submit(_listens, lake, night.window),
        ]
        hold_gate(night, GATE, _batches(lake.spark, counted))


def _batches(spark: "SparkSession", counted: Iterable[Future[list[Counted]]]) -> Iterator[SuiteRun]:
    for table, rows, suite in chain.from_iterable(each.result() for each in counted):
        yield SuiteRun(table, arrow_frame(spark, rows).coalesce(1), suite)


def _tell(night: Night, aside: Sequence[SetAside]) -> None:
    told = [sentence(row) for row in aside]
    for line in told[:MAX_TOLD]:
        log.warning("%s: %s", night.window.as_of, line)
    night.summary.details |= {
        "n_set_aside": len({(row.user_id, row.user_id or row.landing_file) for row in aside}),
        "set_aside": told[:MAX_TOLD],
    }


def _files(
    lake: Lake, night: Night, files: Sequence[JudgedFile], aside: Sequence[SetAside]
) -> list[Counted]:
    def n_listeners() -> int:
        heard = landed_in_window(lake.read("listens"), night.window).select("user_id")
        return heard.distinct().count()

    count = count_aside(aside, night.settings.gates, n_listeners)
    return [
        ("landing_files", as_arrow(files, FILES), file_rules.suite),
        ("set_aside", as_arrow([count], ASIDE), file_rules.set_aside_suite),
    ]


def _listens(lake: Lake, window: Window) -> list[Counted]:
    listens = landed_in_window(lake.read("listens"), window)
    tracks, features = (landed_by_end(lake.read(f"{kind}_history"), window) for kind in CATALOG)
    counts = listen_counts(listens, tracks, features, listen_rules.RULES)
    return [("listens", counts.toArrow(), listen_rules.suite)]


def _histories(lake: Lake, window: Window) -> list[Counted]:
    return [
        (kind, rule_counts(rows, rules.RULES).toArrow(), rules.suite)
        for kind, rules in HISTORIES.items()
        for rows in [landed_in_window(lake.read(f"{kind}_history"), window)]
    ]


def _comparisons(lake: Lake, files: Files, window: Window) -> list[Counted]:
    """Each landing day of the window against the days before it."""
    plays = landed_plays(lake, files, window)
    counts = by_source(plays)
    found = [
        one
        for day in window.days
        for one in _dated(volumes(counts, day, largest_file(files, day)), day, window)
    ]
    moved = [one for day in window.days for one in _dated(drifts(in_periods(plays, day)), day, window)]
    return [
        ("listens", as_arrow(found, VOLUME), completeness.suite),
        ("listens", as_arrow(moved, DRIFT), drift_rules.suite),
    ]


def _dated(rows: Iterable[Dated], day: date, window: Window) -> list[Dated]:
    """The rows, which say their day where the window has several."""
    return [
        replace(row, sentence=f"{day} {row.sentence}") if len(window.days) > 1 else row for row in rows
    ]


def as_arrow(rows: Sequence[JudgedFile | AsideCount | Volume | Drift], schema: pa.Schema) -> pa.Table:
    """Return the rows as Arrow, which Spark takes over without starting a Python worker."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)
