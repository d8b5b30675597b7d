"""`nocturne run`: landing, nights through a real backfill, and what came of them."""

import os
import time
from collections.abc import Mapping
from datetime import date

from rich.console import Console

from jobs.embedded.airflow import Airflow
from jobs.embedded.api import Api
from jobs.embedded.backfill import Backfill
from jobs.embedded.doctor import require_java
from jobs.embedded.environment import prepare_spark
from jobs.embedded.night_result import show_result
from jobs.embedded.nights import Nights, require_folder, without_gaps, write_town_if_absent
from jobs.embedded.processes import interruptible, uninterrupted
from jobs.embedded.progress import Progress
from jobs.errors import UsageError
from jobs.lake.remembered_landing import remember_landing
from jobs.settings import PREFIX, Settings

# What the DAG's parameter asks for, too.
MIN_NOTE = 3


def run(
    settings: Settings,
    n_nights: int | None,
    force: str | None = None,
    console: Console | None = None,
    given: Mapping[str, str] | None = None,
) -> int:
    """Make the last nights and show the last; returns the exit code. With ``force``, a note, they pass
    failed gates; ``given`` are the settings that came as options."""
    if force is not None and len(force) < MIN_NOTE:
        raise UsageError(f"--force {force!r} is no note: say who lets the nights through, and why")
    if _is_said():
        require_folder(settings)  # before a home is made for it
    require_java()
    progress = Progress(console)
    airflow = Airflow(settings, progress)
    with airflow.lock(), interruptible():
        try:
            _land(settings, progress)
            nights = Nights.landed(settings, n_nights)
            remember_landing(settings)
            failed = _make(nights, airflow, progress, force)
        except KeyboardInterrupt:
            progress.say("interrupted: nothing of it runs any more, and the next run continues")
            raise
        finally:
            progress.close()
    last = max(nights.inputs)
    if last not in failed:
        show_result(progress.console, settings, last, given)
    return 1 if failed else 0


def _land(settings: Settings, progress: Progress) -> None:
    if _is_said():
        return
    progress.now("simulating a town of listeners")
    if write_town_if_absent(settings):
        progress.say(f"a simulated town has landed in {settings.landing.root}")


def _is_said() -> bool:
    """Whether a person has named a landing: no town is made in its place."""
    return f"{PREFIX}LANDING__ROOT" in os.environ


def _make(nights: Nights, airflow: Airflow, progress: Progress, force: str | None) -> list[date]:
    """Run what is stale; returns the nights that failed."""
    stale = nights.stale()
    n_done = len(nights.inputs) - len(stale)
    if not stale:
        progress.say(f"nothing to do: {_nights(n_done)} made of these inputs already")
        return []
    if n_done:
        progress.say(f"{_nights(n_done)} made of these inputs already; {len(stale)} to run")
    prepare_spark(airflow.settings, progress)
    was_up = airflow.is_up()
    try:
        began = time.monotonic()
        api = airflow.api() if was_up else airflow.up(nightly=False)
        progress.say(f"Airflow is up ({time.monotonic() - began:.0f} s), its UI is {api.url}")
        return _backfill(nights, stale, airflow, api, progress, force)
    finally:
        with uninterrupted():
            progress.now("stopping what was started")
            airflow.cancel_unfinished() if was_up else airflow.down()


def _backfill(
    nights: Nights,
    stale: list[date],
    airflow: Airflow,
    api: Api,
    progress: Progress,
    force: str | None,
) -> list[date]:
    for night in stale:
        nights.forget(night)
    failed = []
    began = time.monotonic()
    for consecutive in without_gaps(stale):
        for night, success in Backfill(airflow, api, consecutive, progress, force).run():
            seconds, began = time.monotonic() - began, time.monotonic()
            progress.say(f"{night}  {'done' if success else 'FAILED'} in {seconds:.0f} s")
            if success:
                nights.done(night)
            else:
                failed.append(night)
    return failed


def _nights(n: int) -> str:
    return "1 night is" if n == 1 else f"{n} nights are"
