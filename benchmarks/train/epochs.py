"""What training costs as the table grows: ``python -m benchmarks.train.epochs --rows 1000000 10000000``.

For each size, a process for our path (Delta, Arrow, scratch files, tf.data) and one for a bare Keras fit
of the same network on in-memory arrays of the same batch size: seconds of the last of three epochs, peak
resident memory. Sizes whose arrays would not fit into memory are fitted bare in part.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import LakeSettings, Settings, TrainSettings
from jobs.window import Window

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
LAST = date(2026, 6, 30)
N_DAYS, N_USERS, N_TRACKS, N_EPOCHS = 50, 20_000, 50_000, 3
MOST_BARE = 10_000_000


def make_lake(settings: Settings, n_rows: int) -> None:
    """Plays of as many listeners and tracks at any size, whose skips lean on one feature."""
    rng = np.random.default_rng(0)
    values = rng.random((N_TRACKS, 13))
    tracks, users = names("t", N_TRACKS), names("u", N_USERS)
    write(settings, "audio_features_history", feature_rows(tracks, values))
    for day in range(N_DAYS):
        n = n_rows // N_DAYS
        track = (N_TRACKS * rng.random(n) ** 3).astype(np.int64)
        skipped = rng.random(n) < 0.2 + 0.4 * values[track, 0]
        at = datetime.combine(LAST - timedelta(days=N_DAYS - 1 - day), datetime.min.time(), UTC)
        ids = pa.array(np.arange(n) + day * n).cast(pa.string())
        listens = {
            "listen_id": ids,
            "user_id": users.take(pa.array(rng.integers(0, N_USERS, n))),
            "track_id": tracks.take(pa.array(track)),
            "listened_at": pa.array(np.sort(rng.integers(0, 86_400_000_000, n)) + micros(at)),
            "ms_played": pa.array(np.where(skipped, 9_000, 200_000)),
            "skipped": pa.array(skipped),
            "listened_on": at.date(),
            "landed_on": at.date(),
        }
        write(settings, "listens", listens)


def names(prefix: str, n: int) -> pa.Array:
    """Ids of the usual length."""
    return pa.array([f"{prefix}-{i:020d}" for i in range(n)])


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return int(at.timestamp()) * 1_000_000


def feature_rows(tracks: pa.Array, values: np.ndarray) -> dict[str, Any]:
    """The 13 features of all tracks, landed before the first play."""
    from models.features import FEATURES

    columns = {name: pa.array(values[:, i]) for i, name in enumerate(FEATURES)}
    whole = {
        name: pa.array((values[:, 2] * 12).astype(int)) for name in ("key", "mode", "time_signature")
    }
    lengths = {"duration_ms": pa.array(np.full(len(values), 200_000))}
    landed = {"landed_on": LAST - timedelta(days=N_DAYS)}
    return {"track_id": tracks, **columns, **whole, **lengths, **landed}


def write(settings: Settings, name: str, columns: dict[str, Any]) -> None:
    """Append columns to a table; a column that is one value, or missing, is the same in all rows."""
    schema = arrow_schema(TABLES[name])
    n = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        value = columns.get(field.name)
        if value is None and not field.nullable:
            value = "made"
        column = (
            value if isinstance(value, pa.Array) else pa.array([value]).take(pa.array(np.zeros(n, int)))
        )
        arrays.append(column.cast(field.type))
    path, partition = f"{settings.lake.root}/{name}", TABLES[name].partition
    write_deltalake(
        path, pa.Table.from_arrays(arrays, schema=schema), mode="append", partition_by=[partition]
    )


def train(settings: Settings) -> dict[str, float]:
    """Our path: seconds to prepare, seconds of an epoch, plays fitted to."""
    from jobs.train.examples import examples
    from jobs.train.history import read_known
    from jobs.train.plays import scratch
    from jobs.train.stage import fit_config
    from models.content_network.fit import compiled, fitting_batches, prepare_tensorflow, scaling_of

    with scratch(settings) as folder:
        began = time.perf_counter()
        known = read_known(settings, Window.night(LAST), folder)
        assert known is not None
        found = examples(known, settings, folder)
        prepared = time.perf_counter() - began
        prepare_tensorflow(settings.seed)
        config = fit_config(settings)
        batches = fitting_batches(found, scaling_of(found), config, settings.seed)
        seconds = last_epoch(lambda: compiled(config), batches)
        return {"prepare": prepared, "epoch": seconds, "rows": found.n_fitting}


def bare(settings: Settings, n_rows: int) -> dict[str, float]:
    """Keras alone, on arrays of the network's inputs."""
    from jobs.train.stage import fit_config
    from models.content_network.fit import compiled, prepare_tensorflow
    from models.content_network.inputs import N_PROFILE_INPUTS, N_TASTE_INPUTS, N_TRACK_INPUTS

    rng, k = np.random.default_rng(0), settings.taste.n_tastes
    sizes = {"track": (N_TRACK_INPUTS,), "tastes": (k, N_TASTE_INPUTS), "log_shares": (k,)}
    sizes["profile"] = (N_PROFILE_INPUTS,)
    x = {name: rng.random((n_rows, *size), np.float32) for name, size in sizes.items()}
    y = (rng.random(n_rows) < 0.7).astype(np.float32)
    prepare_tensorflow(settings.seed)
    config = fit_config(settings)
    more = {"y": y, "sample_weight": np.ones(n_rows, np.float32), "batch_size": config.batch_size}
    return {"epoch": last_epoch(lambda: compiled(config), x, **more), "rows": n_rows}


