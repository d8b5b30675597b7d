"""A real server and real clients: what dies leaves nothing behind, what lives is not disturbed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jobs.embedded.environment import child_environment
from jobs.embedded.processes import members
from jobs.embedded.warm_spark import OTHERS, WarmSpark, running_spark
from jobs.settings import LakeSettings, Settings, SparkSettings

pytestmark = pytest.mark.spark
OPEN = """
import sys, time
from pathlib import Path
from pyspark.sql import functions as F
from jobs.lake.session import open_session
from jobs.settings import load_settings
spark = open_session(load_settings(), sys.argv[1])
folder = Path(sys.argv[2])
"""
WRITES_FOR_A_MINUTE = """
def beat(batches):
    for batch in batches:
        for _ in range(600):
            with (folder / "beat").open("a") as file:
                file.write(f"{time.time()}\\n")
            time.sleep(0.1)
        yield batch
rows = spark.range(2, numPartitions=1).mapInArrow(beat, "id long")
rows.write.format("delta").mode("overwrite").save(str(folder / "table"))
"""
WRITES = """
spark.range(3).write.format("delta").mode("overwrite").save(str(folder / "table"))
print(sorted(row.id for row in spark.read.format("delta").load(str(folder / "table")).collect()))
"""
HIDES = """
spark.range(1).createOrReplaceTempView("mine")
spark.conf.set("spark.sql.shuffle.partitions", "7")
(folder / "ready").touch()
while not (folder / "done").exists():
    time.sleep(0.1)
print([view.name for view in spark.catalog.listTables()])
"""
EMPTY = """
from jobs.lake.session import arrow_frame
from jobs.validate.inputs.stage import DRIFT
frame = arrow_frame(spark, DRIFT.empty_table())
print(frame.count(), frame.columns)
"""
HOLDS = """
import sys, time
from pathlib import Path
from jobs.embedded.environment import child_environment
from jobs.embedded.processes import interruptible
from jobs.embedded.warm_spark import running_spark
from jobs.settings import load_settings
settings = load_settings()
with interruptible(), running_spark(settings, child_environment(settings)):
    time.sleep(600)
"""
SEES = """
print([view.name for view in spark.catalog.listTables()], spark.conf.get("spark.sql.shuffle.partitions"))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The environment of the clients of a server; that of the test run may name a Spark already."""
    home = tmp_path_factory.mktemp("warm")
    spark = SparkSettings(server=True, server_port=17002)
    settings = Settings(home=str(home), spark=spark, lake=LakeSettings(root=str(home / "lake")))
    ours = {"NOCTURNE__HOME": str(home), "NOCTURNE__LAKE__ROOT": settings.lake.root}
    with pytest.MonkeyPatch.context() as patch:
        for name in OTHERS:
            patch.delenv(name, raising=False)
        with running_spark(settings, child_environment(settings) | ours) as environment:
            assert "NOCTURNE_SPARK_LOCKS" in environment
            yield environment


@pytest.fixture
def client(server, tmp_path):
    """Starts a stand-in for a stage."""
    processes = []

    def start(code, stage="ingest"):
        process = subprocess.Popen(
            [sys.executable, "-c", OPEN + code, stage, str(tmp_path)], env=dict(server), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def appears(path: Path) -> None:
    deadline = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def java(server):
    locks = server["NOCTURNE_SPARK_LOCKS"]
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # one may end while we look
            if process.name() == "java" and locks in process.environ().values():
                return process
    raise AssertionError("no server")


def serving(locks: str) -> psutil.Process:
    """The Java machine of the server of these locks, once its Python has started."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with suppress(AssertionError, psutil.Error):
            if (machine := java({"NOCTURNE_SPARK_LOCKS": locks})).children():
                return machine
        time.sleep(0.1)
    raise AssertionError("no server")


def beats(folder: Path) -> list[float]:
    return [float(line) for line in (folder / "beat").read_text().split()]


def test_no_rows_have_their_columns_on_a_server_too(client):
    printed, error = client(EMPTY, "gate_inputs").communicate()
    assert printed == "0 ['feature', 'source', 'psi', 'sentence']\n", error


