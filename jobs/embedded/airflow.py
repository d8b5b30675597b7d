"""Airflow on this machine: PostgreSQL, API server, scheduler and DAG processor, started and ended."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from jobs.embedded import warm_python
from jobs.embedded.api import Api
from jobs.embedded.environment import child_environment
from jobs.embedded.home import USER, AirflowHome
from jobs.embedded.postgres import Postgres
from jobs.embedded.processes import end, start, uninterrupted
from jobs.embedded.progress import Progress
from jobs.embedded.warm_spark import WarmSpark
from jobs.errors import NocturneError, UsageError
from jobs.lake.connect import LOCKS
from jobs.settings import Settings

START_SECONDS = 180
AIRFLOW = [sys.executable, "-m", "airflow"]
API_SERVER = {"api-server": [*AIRFLOW, "api-server"]}
COMPONENTS = API_SERVER | {
    # Its log server would listen on every address; here the UI reads the files themselves.
    "scheduler": [*AIRFLOW, "scheduler", "--skip-serve-logs"],
    "dag-processor": [*AIRFLOW, "dag-processor"],
}


@dataclass(frozen=True)
class Running:
    """What is running: its port, a digest of its settings, each component's process id and start."""

    port: int
    settings: str
    processes: dict[str, tuple[int, float]]

    def sessions(self) -> list[int]:
        """Return the sessions that are still ours: a process id that went to another program is not."""
        return [pid for pid, began in self.processes.values() if _unchanged(pid, began)]

    def dead(self) -> list[str]:
        """Return the components that have ended and are missed: stages start by themselves too."""
        needed = {name: process for name, process in self.processes.items() if name != "stages"}
        return [name for name, (pid, began) in needed.items() if not _alive(pid, began)]


def _unchanged(pid: int, began: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - began) < 1
    except psutil.NoSuchProcess:
        return True  # its session may still have members


def _alive(pid: int, began: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - began) < 1
    except psutil.NoSuchProcess:
        return False


class Airflow:
    """The Airflow of one home folder."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self.settings = settings
        self.progress = progress
        self.home = AirflowHome.of(settings)
        self.postgres = Postgres(self.home.database)

    def running(self) -> Running | None:
        """Return what was started and not stopped since."""
        try:
            state = json.loads(self.home.state_file.read_text())
        except FileNotFoundError:
            return None
        processes = {name: tuple(pair) for name, pair in state["processes"].items()}
        return Running(state["port"], state["settings"], processes)

    def is_up(self) -> bool:
        """Return whether every component runs. UsageError if they were started with other settings."""
        running = self.running()
        if running is None or running.dead():
            return False
        if running.settings != digest(self.settings):
            raise UsageError("Airflow is up with other settings: stop it first with `nocturne down`")
        return True

    def api(self) -> Api:
        """Return the REST API of the running Airflow."""
        running = self.running()
        if running is None:
            raise UsageError("Airflow is not running: start it with `nocturne up`")
        return Api(running.port, USER, self.home.password())

    def up(self, nightly: bool) -> Api:
        """Start everything and wait until it works; what a killed run left is ended first."""
        self.down()
        self.home.folder.mkdir(parents=True, exist_ok=True)
        self.progress.now("starting PostgreSQL")
        database = self.postgres.start()
        port = self.home.port(self.settings.airflow.port)
        self.home.write_config(self.settings, database, port, nightly)
        environment = {**child_environment(self.settings), "AIRFLOW_HOME": str(self.home.folder)}
        spark = WarmSpark.wanted(self.settings)
        if warm_python.wanted(self.settings):
            socket = warm_python.airflow_socket(self.settings)
            self._start({"stages": warm_python.command(socket)}, port, environment)
            environment |= warm_python.client(socket)
        if spark:
            environment[LOCKS] = str(spark.locks)
            self._start({"spark": spark.command()}, port, spark.environment(environment))
        self._migrate(environment)
        began = datetime.now(UTC)
        if self.home.unfinished_file.exists():
            self._start(API_SERVER, port, environment)
            self._wait(self.api().answers, "Airflow's API")
            self.cancel_unfinished()
        self._start(COMPONENTS, port, environment)
        api = self.api()
        self._wait(lambda: api.healthy() and (api.parsed_at() or began) > began, "Airflow")
        api.ensure_pools()
        if spark:
            self._wait(spark.answers, "Spark")
        master = self.settings.spark.master
        plain = {"host": master, "port": None, "password": None}
        api.ensure_spark(spark.connection() if spark else plain, master)
        return api

    def keep_up(self, nightly: bool) -> Api:
        """Start everything unless it runs; nothing is left half started."""
        if self.is_up():
            if nightly and not self.home.is_nightly():
                raise UsageError("Airflow is up without --nightly: stop it first with `nocturne down`")
            return self.api()
        try:
            return self.up(nightly)
        except BaseException:
            with uninterrupted():
                self.down()
            raise

    def down(self) -> bool:
        """End everything; returns whether there was anything to end."""
        running = self.running()
        n = end(running.sessions()) if running else 0
        self.home.state_file.unlink(missing_ok=True)
        was_there = self.postgres.process() is not None
        self.postgres.stop()
        return bool(n) or was_there

    def log_of(self, component: str) -> Path:
        """Return the log of one of Airflow's own processes."""
        return self.home.logs / f"{component}.log"

    def _start(
        self, commands: Mapping[str, list[str]], port: int, environment: Mapping[str, str]
    ) -> None:
        running = self.running() or Running(port, digest(self.settings), {})
        for name, command in commands.items():
            if name in running.processes:
                continue
            process = start(command, self.log_of(name), environment, cwd=str(self.home.folder))
            running.processes[name] = (process.pid, psutil.Process(process.pid).create_time())
            # Written after each start, so that a kill in between loses none.
            self._write(running)

    def _write(self, running: Running) -> None:
        draft = self.home.state_file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(running)))
        draft.replace(self.home.state_file)

    def _migrate(self, environment: Mapping[str, str]) -> None:
        from importlib.metadata import version

        done = self.home.folder / f"migrated-{version('apache-airflow-core')}"
        if done.exists():
            return
        self.progress.now("preparing Airflow's database (once)")
        command = [*AIRFLOW, "db", "migrate"]
        made = subprocess.run(
            command,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if made.returncode:
            raise NocturneError(f"Airflow's database could not be prepared:\n{made.stderr[-2000:]}")
        done.touch()

    def cancel_unfinished(self) -> None:
        """End a backfill that was broken off, if there is one."""
        if self.home.unfinished_file.exists():
            self.api().cancel_unfinished()
            self.home.unfinished_file.unlink()

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            self.progress.now(f"starting {what}")
            self.check()
            if time.monotonic() > deadline:
                raise NocturneError(f"{what} did not start in {START_SECONDS} s: see {self.home.logs}")
            time.sleep(0.25)

    def check(self) -> None:
        """Raise if a component has ended by itself, with the end of its log."""
        running = self.running()
        for name in running.dead() if running else ():
            lines = self.log_of(name).read_text(errors="replace").splitlines()[-15:]
            raise NocturneError(
                f"Airflow's {name} has ended; {self.log_of(name)} says:\n" + "\n".join(lines)
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home folder's lock; UsageError if another command that starts or stops has it."""
        self.home.folder.mkdir(parents=True, exist_ok=True)
        with (self.home.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"another nocturne is at work in {self.home.folder.parent}: wait for it, or set "
                    "NOCTURNE__HOME to another folder"
                ) from None
            os.set_inheritable(file.fileno(), False)
            yield


def digest(settings: Settings) -> str:
    """Return a short name for all settings together."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:16]
