"""Ingestion against the least that Spark could do with the same files, night by night, interleaved.

    python -m benchmarks.ingest --tool ../shared/tools/make_landing.py

makes ten nights of a million listens in a temporary folder (2 GB of disk, seven minutes of two cores),
and prints a Markdown table. ``--per-night`` and ``--nights`` make it smaller.

bare: ``spark.read.json(files).write.format("delta")`` of each kind, append. floor: DuckDB reading the
same listens into a table. gate: the expectations on what was ingested. Memory is the high-water mark
of the process, its Java machine and its Python workers; so are processor seconds, which other work on
the machine disturbs less than it does seconds.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import duckdb
import psutil
from pyspark.sql import SparkSession

from benchmarks.ingest.landing import LAST, make_landing, settings_for
from jobs.errors import BadDataError
from jobs.ingest.stage import ingest_landing
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.session import open_session
from jobs.settings import LakeSettings, LandingSettings, Settings
from jobs.stage import Night, peak_memory_mb
from jobs.validate.inputs.stage import gate_inputs
from jobs.window import Window

PARTS = ("bare", "ingest", "gate", "floor")


@dataclass
class Timings:
    """Seconds of each part, night by night, by the clock and of all processors; the memory mark after
    each night."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    processor: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    rows: list[int] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def time(self, part: str, work: Callable[[], object]) -> None:
        """Run the work and note its seconds."""
        began, used = time.monotonic(), processor_seconds()
        work()
        self.seconds[part].append(time.monotonic() - began)
        self.processor[part].append(processor_seconds() - used)


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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nocturne-ingest-") as folder:
        root = Path(folder)
        make_landing(arguments.tool, root / "landing", arguments.nights, arguments.per_night)
        print(table(measure(root, arguments.nights, with_gate=not arguments.no_gate)))


def measure(root: Path, n_nights: int, *, with_gate: bool) -> Timings:
    """Every part on every night; a small night goes first, so that no part pays for the warm-up."""
    settings = settings_for(root / "landing", root)
    spark = open_session(settings, "benchmark")
    _warm_up(spark, root, settings)
    timings = Timings()
    days = [LAST - timedelta(days=n_nights - 1 - nth) for nth in range(n_nights)]
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
        }
    )
    bare(spark, root / "warm", day, root / "warm_bare")
    ingest_landing(Night(Window.night(day), warm))


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
    share = total["gate"] / (total["gate"] + total["ingest"])
    of_processor = used["gate"] / (used["gate"] + used["ingest"])
    memory = ", ".join(f"{mark:,.0f}" for mark in timings.memory_mb)
    lines += [
        "",
        f"gate's share of ingest + gate: {share:.0%} ({of_processor:.0%} of processor seconds)",
        f"peak memory in MiB after each night: {memory}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
