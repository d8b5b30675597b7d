"""``python -m benchmarks.night.kills [--kills 30] [--seed 1]``: what is left of stages that were killed.

A night of a simulated town is run on one warm Spark server, with a copy of lake and store before and
after each Spark stage. Then a stage, in turn, begins on the copy from before, its process is killed (-9)
at a random moment, and the stage is run again. Printed for each: the moment, the operations that the
dead one still has on the server after five seconds, and the tables that differ from the undisturbed
ones. The exit code is 1 if there are any.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.embedded.environment import child_environment, prepare_spark
from jobs.embedded.nights import TOWN_LAST_NIGHT
from jobs.embedded.progress import Progress
from jobs.embedded.warm_spark import running_spark
from jobs.lake.connect import LOCKS
from jobs.settings import Settings, load_settings
from jobs.simulate.town import write_town
from jobs.stages import STAGES, StageSpec, window_argv
from jobs.window import Window
from tests.e2e.nights import House

SECONDS_TO_END = 5.0
# A thread of the server for each operation that it works on, by Spark's own name.
OPERATION = '"SparkConnectExecuteThread_'


@dataclass(frozen=True)
class Trial:
    """The night that is disturbed: where it runs, and how long each stage took undisturbed."""

    settings: Settings
    environment: Mapping[str, str]
    window: Window
    seconds: dict[str, float]

    def start(self, spec: StageSpec) -> subprocess.Popen[bytes]:
        """Start a stage as `nocturne night` does."""
        command = [sys.executable, "-m", spec.module, *window_argv(self.window)]
        return subprocess.Popen(
            command, env=dict(self.environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def run(self, spec: StageSpec) -> None:
        """Run a stage to its end, and note its seconds."""
        began = time.monotonic()
        if code := self.start(spec).wait():
            raise SystemExit(f"{spec.name} failed with exit code {code}")
        self.seconds[spec.name] = time.monotonic() - began

    def copy(self, name: str) -> Path:
        """Return the folder of lake and store as they were at that point."""
        return Path(self.settings.home, "copies", name)

    def keep(self, name: str) -> None:
        """Copy lake and store."""
        for root in (self.settings.lake.root, self.settings.store.root):
            if Path(root).exists():
                shutil.copytree(root, self.copy(name) / Path(root).name)

    def restore(self, name: str) -> None:
        """Put lake and store back as they were."""
        for root in (self.settings.lake.root, self.settings.store.root):
            shutil.rmtree(root, ignore_errors=True)
            if (kept := self.copy(name) / Path(root).name).exists():
                shutil.copytree(kept, root)

    def differences(self, name: str) -> list[str]:
        """Return the tables whose rows are not those of the copy."""
        home = self.copy(name)
        kept = self.settings.model_copy(
            update={"lake": self.settings.lake.model_copy(update={"root": str(home / "lake")})}
        )
        made, expected = House(self.settings).tables(), House(kept).tables()
        names = sorted(made.keys() | expected.keys())
        return [
            n for n in names if n not in made or n not in expected or not made[n].equals(expected[n])
        ]


def operations(home: str) -> int:
    """Return how many operations the server of this home works on."""
    for process in psutil.process_iter(["name"]):
        if process.name() == "java" and any(
            value.startswith(home) for name, value in process.environ().items() if name == LOCKS
        ):
            dump = subprocess.run(
                ["jcmd", str(process.pid), "Thread.print"], capture_output=True, text=True, check=True
            )
            return dump.stdout.count(OPERATION)
    raise SystemExit("no server: NOCTURNE__SPARK__SERVER is false, or Spark is named by the environment")


def kill(trial: Trial, spec: StageSpec, moment: float) -> tuple[int, list[str]]:
    """Kill a stage after so many seconds and run it again; returns operations left and differences."""
    trial.restore(f"before-{spec.name}")
    process = trial.start(spec)
    time.sleep(moment)
    process.kill()
    process.wait()
    time.sleep(SECONDS_TO_END)
    left = operations(trial.settings.home)
    trial.run(spec)
    return left, trial.differences(f"after-{spec.name}")


def main() -> int:
    """Run the night, disturb it, print a row a kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listeners", type=int, default=200)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NOCTURNE__HOME"] = folder
        os.environ["NOCTURNE__SPARK__SERVER"] = "true"
        settings = load_settings()
        write_town(
            Path(settings.landing.root), n_listeners=arguments.listeners, n_tracks=2_000, nights=1,
            first_day=TOWN_LAST_NIGHT, seed=settings.seed,
        )  # fmt: skip
        prepare_spark(settings, Progress())
        with running_spark(settings, child_environment(settings)) as environment:
            trial = Trial(settings, environment, Window.night(TOWN_LAST_NIGHT), {})
            for spec in STAGES:
                trial.keep(f"before-{spec.name}")
                trial.run(spec)
                trial.keep(f"after-{spec.name}")
            stages = [spec for spec in STAGES if spec.spark]
            print(
                f"{'stage':<16}{'killed after':>13}{'of':>7}{'left on server':>16}  tables that differ"
            )
            for n in range(arguments.kills):
                spec = stages[n % len(stages)]
                whole = trial.seconds[spec.name]
                moment = rng.uniform(0.0, whole)
                left, differing = kill(trial, spec, moment)
                faults += bool(left or differing)
                names = ", ".join(differing) or "none"
                print(f"{spec.name:<16}{moment:>11.1f} s{whole:>5.1f} s{left:>16}  {names}", flush=True)
    print(f"{arguments.kills} kills, {faults} with something left or different")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
