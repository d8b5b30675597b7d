"""Publishing against writing the same documents with boto3 alone: ``python -m benchmarks.publish``.

A night of lists is published in each layout, and its documents, rendered before, are written raw by as
many threads: to an S3 server of this machine (versitygw if it is on PATH, else moto) and to a folder.
Interleaved, medians of three rounds, by the clock and in seconds of this process' own processors. Peak
memory is that of one ``python -m jobs.publish`` into the folder. Prints a Markdown table.

    python -m benchmarks.publish --listeners 20000
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.publish.lake import NIGHT, write_lake
from benchmarks.publish.raw import write_raw
from benchmarks.publish.server import BUCKET, s3_server
from jobs.publish.playlists import open_playlists
from jobs.publish.snapshot import survey
from jobs.publish.spool import Spool, opened_spool
from jobs.publish.stage import publish
from jobs.settings import LakeSettings, S3Settings, Settings, StoreSettings
from jobs.stage import Night
from jobs.stage_record import read_record, record_key
from jobs.store import open_store
from jobs.window import DAY, Window

LAYOUTS = ("files", "packs")
SERVED = "served"
Times = dict[str, list[tuple[float, float]]]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--roots", nargs="+", choices=("s3", "folder"), default=["s3", "folder"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_at(Path(folder), S3Settings())
        write_lake(settings, args.listeners)
        with rendered(settings) as (spool, n_bytes):
            print(f"{args.listeners:,} listeners, {n_bytes / 1e6:,.0f} MB in JSON, JSPF and SVG\n")
            print("| to | way | seconds | of raw | processor | of raw | objects |")
            print("|---|---|---|---|---|---|---|")
            for name in args.roots:
                with server_or_folder(name, Path(folder)) as (s3, root):
                    there = settings_at(Path(folder), s3)
                    tell(name, *rounds(there, root, spool, args.rounds, Path(folder, SERVED)))
        for layout in LAYOUTS:
            print(f"\npeak memory, {layout}: {peak_memory(Path(folder), layout):,.0f} MB", end="")
    print()


def settings_at(folder: Path, s3: S3Settings, root: str = "", layout: str = "files") -> Settings:
    """Settings of the benchmark, all below one folder."""
    store = StoreSettings(root=root or str(folder / "store"), layout=layout)
    return Settings(
        home=str(folder / "home"), lake=LakeSettings(root=str(folder / "lake")), store=store, s3=s3
    )


@contextmanager
def rendered(settings: Settings) -> Iterator[tuple[Spool, int]]:
    """The night's documents, and how many bytes they are."""
    with opened_spool(settings.home) as spool:
        survey(open_playlists(settings, NIGHT), NIGHT, settings.store, spool)
        yield spool, sum(len(body) for _, body in spool)


@contextmanager
def server_or_folder(name: str, folder: Path) -> Iterator[tuple[S3Settings, str]]:
    """Where to write."""
    if name == "folder":
        yield S3Settings(), str(folder / "written")
        return
    with s3_server(folder / SERVED) as s3:
        yield s3, f"s3://{BUCKET}"


def rounds(
    settings: Settings, root: str, spool: Spool, n: int, served: Path
) -> tuple[Times, dict[str, int]]:
    """Seconds of each way, round by round, each into a place of its own that is removed; its objects."""
    times: Times = {way: [] for way in ("raw", *LAYOUTS)}
    n_objects = {}
    for number in range(n):
        for way in times:
            place = f"{root}/{way}-{number}"
            began = time.perf_counter(), time.process_time()
            n_objects[way] = write(way, settings, place, spool)
            times[way].append((time.perf_counter() - began[0], time.process_time() - began[1]))
            shutil.rmtree(place.replace(f"s3://{BUCKET}", f"{served}/{BUCKET}"), ignore_errors=True)
    return times, n_objects


def write(way: str, settings: Settings, place: str, spool: Spool) -> int:
    """Write the night once; returns how many objects."""
    if way == "raw":
        return write_raw(iter(spool), place, settings)
    store = settings.store.model_copy(update={"root": place, "layout": way})
    night = Night(Window.night(NIGHT), settings.model_copy(update={"store": store}))
    publish(night)
    return night.summary.rows_out


def tell(name: str, times: Times, n_objects: dict[str, int]) -> None:
    """Print a row a way."""
    clock, processor = (
        {way: median(pair[n] for pair in pairs) for way, pairs in times.items()} for n in (0, 1)
    )
    for way in times:
        figures = (f"{found[way]:.1f} | {found[way] / found['raw']:.2f}" for found in (clock, processor))
        print(f"| {name} | {way} | {' | '.join(figures)} | {n_objects[way]:,} |", flush=True)


def peak_memory(folder: Path, layout: str) -> float:
    """Peak MB of the stage as a process of its own."""
    settings = settings_at(folder, S3Settings(), str(folder / f"memory-{layout}"), layout)
    environment = {
        "NOCTURNE__HOME": settings.home,
        "NOCTURNE__LAKE__ROOT": settings.lake.root,
        "NOCTURNE__STORE__ROOT": settings.store.root,
        "NOCTURNE__STORE__LAYOUT": layout,
    }
    window = ["--window-start", str(NIGHT), "--window-end", str(NIGHT + DAY)]
    command = [sys.executable, "-m", "jobs.publish", *window]
    subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
    record = read_record(open_store(settings), record_key(NIGHT, "publish"))
    assert record is not None
    return record["peak_memory_mb"]


if __name__ == "__main__":
    main()
