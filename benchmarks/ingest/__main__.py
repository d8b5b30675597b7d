"""Ingestion against the least that Spark could do with the same files, night by night, interleaved.

    python -m benchmarks.ingest --tool ../shared/tools/make_landing.py

makes ten nights of a million listens in a temporary folder (3 GB of disk, ten minutes of two cores),
and prints a Markdown table. ``--per-night`` and ``--nights`` make it smaller.

bare: ``spark.read.json(files).write.format("delta")`` of each kind, append. floor: DuckDB reading the
same listens into a table. gate: counting what was ingested, and the suites on the counts; suites: what
of that is Great Expectations, its Data Docs included. Processor seconds, of the process and all it
starts, are disturbed less by other work on the machine than seconds are.

Memory is the sum of the high-water marks of a process, its Java machine and its Python workers: of this
process after each night, and of two that, as in production, run ``python -m jobs.ingest`` and no more,
one for the first night and one for all nights at once, each into an empty lake.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import duckdb
import psutil
from pyspark.sql import SparkSession

from benchmarks.ingest.landing import LAST, make_landing, settings_for
from jobs.errors import BadDataError
from jobs.ingest.stage import ingest_landing
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.session import open_session
from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings
from jobs.stage import Night, peak_memory_mb
from jobs.validate import gate
from jobs.validate.findings import GateFinding
from jobs.validate.inputs.stage import gate_inputs
from jobs.validate.runner import SuiteRun, run_suites
from jobs.window import DAY, Window

PARTS = ("bare", "ingest", "gate", "floor")


@dataclass
class Timings:
    """Seconds of each part, night by night, by the clock and of all processors; those by the clock of
    the suites within the gate; the memory mark after each night."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    processor: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    suites: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def time(self, part: str, work: Callable[[], object]) -> None:
        """Run the work and note its seconds."""
        began, used = time.monotonic(), processor_seconds()
        work()
        self.seconds[part].append(time.monotonic() - began)
        self.processor[part].append(processor_seconds() - used)

    def run_suites(self, batches: Iterable[SuiteRun], window: Window, site: Path) -> list[GateFinding]:
        """Run the suites and note their seconds, without those of waiting for a batch."""
        waited = 0.0

        def awaited() -> Iterator[SuiteRun]:
            nonlocal waited
            began = time.monotonic()
            for batch in batches:
                waited += time.monotonic() - began
                yield batch
                began = time.monotonic()
            waited += time.monotonic() - began

        began = time.monotonic()
        findings = run_suites(awaited(), window, site)
        self.suites.append(time.monotonic() - began - waited)
        return findings


