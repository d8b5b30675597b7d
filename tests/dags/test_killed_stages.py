"""A killed task takes with it all that its stage has started."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import psutil
import pytest
from airflow.sdk.exceptions import AirflowException

from dags.stage_operators import ProcessStage, SparkStage
from tests.dags.test_stage_operators import context
from tests.embedded.stubs import stub_stages

# A process that starts another, which starts a third, tells all their numbers, and hangs as they do.
HANGS = """
import os, pathlib, subprocess, sys, time
third = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
child = subprocess.Popen([sys.executable, "-c", third], stdout=subprocess.PIPE, text=True)
draft = pathlib.Path(r"{pids}.draft")
draft.write_text(f"{{os.getpid()}} {{child.pid}} {{child.stdout.readline()}}")
draft.rename(r"{pids}")
time.sleep(600)
"""


@pytest.fixture
def pids(tmp_path) -> Path:
    return tmp_path / "pids"


@pytest.fixture
def spec(tmp_path, settings, monkeypatch, pids):
    """A stage that hangs."""
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    stages, _ = stub_stages(tmp_path, {"publish": HANGS.format(pids=pids)})
    return next(spec for spec in stages if spec.name == "publish")


def kill_once_it_hangs(task, pids: Path) -> None:
    """Run the task, kill it when all of its processes are there, and see that none is left."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(task.execute, context())
        while not pids.exists() and not running.done():
            sleep(0.05)
        family = [psutil.Process(int(pid)) for pid in pids.read_text().split()]
        task.on_kill()
        with pytest.raises(AirflowException, match="exit code -9"):
            running.result()
    for process in family:
        while is_alive(process):
            sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_process_stage_and_what_it_started(spec, pids):
    kill_once_it_hangs(ProcessStage(task_id="publish", spec=spec), pids)


def test_a_stage_that_is_a_client_of_a_connect_server(spec, pids, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps({"conn_type": "sc", "host": "there"}))
    kill_once_it_hangs(SparkStage(task_id="publish", spec=spec), pids)


def test_a_submitted_stage_and_the_driver_below_spark_submit(spec, pids, tmp_path, monkeypatch):
    submit = tmp_path / "spark-submit"
    submit.write_text(f"#!{sys.executable}\n{HANGS.format(pids=pids)}")
    submit.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv(
        "AIRFLOW_CONN_SPARK_DEFAULT", json.dumps({"conn_type": "spark", "host": "local[1]"})
    )
    kill_once_it_hangs(SparkStage(task_id="publish", spec=spec), pids)


@pytest.mark.parametrize("kind", [ProcessStage, SparkStage])
def test_a_task_killed_before_it_started_anything(kind, spec):
    kind(task_id="publish", spec=spec).on_kill()
