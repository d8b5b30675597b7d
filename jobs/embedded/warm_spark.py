"""Starting the Spark server of this machine, and what makes a stage its client."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import jobs.submit
from jobs.embedded.processes import end, free_port, start, uninterrupted
from jobs.lake.connect import LOCKS, REMOTE, TOKEN, lock
from jobs.settings import Settings

OTHERS = {"SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE", "AIRFLOW_CONN_SPARK_DEFAULT"}
# A file that whoever started the server holds locked for as long as it lives.
HOLDER = "NOCTURNE_SPARK_HOLDER"
SUBMIT = Path(jobs.submit.__file__)
# A Java machine that was killed, or that ended itself for want of memory (3), is started again.
SCRIPT = """\
while :; do
  "$@"
  code=$?
  [ $code -eq 3 ] || [ $code -gt 128 ] || exit $code
done
"""
OPTIONS = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    # What a function carries to the workers travels with the plan.
    "spark.connect.grpc.maxInboundMessageSize": "1g",
    # All sessions share the Python workers.
    "spark.sql.artifact.isolation.enabled": "false",
    # What a night's plans generate fits, and is compiled once for all nights; the default keeps 100.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # It lives for many nights: what Spark remembers of ended queries is for a UI that nobody opens.
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "500",
}


@dataclass(frozen=True)
class WarmSpark:
    """The server at ``port`` of this machine, for whoever has its token."""

    settings: Settings
    port: int
    token: str

    @classmethod
    def wanted(cls, settings: Settings) -> "WarmSpark | None":
        """Return a server to be started; None without one in the settings, with a cluster, or where a
        person has named a Spark or Airflow's connection by the environment."""
        is_local = settings.spark.master.startswith("local")
        if not settings.spark.server or not is_local or OTHERS.intersection(os.environ):
            return None
        return cls(settings, free_port(settings.spark.server_port), secrets.token_urlsafe(16))

    @property
    def url(self) -> str:
        """Return where it is. Spark sends a token without TLS to ``localhost`` only, by this name."""
        return f"sc://localhost:{self.port}"

    @property
    def locks(self) -> Path:
        """Return the folder of the sessions' locks."""
        return Path(self.settings.home, "spark", "sessions")

    def client(self) -> dict[str, str]:
        """Return the environment that makes a stage a client of this server."""
        return {REMOTE: self.url, TOKEN: self.token, LOCKS: str(self.locks)}

    def connection(self) -> dict[str, object]:
        """Return the same for Airflow, as fields of its connection."""
        return {"host": "sc://localhost", "port": self.port, "password": self.token}

    def answers(self) -> bool:
        """Return whether it serves."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def command(self) -> list[str]:
        """Return the command that serves, and serves again after a crash."""
        self.locks.mkdir(parents=True, exist_ok=True)
        options = {**OPTIONS, "spark.connect.grpc.binding.port": str(self.port)}
        conf = [text for name, value in options.items() for text in ("--conf", f"{name}={value}")]
        submit = ["spark-submit", "--master", self.settings.spark.master, *conf]
        return ["/bin/sh", "-c", SCRIPT, "sh", *submit, str(SUBMIT), "embedded.spark_server", self.url]

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the server's own environment: that of stages, less what would make it a client."""
        return {**environment, TOKEN: self.token, LOCKS: str(self.locks)}


@contextmanager
def running_spark(settings: Settings, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Serve, where a server is wanted, and give the environment of its clients; end it after that.

    It ends by itself if this process is killed.
    """
    spark = WarmSpark.wanted(settings)
    if spark is None:
        yield environment
        return
    log_file = Path(settings.home, "logs", "spark.log")
    command = spark.command()
    with TemporaryDirectory() as folder, Path(folder, "holder").open("w") as holder:
        lock(holder)
        theirs = {**spark.environment(environment), HOLDER: holder.name}
        process = start(command, log_file, theirs)
        try:
            # The first stage waits for it; its own imports take as long.
            yield {**environment, **spark.client()}
        finally:
            with uninterrupted():
                end([process.pid])