def test_what_a_killed_stage_had_started_ends_without_a_next_try(client, tmp_path):
    stage = client(WRITES_FOR_A_MINUTE)
    appears(tmp_path / "beat")
    stage.kill()
    killed_at = time.time()
    time.sleep(10)
    assert beats(tmp_path)[-1] < killed_at + 8
    time.sleep(1)
    assert time.time() - beats(tmp_path)[-1] > 2
    assert not list(tmp_path.glob("table/_delta_log/*.json"))


def test_the_next_try_finds_nothing_of_the_killed_one(client, tmp_path):
    stage = client(WRITES_FOR_A_MINUTE)
    appears(tmp_path / "beat")
    stage.send_signal(signal.SIGKILL)
    printed, errors = client(WRITES).communicate(timeout=300)
    assert printed == "[0, 1, 2]\n", errors
    assert len(list(tmp_path.glob("table/_delta_log/*.json"))) == 1


def test_stages_in_flight_share_neither_views_nor_settings(client, tmp_path):
    first = client(HIDES, "build_taste")
    appears(tmp_path / "ready")
    printed, errors = client(SEES, "ingest").communicate(timeout=300)
    assert printed == "[] 4\n", errors
    (tmp_path / "done").touch()
    assert first.communicate(timeout=300)[0] == "['mine']\n"


def test_a_second_process_of_the_same_stage_is_refused(client, tmp_path):
    first = client(HIDES)
    appears(tmp_path / "ready")
    second = client(SEES)
    assert second.wait(300) == 1
    assert "another process is at work on ingest in the same lake" in second.stderr.read()
    (tmp_path / "done").touch()
    assert first.communicate(timeout=300)[0] == "['mine']\n"


def test_a_killed_server_fails_its_stages_and_another_takes_its_place(client, server, tmp_path):
    stage = client(WRITES_FOR_A_MINUTE)
    appears(tmp_path / "beat")
    machine = java(server)
    session = os.getsid(machine.pid)
    workers = machine.children(recursive=True)
    machine.kill()
    assert stage.wait(300) == 1
    printed, errors = client(WRITES).communicate(timeout=300)
    assert printed == "[0, 1, 2]\n", errors
    assert {p.pid for p in workers}.isdisjoint(p.pid for p in members([session]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_server_does_not_outlive_who_started_it(number, tmp_path):
    own = {name: value for name, value in os.environ.items() if name not in OTHERS}
    ours = {"NOCTURNE__HOME": str(tmp_path), "NOCTURNE__SPARK__SERVER": "true"}
    holder = subprocess.Popen([sys.executable, "-c", HOLDS], env=own | ours)
    try:
        machine = serving(str(tmp_path / "spark" / "sessions"))
        session = os.getsid(machine.pid)
    finally:
        holder.send_signal(number)
        holder.wait()
    deadline = time.monotonic() + 120
    while members([session]):
        assert time.monotonic() < deadline, "the server lives"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "name", ["SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE", "AIRFLOW_CONN_SPARK_DEFAULT"]
)
def test_where_a_person_has_named_a_spark_none_is_started(name, monkeypatch):
    for other in OTHERS:
        monkeypatch.delenv(other, raising=False)
    settings = Settings(spark=SparkSettings(server=True))
    assert WarmSpark.wanted(settings) is not None
    monkeypatch.setenv(name, "/opt/spark")
    assert WarmSpark.wanted(settings) is None


@pytest.mark.parametrize("spark", [{"server": False}, {"master": "spark://host:1"}, {"master": "yarn"}])
def test_no_server_is_started_for_a_cluster_or_against_the_settings(spark, monkeypatch):
    for other in OTHERS:
        monkeypatch.delenv(other, raising=False)
    assert WarmSpark.wanted(Settings(spark=SparkSettings(**{"server": True, **spark}))) is None


def test_houses_that_start_at_once_have_servers_of_their_own(monkeypatch):
    for other in OTHERS:
        monkeypatch.delenv(other, raising=False)
    assert len({WarmSpark.wanted(Settings()).port for _ in range(3)}) > 1