def processor_seconds() -> float:
    """What this process and all it started have used so far."""
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:4]) for process in (own, *own.children(recursive=True)))


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest")
    parser.add_argument("--tool", type=Path, required=True, help="make_landing.py")
    parser.add_argument("--per-night", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--no-gate", action="store_true", help="leave the expectations out")
    parser.add_argument("--no-processes", action="store_true", help="leave other processes out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nocturne-ingest-") as folder:
        root = Path(folder)
        make_landing(arguments.tool, root / "landing", arguments.nights, arguments.per_night)
        days = [LAST - nth * DAY for nth in range(arguments.nights)][::-1]
        if not arguments.no_processes:
            print(processes([ingest_apart(root, window) for window in (days[:1], days)]))
        print(table(measure(root, days, with_gate=not arguments.no_gate)))


def ingest_apart(root: Path, days: list[date]) -> dict[str, Any]:
    """What the stage says of itself after it has ingested these days in a process of its own."""
    house = root / f"process_{len(days)}"
    roots = {"LANDING": root / "landing", "LAKE": house / "lake", "STORE": house / "store"}
    names = {f"NOCTURNE__{name}__ROOT": str(path) for name, path in roots.items()}
    window = ["--window-start", str(days[0]), "--window-end", str(days[-1] + DAY)]
    subprocess.run(
        [sys.executable, "-m", "jobs.ingest", *window],
        env={**os.environ, **names, "NOCTURNE__HOME": str(house / "home")},
        check=True,
        stderr=subprocess.DEVNULL,
    )
    summary = json.loads((house / "store" / "ledger" / str(days[-1]) / "ingest.json").read_text())
    shutil.rmtree(house)
    return dict(summary)


def processes(summaries: list[dict[str, Any]]) -> str:
    """The Markdown table of the processes of their own."""
    lines = [
        f"| {one['rows_out']:,} | {one['seconds']:.1f} | {one['peak_memory_mb']:,.0f} |"
        for one in summaries
    ]
    head = ["| rows accepted by a process | seconds | peak memory, MiB |", "|---:|---:|---:|"]
    return "\n".join([*head, *lines, ""])


def measure(root: Path, days: list[date], *, with_gate: bool) -> Timings:
    """Every part on every night; a small night goes first, so that no part pays for the warm-up."""
    settings = settings_for(root / "landing", root)
    spark = open_session(settings, "benchmark")
    _warm_up(spark, root, settings)
    timings = Timings()
    for nth, day in enumerate(days):
        night = Night(Window.night(day), settings)
        parts: list[tuple[str, Callable[[], object]]] = [
            ("bare", lambda day=day: bare(spark, root / "landing", day, root / "bare")),  # type: ignore[misc]
            ("ingest", lambda night=night: ingest_landing(night)),  # type: ignore[misc]
        ]
        for part, work in parts if nth % 2 else parts[::-1]:
            timings.time(part, work)
        timings.rows.append(night.summary.rows_out)
        timings.memory_mb.append(peak_memory_mb())
        if with_gate:
            with patch.object(gate, "run_suites", timings.run_suites):
                timings.time("gate", lambda night=night: _gate(night))  # type: ignore[misc]
        timings.time("floor", lambda day=day: floor(root / "landing", day, root / "floor.duckdb"))  # type: ignore[misc]
    return timings


def bare(spark: SparkSession, landing: Path, day: date, lake: Path) -> None:
    """The same files, as they are: no rules, no lines, no duplicates, no second run."""
    for kind in LANDING_KINDS:
        rows = spark.read.json(str(landing / kind / f"date={day}"))
        rows.write.format("delta").mode("append").option("mergeSchema", "true").save(str(lake / kind))


def floor(landing: Path, day: date, database: Path) -> None:
    """DuckDB reads the listens of the day."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET threads = 2")
        files = str(landing / "listens" / f"date={day}" / "*.jsonl.gz")
        connection.execute("CREATE OR REPLACE TABLE listens AS SELECT * FROM read_json(?)", [files])


def _gate(night: Night) -> None:
    try:
        gate_inputs(night)
    except BadDataError as error:  # a benchmark's history is short: what it finds is not the point
        print(f"gate: {str(error)[:200]}", file=sys.stderr)


def _warm_up(spark: SparkSession, root: Path, settings: Settings) -> None:
    day = LAST - timedelta(days=400)
    for kind in LANDING_KINDS:
        source = min((root / "landing" / kind).glob("*/*"), key=lambda path: path.stat().st_size)
        target = root / "warm" / kind / f"date={day}" / source.name
        target.parent.mkdir(parents=True)
        shutil.copy(source, target)
    warm = settings.model_copy(
        update={
            "landing": LandingSettings(root=str(root / "warm")),
            "lake": LakeSettings(root=str(root / "warm_lake")),
            "store": StoreSettings(root=str(root / "warm_store")),
        }
    )
    bare(spark, root / "warm", day, root / "warm_bare")
    night = Night(Window.night(day), warm)
    ingest_landing(night)
    _gate(night)


def table(timings: Timings) -> str:
    """The Markdown table of the medians and the sums."""
    total = {part: sum(values) for part, values in timings.seconds.items()}
    lines = [
        f"{sum(timings.rows):,} rows accepted in {len(timings.rows)} nights",
        "",
        "| part | seconds, all nights | median of a night | of bare | processor seconds | of bare |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    used = {part: sum(values) for part, values in timings.processor.items()}
    lines += [
        f"| {part} | {total[part]:.1f} | {median(values):.1f} | {total[part] / total['bare']:.2f} "
        f"| {used[part]:.1f} | {used[part] / used['bare']:.2f} |"
        for part, values in timings.seconds.items()
        if values
    ]
    both = total["gate"] + total["ingest"]
    of_processor = used["gate"] / (used["gate"] + used["ingest"])
    memory = ", ".join(f"{mark:,.0f}" for mark in timings.memory_mb)
    lines += [
        "",
        f"gate's share of ingest + gate: {total['gate'] / both:.0%} ({of_processor:.0%} of processor "
        f"seconds); its suites': {sum(timings.suites) / both:.0%} ({sum(timings.suites):.1f} s)",
        f"peak memory of this process in MiB after each night: {memory}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
