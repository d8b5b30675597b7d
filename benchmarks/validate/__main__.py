"""``python -m benchmarks.validate [ROWS ...]``: seconds of the input gate on nights of so many plays.

Prints a Markdown table: the whole gate (in a session that is up, the second of two runs), the suites
within it, and a bare scan of the same rows for scale.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import FEATURES, TABLES
from jobs.lake.schemas import arrow_schema
from jobs.lake.session import open_session
from jobs.settings import LakeSettings, Settings, StoreSettings
from jobs.stage import Night
from jobs.validate import runner
from jobs.validate.inputs.stage import gate_inputs
from jobs.window import Window

NIGHT = date(2026, 6, 28)
N_TRACKS, N_LISTENERS, CHUNK = 40_000, 200_000, 500_000
SOURCES = np.array(["library", "playlist", "album", "search", "radio"])


def main(sizes: list[int]) -> None:
    """Measure nights of these sizes."""
    print("| plays | whole gate | suites | bare scan |\n|---:|---:|---:|---:|")
    for n_plays in sizes:
        with TemporaryDirectory() as folder:
            whole, suites, scan = measure(Path(folder), n_plays)
        print(f"| {n_plays:,} | {whole:.1f} s | {suites:.1f} s | {scan:.1f} s |", flush=True)


def measure(folder: Path, n_plays: int) -> tuple[float, float, float]:
    """Seconds of the gate, of the suites in it, and of a scan of every column of its listens."""
    settings = Settings(
        lake=LakeSettings(root=str(folder / "lake")), store=StoreSettings(root=str(folder / "store"))
    )
    write_night(folder / "lake", n_plays)
    spark = open_session(settings, "benchmark")
    suites: list[float] = []
    bare = runner.check

    def timed(context: object, batch: runner.Batch, window: Window) -> object:
        began = time.perf_counter()
        found = bare(context, batch, window)
        suites[-1] += time.perf_counter() - began
        return found

    runner.check = timed  # type: ignore[assignment]
    for _ in range(2):
        suites.append(0.0)
        whole = seconds(lambda: gate_inputs(Night(Window.night(NIGHT), settings, "benchmark")))
    runner.check = bare
    listens = spark.read.format("delta").load(str(folder / "lake" / "listens"))
    return whole, suites[-1], seconds(lambda: listens.write.format("noop").mode("overwrite").save())


def seconds(work: Callable[[], object]) -> float:
    """Seconds that the work took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def write_night(lake: Path, n_plays: int) -> None:
    """Tables of one night: ``n_plays`` listens of a Zipf catalog, its tracks and their features."""
    rng = np.random.default_rng(20260628)
    for begin in range(0, n_plays, CHUNK):
        _append(lake, "listens", plays(rng, begin, min(CHUNK, n_plays - begin)))
    ids = [track_id(number) for number in range(1, N_TRACKS + 1)]
    landed = {"landed_on": [NIGHT] * N_TRACKS, "landing_file": ["file"] * N_TRACKS}
    names = {"track_id": ids, "title": ids, "artist": ids, "artist_ids": [["artist"]] * N_TRACKS}
    lengths = {"duration_ms": [200_000] * N_TRACKS}
    _append(lake, "tracks_history", {**names, **lengths, **landed})
    whole = dict.fromkeys(("key", "mode", "time_signature"), [1] * N_TRACKS)
    features = {name: rng.random(N_TRACKS) for name in FEATURES} | whole | lengths
    source = {"source": ["given"] * N_TRACKS}
    _append(lake, "audio_features_history", {"track_id": ids, **features, **source, **landed})


def plays(rng: np.random.Generator, begin: int, n: int) -> dict[str, object]:
    """Columns of listens, with ids as long as real ones."""
    midnight = datetime.combine(NIGHT, datetime.min.time(), UTC)
    return {
        "listen_id": [f"{number:032x}" for number in range(begin, begin + n)],
        "user_id": [f"listener-{number:08d}" for number in rng.integers(0, N_LISTENERS, n)],
        "track_id": [track_id(number) for number in np.minimum(rng.zipf(1.3, n), N_TRACKS)],
        "listened_at": [midnight + timedelta(seconds=int(s)) for s in rng.integers(0, 86_400, n)],
        "ms_played": rng.integers(0, 300_000, n),
        "skipped": rng.random(n) < 0.2,
        "source": SOURCES[rng.integers(0, len(SOURCES), n)],
        "listened_on": [NIGHT] * n,
        "landed_on": [NIGHT] * n,
        "landing_file": ["file"] * n,
    }


def track_id(number: int) -> str:
    """An id as long as Spotify's."""
    return f"spotify:track:{number:022d}"


def _append(lake: Path, name: str, columns: dict[str, object]) -> None:
    schema = arrow_schema(TABLES[name])
    n = len(columns["track_id"])  # type: ignore[arg-type]
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(arrays, schema=schema)
    partition = TABLES[name].partition
    write_deltalake(
        str(lake / name), table, mode="append", partition_by=[partition] if partition else None
    )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [20_000, 1_000_000])
