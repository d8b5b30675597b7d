"""The home folder's part for Airflow: where things are, and secrets made once."""

import base64
import json
import os
import secrets
from configparser import RawConfigParser
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jobs.embedded.processes import free_port
from jobs.settings import Settings

USER = "admin"
# A task's token must outlive the longest task.
TOKEN_SECONDS = 24 * 3600


@dataclass(frozen=True)
class AirflowHome:
    """``<home>/airflow``: configuration, logs, the database and what is running."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> "AirflowHome":
        """Return the Airflow home of these settings."""
        return cls(Path(settings.home) / "airflow")

    @property
    def database(self) -> Path:
        """Return PostgreSQL's folder."""
        return self.folder / "postgres"

    @property
    def logs(self) -> Path:
        """Return the folder of the logs of tasks and of Airflow's own processes."""
        return self.folder / "logs"

    @property
    def state_file(self) -> Path:
        """Return the file that says which processes run, on which port."""
        return self.folder / "running.json"

    @property
    def unfinished_file(self) -> Path:
        """Return the file that is there while a backfill is under way."""
        return self.folder / "unfinished"

    @property
    def port_file(self) -> Path:
        """Return the file of the wanted port and the one that was taken for it."""
        return self.folder / "port.json"

    @property
    def password_file(self) -> Path:
        """Return the file of the UI's passwords, as Airflow's simple auth manager reads them."""
        return self.folder / "passwords.json"

    def port(self, wanted: int) -> int:
        """Return a free port: the one that was taken last for the wanted one, else that, or the next up.

        It is remembered, so that links of yesterday lead somewhere today.
        """
        try:
            asked, taken = json.loads(self.port_file.read_text())
        except (FileNotFoundError, ValueError, TypeError):
            asked, taken = None, None
        port = free_port(taken if asked == wanted else wanted)
        self.port_file.write_text(json.dumps([wanted, port]))
        return port

    def password(self) -> str:
        """Return the UI's password, made once."""
        if not self.password_file.exists():
            write_private(self.password_file, json.dumps({USER: secrets.token_urlsafe(12)}))
        return str(json.loads(self.password_file.read_text())[USER])

    def secret(self, name: str) -> str:
        """Return a random key that is made once: 32 bytes in URL-safe base64, as Fernet wants them."""
        path = self.folder / f"{name}.key"
        if not path.exists():
            write_private(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        return path.read_text()

    def write_config(self, settings: Settings, database: str, port: int, nightly: bool) -> None:
        """Write airflow.cfg; only its owner can read it."""
        parser = RawConfigParser()
        parser.read_dict(self._options(settings, database, port, nightly))
        draft = self.folder / "airflow.cfg.draft"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            parser.write(file)
        draft.replace(self.folder / "airflow.cfg")

    def is_nightly(self) -> bool:
        """Return whether the configuration as written lets the scheduler make a run every night."""
        parser = RawConfigParser()
        parser.read(self.folder / "airflow.cfg")
        return parser.getboolean("scheduler", "use_job_schedule")

    def _options(
        self, settings: Settings, database: str, port: int, nightly: bool
    ) -> dict[str, dict[str, object]]:
        self.password()
        return {
            "core": self._core(port) | {"parallelism": settings.airflow.parallelism},
            "database": {
                "sql_alchemy_conn": database,
                "sql_alchemy_conn_async": database.replace("+psycopg2", "+asyncpg"),
            },
            "api": {
                "host": "127.0.0.1",
                "port": port,
                "base_url": f"http://127.0.0.1:{port}",
                "secret_key": self.secret("api"),
            },
            "api_auth": {"jwt_secret": self.secret("jwt")},
            "execution_api": {"jwt_expiration_time": TOKEN_SECONDS},
            "scheduler": {
                # An unpaused DAG would start last night's run at once, landed or not.
                "use_job_schedule": nightly,
                # Tasks are handed over in tenths of a second: a night is a chain of them.
                "scheduler_idle_sleep_time": 0.2,
                # How soon a task is tried again whose process was killed with all its family.
                "task_instance_heartbeat_timeout": 120,
            },
            # A busy machine answers late: after the five seconds of the default a task has ended without
            # a word, and its night waits for the heartbeat's time-out above.
            "workers": {"execution_api_timeout": 60},
            # The DAG is installed with us: it does not change while Airflow is up.
            "dag_processor": {"min_file_process_interval": 600, "refresh_interval": 600},
            "logging": {"base_log_folder": self.logs, "colored_console_log": False},
            "usage_data_collection": {"enabled": False},
        }

    def _core(self, port: int) -> dict[str, object]:
        return {
            "dags_folder": dags_folder(),
            "load_examples": False,
            "executor": "LocalExecutor",
            "dags_are_paused_at_creation": False,
            "fernet_key": self.secret("fernet"),
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": self.password_file,
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
        }


def dags_folder() -> Path:
    """Return where the DAGs are installed."""
    spec = find_spec("dags")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read; fails if it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
