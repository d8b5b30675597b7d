"""The stages of nights one after the other in one process: ``… one_process 2026-06-27 2026-06-28``."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date

from jobs.settings import load_settings
from jobs.stage import Night, summary_key
from jobs.stages import REPORT, STAGES
from jobs.window import Window


def seconds_of(environment: Mapping[str, str], days: Sequence[date]) -> list[dict[str, float]]:
    """Run the nights in a process of this module; returns each night's seconds by stage."""
    command = [sys.executable, "-m", "benchmarks.night.one_process", *map(str, days)]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def main(days: Sequence[str]) -> None:
    """Run the nights and print their seconds as JSON."""
    from jobs.stage import run_stage
    from tests.e2e.nights import FUNCTIONS, report

    settings, seconds = load_settings(), []
    for day in days:
        night = Window.night(date.fromisoformat(day))
        took = {}
        for spec in (*STAGES, REPORT):
            given = Night(night, settings)
            run_stage(spec.name, {**FUNCTIONS, "report": report}[spec.name], given)
            summary = json.loads(given.store.get(summary_key(given, spec.name)) or b"{}")
            took[spec.name] = summary["seconds"]
        seconds.append(took)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
