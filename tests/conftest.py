"""One Spark session and one TensorFlow per test run; a lake, a store and settings per test."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.embedded.environment import child_environment
from jobs.embedded.warm_spark import running_spark
from jobs.lake.connect import LOCKS, REMOTE, TOKEN
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.settings import (
    LakeSettings,
    LandingSettings,
    S3Settings,
    Settings,
    SparkSettings,
    StoreSettings,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

SHARED = Path(os.environ.get("NOCTURNE_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test skips, visibly, where there is none (CI always has it)."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("no real data here: set NOCTURNE_SHARED to the shared folder")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose every folder is the test's own."""
    return Settings(
        home=str(tmp_path / "home"),
        landing=LandingSettings(root=str(tmp_path / "landing")),
        lake=LakeSettings(root=str(tmp_path / "lake")),
        store=StoreSettings(root=str(tmp_path / "store")),
    )


@pytest.fixture(scope="session")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark in this process; with NOCTURNE_TESTS_SERVER=1 a session of a Connect server instead."""
    home = str(tmp_path_factory.mktemp("spark"))
    spark = SparkSettings(master="local[2]", server=bool(os.environ.get("NOCTURNE_TESTS_SERVER")))
    settings = Settings(home=home, spark=spark)
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with running_spark(settings, child_environment(settings) | environment) as client:
        for name in (REMOTE, TOKEN, LOCKS) if settings.spark.server else ():
            os.environ[name] = client[name]
        session = open_session(settings, "tests")
        yield session
        session.stop()


@pytest.fixture
def spark(_session: SparkSession) -> SparkSession:
    """The session of the test run, without anything an earlier test left in its catalog."""
    _session.catalog.clearCache()
    for table in _session.catalog.listTables():
        _session.catalog.dropTempView(table.name)
    return _session


@pytest.fixture
def lake(spark: SparkSession, settings: Settings) -> Lake:
    """An empty lake."""
    return Lake(spark, settings)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Settings]:
    """A server that speaks S3, in a process of its own."""
    port = _free_port()
    with _served(port, sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)) as s3:
        yield s3


@pytest.fixture
def atomic_s3(tmp_path: Path) -> Iterator[S3Settings]:
    """The S3 server of docker/compose.yaml, whose conditional writes are atomic; skips without it."""
    binary = shutil.which("versitygw")
    if binary is None:
        pytest.skip("no versitygw on PATH: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    port = _free_port()
    user = ["--access", "test", "--secret", "test", "--port", f"127.0.0.1:{port}"]
    with _served(port, binary, *user, "posix", str(tmp_path)) as s3:
        yield s3


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def _served(port: int, *command: str) -> Iterator[S3Settings]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, server)
        yield S3Settings(endpoint_url=f"http://127.0.0.1:{port}", path_style=True)
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int, server: subprocess.Popen) -> None:
    for _ in range(600):
        assert server.poll() is None, "the S3 server did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the S3 server does not answer")