def last_epoch(network: Callable[[], Any], x: Any, **more: Any) -> float:
    """Seconds of the last epoch; the first ones trace and warm up."""
    import keras

    class Clock(keras.callbacks.Callback):
        seconds = 0.0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.seconds = time.perf_counter() - self.began

    clock = Clock()
    network().fit(x, epochs=N_EPOCHS, callbacks=[clock], verbose=0, **more)
    return clock.seconds


def measured(way: str, lake: str, n_rows: int) -> dict[str, float]:
    """One way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.train.epochs", "--only", way, "--lake", lake]
    done = subprocess.run([*command, "--rows", str(n_rows)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def line(n_rows: int, scratch: str) -> str:
    """One size as a row of the table."""
    lake = f"{scratch}/{n_rows}"
    make_lake(settings_of(lake), n_rows)
    ours, theirs = measured("ours", lake, n_rows), measured("bare", lake, min(n_rows, MOST_BARE))
    per_row = [found["epoch"] / found["rows"] * 1e6 for found in (ours, theirs)]
    cells = [
        f"{n_rows:,}", f"{ours['rows']:,}", f"{ours['prepare']:.1f}", f"{ours['epoch']:.1f}",
        f"{per_row[0]:.2f}", f"{per_row[1]:.2f}", f"{per_row[0] / per_row[1]:.2f}",
        f"{ours['peak']:,.0f}", f"{theirs['peak']:,.0f} ({theirs['rows']:,} rows)",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def settings_of(lake: str) -> Settings:
    """The night's settings, on this lake."""
    home = f"{lake}-home"
    return Settings(home=home, lake=LakeSettings(root=lake), train=TrainSettings(epochs=N_EPOCHS))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--only", choices=["ours", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--lake", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help="where the tables are made; default: temporary")
    args = parser.parse_args()
    if args.only:
        settings = settings_of(args.lake)
        found = train(settings) if args.only == "ours" else bare(settings, args.rows[0])
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    print("| rows | fitted to | prepare s | epoch s | µs a row | bare Keras µs a row | ratio | peak MiB "
          "| bare peak MiB |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        for n_rows in args.rows:
            print(line(n_rows, scratch), flush=True)


if __name__ == "__main__":
    main()
