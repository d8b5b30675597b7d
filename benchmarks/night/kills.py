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

from benchmarks.night.server import java_machine
from jobs.embedded.environment import child_environment, prepare_spark
from jobs.embedded.nights import TOWN_LAST_NIGHT
from jobs.embedded.progress import Progress
from jobs.embedded.warm_spark import running_spark
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
    """A night in a lake and a store of its own: the undisturbed one, or a copy that is disturbed.

    Copies have paths of their own: the server remembers the tables of a path, whose log may only grow.
    """

    settings: Settings
    environment: Mapping[str, str]
    window: Window

    @classmethod
    def below(cls, folder: Path, settings: Settings, environment: Mapping[str, str]) -> "Trial":
        """Return the night whose lake and store are in that folder."""
        lake, store = str(folder / "lake"), str(folder / "store")
        ours = {"NOCTURNE__LAKE__ROOT": lake, "NOCTURNE__STORE__ROOT": store}
        roots = {"lake": settings.lake.model_copy(update={"root": lake})}
        roots["store"] = settings.store.model_copy(update={"root": store})
        night = Window.night(TOWN_LAST_NIGHT)
        return cls(settings.model_copy(update=roots), {**environment, **ours}, night)

    def start(self, spec: StageSpec) -> subprocess.Popen[bytes]:
        """Start a stage as `nocturne night` does."""
        command = [sys.executable, "-m", spec.module, *window_argv(self.window)]
        with self.log_file.open("wb") as log:
            return subprocess.Popen(command, env=dict(self.environment), stdout=log, stderr=log)

    @property
    def log_file(self) -> Path:
        """Return where the last stage's output is."""
        return Path(self.settings.home, "stage.log")

    def run(self, spec: StageSpec) -> float:
        """Run a stage to its end; returns its seconds."""
        began = time.monotonic()
        if code := self.start(spec).wait():
            raise SystemExit(f"{spec.name} failed with exit code {code}: {self.log_file.read_text()}")
        return time.monotonic() - began

    def copy(self, folder: Path) -> "Trial":
        """Copy lake and store into that folder."""
        other = Trial.below(folder, self.settings, self.environment)
        for root in ("lake", "store"):
            kept, copied = getattr(self.settings, root).root, getattr(other.settings, root).root
            shutil.rmtree(copied, ignore_errors=True)
            if Path(kept).exists():
                shutil.copytree(kept, copied)
        return other

    def differences(self, expected: "Trial") -> list[str]:
        """Return the tables whose rows are not the same."""
        made, theirs = House(self.settings).tables(), House(expected.settings).tables()
        names = sorted(made.keys() | theirs.keys())
        return [n for n in names if n not in made or n not in theirs or not made[n].equals(theirs[n])]


def operations(settings: Settings) -> int:
    """Return how many operations the server of this home works on."""
    command = ["jcmd", str(java_machine(settings).pid), "Thread.print"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.count(OPERATION)


def kill(
    spec: StageSpec, moment: float, before: Trial, after: Trial, folder: Path
) -> tuple[int, list[str]]:
    """Kill a stage after so many seconds and run it again; returns operations left and differences."""
    trial = before.copy(folder)
    process = trial.start(spec)
    time.sleep(moment)
    process.kill()
    process.wait()
    time.sleep(SECONDS_TO_END)
    left = operations(trial.settings)
    trial.run(spec)
    return left, trial.differences(after)


def disturb(undisturbed: Trial, home: Path, kills: int, rng: random.Random) -> int:
    """Run the night, disturb it, print a row a kill; returns how many left or changed something."""
    before, after, seconds = {}, {}, {}
    for spec in STAGES:
        before[spec.name] = undisturbed.copy(home / f"before-{spec.name}")
        seconds[spec.name] = undisturbed.run(spec)
        after[spec.name] = undisturbed.copy(home / f"after-{spec.name}")
    print(f"{'stage':<16}{'killed after':>13}{'of':>7}{'left on server':>16}  tables that differ")
    stages, faults = [spec for spec in STAGES if spec.spark], 0
    for n in range(kills):
        name = stages[n % len(stages)].name
        moment = rng.uniform(0.0, seconds[name])
        left, differing = kill(
            stages[n % len(stages)], moment, before[name], after[name], home / f"kill-{n}"
        )
        faults += bool(left or differing)
        names = ", ".join(differing) or "none"
        print(f"{name:<16}{moment:>11.1f} s{seconds[name]:>5.1f} s{left:>16}  {names}", flush=True)
    return faults


def main() -> int:
    """Make the town and its server, and kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listeners", type=int, default=200)
    arguments = parser.parse_args()
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
            undisturbed = Trial.below(Path(folder, "undisturbed"), settings, environment)
            rng = random.Random(arguments.seed)
            faults = disturb(undisturbed, Path(folder), arguments.kills, rng)
    print(f"{arguments.kills} kills, {faults} with something left or different")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
