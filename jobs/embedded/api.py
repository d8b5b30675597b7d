"""Airflow's REST API, as much of it as the command line needs."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as midnight
from typing import Any
from urllib.parse import quote

from jobs.errors import NocturneError
from jobs.stages import REPORT, STAGES

SPARK = "spark_default"
DAG_ID = "nightly_discover"
TIMEOUT_SECONDS = 30
SERVER_ERROR = 500
CONFLICT = 409
NOT_FOUND = 404
N_REPEATS = 5
REPEAT_SECONDS = 2.0


class ApiError(NocturneError):
    """Airflow answered with an error."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Api:
    """A client of one Airflow on this machine."""

    port: int
    user: str
    password: str = field(repr=False)
    _token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Return where the UI is."""
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request below /api/v2; returns its JSON answer. A GET that fails is sent again."""
        if not self._token:
            login = {"username": self.user, "password": self.password}
            self._token = self._send("POST", f"{self.url}/auth/token", login)["access_token"]
        for _ in range(N_REPEATS if method == "GET" else 0):
            try:
                return self._send(method, f"{self.url}/api/v2/{path}", body)
            except (ApiError, OSError) as error:
                if isinstance(error, ApiError) and error.status < SERVER_ERROR:
                    raise
                time.sleep(REPEAT_SECONDS)
        return self._send(method, f"{self.url}/api/v2/{path}", body)

    def _send(self, method: str, url: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - http, ours
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise ApiError(f"Airflow refused {method} {url}: {error.code} {text}", error.code) from None

    def healthy(self) -> bool:
        """Return whether database, scheduler and DAG processor all answer."""
        try:
            health = self._send("GET", f"{self.url}/api/v2/monitor/health", None)
        except (OSError, ApiError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)

    def answers(self) -> bool:
        """Return whether the API itself is up."""
        try:
            self._send("GET", f"{self.url}/api/v2/version", None)
        except (OSError, ApiError):
            return False
        return True

    def ensure_pools(self) -> None:
        """Make a pool of one slot for each writer of tables."""
        there = {pool["name"] for pool in self.call("GET", "pools?limit=100")["pools"]}
        for writer in dict.fromkeys(spec.writer for spec in (*STAGES, REPORT)):
            name = f"nocturne_{writer}"
            if name not in there:
                self.call("POST", "pools", {"name": name, "slots": 1, "include_deferred": False})

    def ensure_spark(self, fields: Mapping[str, object], master: str) -> None:
        """Set ``spark_default`` if there is none or one that we have made: an earlier server's of this
        machine, or the ``master`` of the settings.

        Without one Airflow would take yarn; another one is a person's choice.
        """
        body = {"connection_id": SPARK, "conn_type": "spark", **fields}
        try:
            there = self.call("GET", f"connections/{SPARK}")
            if str(there["host"]).startswith("sc://localhost") or there["host"] == master:
                self.call("PATCH", f"connections/{SPARK}", body)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            self.call("POST", "connections", body)

    def parsed_at(self) -> datetime | None:
        """Return when the DAG processor last read the night; None if it never did."""
        try:
            dag = self.call("GET", f"dags/{DAG_ID}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return None
        return datetime.fromisoformat(dag["last_parsed_time"])

    def backfill(self, first: date, last: date, force: str | None = None) -> int:
        """Start a backfill of these nights, one after the other, done before or not; returns its id.

        With ``force``, a note, they pass failed gates.
        """
        body = {
            "dag_id": DAG_ID,
            "from_date": datetime.combine(first, midnight(), UTC).isoformat(),
            "to_date": datetime.combine(last, midnight(), UTC).isoformat(),
            "max_active_runs": 1,
            "reprocess_behavior": "completed",
            "run_on_latest_version": True,
            # Always said: a run that is there already would keep the note of its last time.
            "dag_run_conf": {"force": force} if force else {},
        }
        return int(self.call("POST", "backfills", body)["id"])

    def end_backfill(self, number: int) -> None:
        """Mark a backfill as complete, unless Airflow just did."""
        try:
            self.call("PUT", f"backfills/{number}/cancel")
        except ApiError as error:
            if error.status != CONFLICT:
                raise

    def running_nights(self) -> set[str]:
        """Return the nights that are at work, each by its first day."""
        runs = self.call("GET", f"dags/{DAG_ID}/dagRuns?state=running&limit=100")["dag_runs"]
        return {
            (run.get("conf") or {}).get("window_start") or str(run["logical_date"])[:10] for run in runs
        }

    def cancel_unfinished(self) -> None:
        """End what an interrupted run left: its backfill, and runs that nothing works on any more."""
        for backfill in self.call("GET", f"backfills?dag_id={DAG_ID}&limit=100")["backfills"]:
            if backfill["completed_at"] is None:
                self.end_backfill(backfill["id"])
        for state in ("running", "queued"):
            runs = self.call("GET", f"dags/{DAG_ID}/dagRuns?state={state}&limit=100")["dag_runs"]
            for run in runs:
                path = f"dags/{DAG_ID}/dagRuns/{quote(run['dag_run_id'])}"
                self.call("PATCH", path, {"state": "failed"})
