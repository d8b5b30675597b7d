"""A night of a tiny town on the real Airflow: interrupted, continued, killed, asked for once more."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import psutil
import pytest

from jobs import fork_client
from jobs.embedded.airflow import Airflow
from jobs.embedded.processes import members
from jobs.embedded.progress import Progress, stage_number
from jobs.embedded.warm_spark import OTHERS
from jobs.lake.connect import session_id
from jobs.settings import AirflowSettings
from jobs.simulate.town import write_town
from tests.e2e.nights import House

pytestmark = pytest.mark.e2e
NIGHTS = [date(2026, 6, 28)]


@pytest.fixture
def town(settings, tmp_path):
    """Settings whose landing is a town; ports and homes of a developer are left alone."""
    root = tmp_path / "landing"
    write_town(root, n_listeners=60, n_tracks=600, first_day=NIGHTS[0], nights=len(NIGHTS), seed=1)
    return settings.model_copy(update={"airflow": AirflowSettings(port=18080)})


@pytest.fixture
def nocturne(town):
    """Starts `nocturne run` on the town, as from a terminal."""
    ours = {
        "NOCTURNE__HOME": town.home,
        "NOCTURNE__AIRFLOW__PORT": str(town.airflow.port),
        "NOCTURNE__TRAIN__EPOCHS": "1",
    }
    # Spark's own names are this test process's, not the person's.
    environment = {name: value for name, value in os.environ.items() if name not in OTHERS} | ours
    argv = ["--landing", town.landing.root, "--lake", town.lake.root, "--store", town.store.root]
    code = "from jobs.cli import main; main()"
    running = []

    def start(server):
        process = subprocess.Popen(
            [sys.executable, "-c", code, "run", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**environment, "NOCTURNE__SPARK__SERVER": server}, start_new_session=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
    Airflow(town, Progress()).down()


def ours(folder):
    """Processes that work in the test's folder."""
    return [
        p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])
    ]


def java_of(process, airflow, stage):
    """The Java machine that works on a stage, once its Python has joined it."""
    while process.poll() is None:
        running = airflow.running()
        for member in members(running.sessions()) if running else ():
            with suppress(psutil.NoSuchProcess):
                command = " ".join(member.cmdline())
                if member.name() == "java" and f"submit.py {stage} " in command and member.children():
                    return member
        time.sleep(0.1)
    raise AssertionError(process.stdout.read())


def client_of(process, airflow, stage, session):
    """The process of a stage, once its session on the server is open, as its lock file says."""
    while process.poll() is None:
        running = airflow.running()
        for member in members(running.sessions()) if running else ():
            with suppress(psutil.NoSuchProcess):
                if (
                    member.cmdline()[1:3] == [fork_client.__file__, f"jobs.{stage}"]
                    and session.exists()
                    and session.read_text()
                ):
                    return member
        time.sleep(0.1)
    raise AssertionError(process.stdout.read())


def test_nights_interrupted_and_killed_end_as_undisturbed_ones(nocturne, town, tmp_path, _session):
    airflow = Airflow(town, Progress())
    first = nocturne(server="false")
    java_of(first, airflow, "ingest")
    sessions = airflow.running().sessions()
    first.send_signal(signal.SIGINT)
    printed, _ = first.communicate()
    assert "interrupted: nothing of it runs any more" in printed
    assert first.returncode == 130
    assert members(sessions) == []
    assert ours(tmp_path) == []

    second = nocturne(server="true")
    session = Path(town.home, "spark", "sessions", session_id(town, "build_taste"))
    client_of(second, airflow, "taste", session).kill()
    printed, _ = second.communicate()
    assert second.returncode == 0, printed
    assert "build_taste     UP FOR RETRY" in printed
    for night in NIGHTS:
        for stage in ("ingest", "recommend", "publish", "report"):
            assert f"{night} {stage_number(stage):>5} {stage}" in printed
    assert "nocturne playlist listener-" in printed
    assert ours(tmp_path) == []

    undisturbed = House.below(tmp_path / "undisturbed", Path(town.landing.root))
    for night in NIGHTS:
        undisturbed.run(night)
    made, expected = House(town).tables(), undisturbed.tables()
    assert list(made) == list(expected)
    for name, rows in made.items():
        assert rows.equals(expected[name]), name
    published = House(town).published()
    assert published == undisturbed.published()

    third = nocturne(server="true")
    printed, _ = third.communicate()
    assert third.returncode == 0
    assert "nothing to do: 1 night is made of these inputs already" in printed
    assert "Airflow is up" not in printed
    assert House(town).published() == published
