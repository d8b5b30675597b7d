"""How a stage runs as a task: argv in, exit code out, its summary into XCom."""

import os
import subprocess
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import BaseOperator, BaseOperatorLink, Connection
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)

import jobs
from dags.asset_events import tell_playlists, tell_published
from dags.night_window import window_of
from jobs.errors import BAD_DATA, NO_INPUT, USAGE, NocturneError
from jobs.lake.connect import REMOTE, TOKEN
from jobs.stages import StageSpec, stage_command, window_argv
from jobs.window import Window

# The same argv on the same data fails again; everything else may be the machine's fault.
NEVER_RETRIED = {
    BAD_DATA: "bad data",
    NO_INPUT: "nothing to work on",
    USAGE: "a wrong argument or setting",
}
N_LAST_LINES = 20


def failure_of(stage: str, exit_code: int | None, last_lines: str = "") -> AirflowException:
    """Return the exception for a failed stage: final for exit codes that retrying cannot heal."""
    tail = f"\n{last_lines}" if last_lines else ""
    if exit_code in NEVER_RETRIED:
        reason = NEVER_RETRIED[exit_code]
        return AirflowFailException(f"{stage}: {reason} (exit code {exit_code}), not retried{tail}")
    return AirflowException(f"{stage}: exit code {exit_code}{tail}")


class StageTask:
    """What both kinds of stage share: window, argv, selection by ``stages``, summary."""

    spec: StageSpec
    log: Any
    _process: "subprocess.Popen[str] | None" = None

    def window(self, context: Mapping[str, Any]) -> Window:
        """Return the run's window; a run without one fails for good, a deselected stage is skipped."""
        if self.spec.name not in context["params"]["stages"]:
            raise AirflowSkipException(f"{self.spec.name} is not among the stages of this run")
        try:
            return window_of(context)
        except NocturneError as error:
            raise AirflowFailException(str(error)) from None

    def argv(self, context: Mapping[str, Any]) -> list[str]:
        """Return the stage's arguments, as the command line passes them."""
        return list(window_argv(self.window(context), context["params"]["force"]))

    def summary(self, window: Window) -> dict[str, Any]:
        """Return what the stage left in the store about this night; AirflowException without it."""
        from jobs.settings import load_settings
        from jobs.stage_record import as_json, read_record, record_key
        from jobs.store import open_store

        store, key = open_store(load_settings()), record_key(window.as_of, self.spec.name)
        record = read_record(store, key)
        if record is None:
            raise AirflowException(
                f"{self.spec.name} left no summary of {window.as_of}: {store.url(key)}"
            )
        return as_json(record)

    def run_process(self, context: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
        """Run the stage as a process of its own, its output into the task's log."""
        environment = os.environ | environment
        command = stage_command(self.spec.module, self.argv(context), environment)
        self.log.info("%s", " ".join(command[1:]))
        last: deque[str] = deque(maxlen=N_LAST_LINES)
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
        ) as self._process:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                self.log.info("%s", line.rstrip())
                last.append(line.rstrip())
        if self._process.returncode:
            raise failure_of(self.spec.name, self._process.returncode, "\n".join(last))
        return self.summary(self.window(context))

    def kill_process(self) -> None:
        """End the process with everything it started."""
        if self._process and self._process.poll() is None:
            kill_tree(self._process.pid)


def client_environment(connection_id: str) -> dict[str, str]:
    """Return what makes a stage a client of the connection's Connect server; {} if it names none.

    The server is the host ``sc://…`` with its port; the password is its token.
    """
    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return {}
    if connection.conn_type == "sc":
        host = f"sc://{connection.host}"
    elif str(connection.host).startswith("sc://"):
        host = str(connection.host)
    else:
        return {}
    port = f":{connection.port}" if connection.port else ""
    return {REMOTE: host + port} | ({TOKEN: connection.password} if connection.password else {})


class SparkStage(StageTask, SparkSubmitOperator):
    """A stage on the Spark that the connection names: ``sc://…`` makes it a process that is a client of
    that Connect server, everything else is a master to which it is submitted as an application."""

    def __init__(self, *, spec: StageSpec, **kwargs: Any) -> None:
        submit = Path(jobs.__file__).with_name("submit.py")
        super().__init__(application=str(submit), name=f"nocturne-{spec.name}", **kwargs)
        self.spec = spec

    def execute(self, context: Any) -> dict[str, Any]:
        """Connect or submit the stage, and wait for it."""
        if client := client_environment(self._conn_id):
            return self.run_process(context, client)
        self.application_args = [self.spec.module.removeprefix("jobs."), *self.argv(context)]
        try:
            super().execute(context)
        except AirflowException as error:
            raise failure_of(self.spec.name, self._exit_code(), str(error)) from None
        return self.summary(self.window(context))

    def _exit_code(self) -> int | None:
        """spark-submit's, which is the stage's own where the driver runs beside it (client mode)."""
        process = self._hook and self._hook._submit_sp
        return process.returncode if process else None

    def on_kill(self) -> None:
        """End the driver with everything it started: the hook alone kills only its Java machine."""
        self.kill_process()
        process = self._hook and self._hook._submit_sp
        if process and process.poll() is None:
            kill_tree(process.pid)
        super().on_kill()


class DataDocsLink(BaseOperatorLink):
    """To the Data Docs of a gate, whether it passed or stopped the night."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; the worker asks when the task has ended. "" without docs."""
        from jobs.validate.docs import docs_prefix

        as_of = window_of(ti_key.get_template_context()).as_of
        return page_link(f"{docs_prefix(as_of, operator.spec.name)}/index.html")


class ReportLink(BaseOperatorLink):
    """To the report of the night."""

    name = "Night report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; the worker asks when the task has ended. "" without a report."""
        as_of = window_of(ti_key.get_template_context()).as_of
        return page_link(f"reports/{as_of}/index.html")


def page_link(page: str) -> str:
    """Return where Airflow's server shows a page of the store; "" if there is none.

    A path without a host: the link is kept, and leads there behind a proxy and on another port too.
    """
    from airflow.configuration import conf

    from dags.report_pages import MOUNT
    from jobs.settings import load_settings
    from jobs.store import open_store

    if open_store(load_settings()).get(page) is None:
        return ""
    below = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{below}{MOUNT}/{page}"


class GateStage(SparkStage):
    """A gate: a stage with a link to what it found."""

    operator_extra_links = (DataDocsLink(),)


class ProcessStage(StageTask, BaseOperator):
    """A stage as a process of its own: killing the task cannot leave a half-dead Spark behind."""

    def __init__(self, *, spec: StageSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec = spec

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the stage, its output into the task's log."""
        return self.run_process(context, {})

    def on_kill(self) -> None:
        """End the process with everything it started."""
        self.kill_process()


class PlaylistsGate(GateStage):
    """The gate of the playlists, whose event says of which night they are."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Hold the gate, and tell what has passed."""
        record = super().execute(context)
        tell_playlists(context, str(self.window(context).as_of), record)
        return record


class PublishStage(ProcessStage):
    """The publication, which has an event when the pointer has moved."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish, and tell what is the newest now."""
        record = super().execute(context)
        tell_published(context, str(self.window(context).as_of), record)
        return record


class ReportStage(ProcessStage):
    """The report: a stage with a link to its page."""

    operator_extra_links = (ReportLink(),)


def kill_tree(pid: int) -> None:
    """SIGKILL a process and all its descendants."""
    import psutil

    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
