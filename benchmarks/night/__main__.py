"""``python -m benchmarks.night [--nights 3] [--listeners 500]``: where the seconds of a night go.

The nights of a simulated town are run twice, each on a lake of its own: by stages that are processes,
clients of one warm Spark server, as ``nocturne night`` runs them; and by the same stage functions in
one process that is a client too. Printed for the last night: a process's seconds, the stage's own in
it (the rest is start and end), its seconds in the one process; and the ratio of the sums.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console

from benchmarks.night.one_process import seconds_of
from benchmarks.night.server import java_machine
from jobs.embedded.direct import DirectNight
from jobs.embedded.environment import child_environment, prepare_spark
from jobs.embedded.nights import TOWN_LAST_NIGHT
from jobs.embedded.progress import Progress, StageEnd
from jobs.embedded.warm_spark import running_spark
from jobs.settings import Settings, load_settings
from jobs.simulate.town import write_town
from jobs.stage import Night
from jobs.stages import REPORT, STAGES
from jobs.window import Window


class Ends(Progress):
    """Keeps what ended instead of printing it."""

    def __init__(self) -> None:
        super().__init__(Console(file=StringIO()))
        self.ends: dict[str, StageEnd] = {}

    def ended(self, end: StageEnd) -> None:
        """A stage has ended."""
        self.ends[end.stage] = end


def main() -> None:
    """Make the town, run its nights both ways, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=3)
    parser.add_argument("--listeners", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NOCTURNE__HOME"] = folder
        os.environ["NOCTURNE__SPARK__SERVER"] = "true"
        settings = load_settings()
        first = TOWN_LAST_NIGHT - timedelta(days=arguments.nights - 1)
        town = {"n_listeners": arguments.listeners, "n_tracks": 5_000, "nights": arguments.nights}
        write_town(Path(settings.landing.root), first_day=first, seed=settings.seed, **town)
        prepare_spark(settings, Progress())
        days = [first + timedelta(days=n) for n in range(arguments.nights)]
        with running_spark(settings, child_environment(settings)) as environment:
            by_processes = [_night(settings, environment, day) for day in days]
            tell_server(settings)
            ours = {
                "NOCTURNE__LAKE__ROOT": f"{folder}/lake-1",
                "NOCTURNE__STORE__ROOT": f"{folder}/store-1",
            }
            in_one = seconds_of({**environment, **ours}, days)
            tell_server(settings)
    for ends, alone in zip(by_processes, in_one, strict=True):
        tell(ends, alone)


def _night(settings: Settings, environment: Mapping[str, str], day: date) -> dict[str, StageEnd]:
    progress = Ends()
    code = DirectNight(Night(Window.night(day), settings), environment, progress).run(STAGES)
    if code:
        raise SystemExit(f"{day} failed: {progress.console.file.getvalue()}")
    return progress.ends


def tell(ends: Mapping[str, StageEnd], alone: Mapping[str, float]) -> None:
    """Print a night's table."""
    print(f"{'stage':<16}{'process':>9}{'of it own':>11}{'one process':>13}")
    for spec in (*STAGES, REPORT):
        end = ends[spec.name]
        own = end.summary.get("seconds", 0.0)
        print(f"{spec.name:<16}{end.seconds:>9.1f}{own:>11.1f}{alone[spec.name]:>13.1f}")
    total, warm = sum(end.seconds for end in ends.values()), sum(alone.values())
    print(f"{'sum':<16}{total:>9.1f}{'':>11}{warm:>13.1f}   ratio {total / warm:.2f}\n")


def tell_server(settings: Settings) -> None:
    """Print the server's heap after a collection, and the memory of its processes."""
    process = java_machine(settings)
    subprocess.run(["jcmd", str(process.pid), "GC.run"], capture_output=True, check=False)
    heap = subprocess.run(
        ["jcmd", str(process.pid), "GC.heap_info"], capture_output=True, text=True, check=False
    ).stdout
    used = sum(int(line.split("used ")[1].split("K")[0]) for line in heap.splitlines() if "Gen" in line)
    family = [process, *process.children(recursive=True)]
    resident = sum(each.memory_info().rss for each in family)
    memory = f"heap {used / 1024:.0f} MB, resident {resident / 2**20:.0f} MB"
    print(f"server: {memory}, {len(family)} processes")


if __name__ == "__main__":
    sys.exit(main())
