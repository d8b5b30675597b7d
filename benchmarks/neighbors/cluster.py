"""``python -m benchmarks.neighbors.cluster``: the same rows on any Spark, in any blocks, after a kill.

Runs the stage on one night of ratings with local[1], local[2] and a standalone cluster of two workers
that it starts, in 1, 7 and 64 blocks, by broadcast and by shuffle; then once more on the cluster while
one of its executors is killed. Prints a Markdown table of rows, checksums and seconds, and exits with
1 if two checksums differ.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pyspark

from benchmarks.neighbors.contenders import DAY, force_blocks, settings_in, write_ratings
from benchmarks.neighbors.matrices import music_like

RATINGS = 4_000
WAYS = ("broadcast", "shuffle")


@contextmanager
def standalone_cluster(folder: str) -> Iterator[str]:
    """A master and two workers of one core each; yields the master's URL."""
    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_WORKER_DIR": folder,
    }
    port = _free_port()
    url = f"spark://127.0.0.1:{port}"
    package = "org.apache.spark.deploy"
    any_port = ["--host", "127.0.0.1", "--webui-port", "0"]
    worker = [f"{package}.worker.Worker", *any_port, "-c", "1", "-m", "2g", url]
    commands = [[f"{package}.master.Master", *any_port, "--port", str(port)], worker, worker]

    def start(command: list[str]) -> subprocess.Popen[bytes]:
        spark_class = str(home / "bin" / "spark-class")
        return subprocess.Popen([spark_class, *command], env=environment, stderr=subprocess.DEVNULL)

    running = []
    try:
        for command in commands:
            running.append(start(command))
            time.sleep(5)
        yield url
    finally:
        for process in running:
            _end(process.pid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(pid: int) -> None:
    process = psutil.Process(pid)
    for each in [*process.children(recursive=True), process]:
        each.kill()
    process.wait()


def executors() -> list[int]:
    """Executors that the cluster started by this run holds: descendants of our parent process."""
    ours = psutil.Process(os.getppid()).children(recursive=True)
    return [each.pid for each in ours if "CoarseGrainedExecutorBackend" in " ".join(each.cmdline())]


def kill_midway(spark: Any) -> None:
    """Wait until some tasks of a Spark stage are done and others not, then kill an executor."""
    tracker = spark.sparkContext.statusTracker()
    while True:
        for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
            if stage and 0 < stage.numCompletedTasks < stage.numTasks:
                os.kill(executors()[0], signal.SIGKILL)
                return
        time.sleep(0.01)


def once(master: str, blocks: int, way: str, kill: bool) -> dict[str, Any]:
    """Run the stage in this process; rows, checksum and seconds."""
    from jobs.lake.arrow import night_rows
    from jobs.lake.session import open_session
    from jobs.neighbors import stage
    from jobs.stage import Night
    from jobs.window import Window

    force_blocks(blocks)
    with tempfile.TemporaryDirectory() as folder:
        neighbors = {"min_overlap": 3, "broadcast_mb": 512 if way == "broadcast" else 1}
        settings = settings_in(folder, neighbors)
        settings = settings.model_copy(
            update={"spark": settings.spark.model_copy(update={"master": master})}
        )
        stage.BYTES_A_ROW = 160 if way == "broadcast" else 2**40
        write_ratings(settings, music_like(RATINGS), DAY)
        spark = open_session(settings, "benchmark")
        killer = threading.Thread(target=kill_midway, args=(spark,), daemon=True)
        if kill:
            killer.start()
        began = time.perf_counter()
        stage.find_neighbors(Night(Window.night(DAY), settings))
        seconds = time.perf_counter() - began
        if kill and killer.is_alive():
            sys.exit("the stage was over before an executor could be killed")
        rows = night_rows(settings, "neighbors", DAY).to_table()
        table = rows.to_pandas().sort_values(["user_id", "band", "rank"])
    checksum = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()[:16]
    return {"rows": len(table), "checksum": checksum, "seconds": round(seconds, 1)}


def in_process(master: str, blocks: int, way: str, kill: bool) -> dict[str, Any]:
    """The same in a process of its own."""
    arguments = ["--once", json.dumps([master, blocks, way, kill])]
    command = [sys.executable, "-m", "benchmarks.neighbors.cluster", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Run all and compare."""
    if "--once" in sys.argv:
        print(json.dumps(once(*json.loads(sys.argv[-1]))))
        return 0
    checksums = set()
    print("| Spark | blocks | matrix by | rows | checksum | s |\n|---|---:|---|---:|---|---:|")
    with tempfile.TemporaryDirectory() as folder, standalone_cluster(folder) as cluster:
        runs = [("local[1]", 1, "broadcast", False), ("local[2]", 7, "broadcast", False)]
        runs += [("local[2]", 7, "shuffle", False), ("local[2]", 64, "broadcast", False)]
        runs += [(cluster, 7, way, False) for way in WAYS] + [(cluster, 7, "shuffle", True)]
        for master, blocks, way, kill in runs:
            found = in_process(master, blocks, way, kill)
            checksums.add(found["checksum"])
            name = ("two workers" if "://" in master else master) + ", an executor killed" * kill
            cells = f"{found['rows']} | {found['checksum']} | {found['seconds']}"
            print(f"| {name} | {blocks} | {way} | {cells} |", flush=True)
    return int(len(checksums) > 1)


if __name__ == "__main__":
    sys.exit(main())
