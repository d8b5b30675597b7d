"""``python -m benchmarks.exits [--ends 500]``: how processes that have read a table end.

Takes the lake that the settings name, which needs a night (``nocturne run --nights 1``). Every command
that reads tables, and the reading of every stage that is a process of its own, starts in turns, reads
and ends, until ``--ends`` processes have ended. Printed a reader: ends, ends by a signal (a crash), and
ends with another code than its own. Exits with 1 if there was one of either.
"""

import argparse
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jobs.embedded.ending import published_night, read_playlists
from jobs.settings import load_settings

HOUSE = Path(__file__).parents[1]
COMMAND = "from jobs.cli import main; main()"
READS = """
import sys, tempfile
from datetime import date
from pathlib import Path
from jobs.settings import load_settings
from jobs.window import Window
settings, window = load_settings(), Window.night(date.fromisoformat(sys.argv[1]))
"""
STAGES = {
    "ingest": """
from jobs.ingest.ledger import ingested_files, rows_held
rows_held(settings, "listens", list(ingested_files(settings, window.start, window.end)))
""",
    "gate_inputs": """
from jobs.validate.inputs.files import landing_files
landing_files(settings, window)
""",
    "find_neighbors": """
from jobs.neighbors.coding import coded
from jobs.lake.arrow import night_rows
coded(night_rows(settings, "ratings", window.as_of).to_table())
""",
    "train_content": """
from jobs.train.history import read_known
with tempfile.TemporaryDirectory() as folder:
    read_known(settings, window, Path(folder))
""",
    "promote_models": """
from jobs.train.versions import trained_version
trained_version(settings, window)
""",
    "recommend": """
from jobs.recommend.known import read_shelves, read_tracks
read_shelves(settings, window, read_tracks(settings, window))
""",
    "publish": """
from jobs.publish.lists import open_lists
list(open_lists(settings, window.as_of))
""",
    "report": """
from jobs.evaluate.facts import findings, funnel, strategies
strategies(settings, window.as_of), funnel(settings, window.as_of), findings(settings, window.as_of)
""",
}


@dataclass(frozen=True)
class Reader:
    """A process that reads, and the exit code it should have."""

    name: str
    command: tuple[str, ...]
    code: int = 0

    def end(self) -> "tuple[Reader, int]":
        """Start it; returns it with its exit code once it has ended, negative for a signal."""
        command = [sys.executable, *self.command]
        return self, subprocess.run(command, cwd=HOUSE, capture_output=True, check=False).returncode


def readers() -> list[Reader]:
    """Return the commands and stages that read tables."""
    settings = load_settings()
    night = published_night(settings)
    listener = read_playlists(settings, night)["user_id"][0].as_py()
    commands = {
        "playlist": (("playlist", listener), 0),
        "playlist of nobody": (("playlist", "nobody"), 2),
        "playlist of a night": (("playlist", listener, "--date", str(night)), 0),
        "quarantine show": (("quarantine", "show"), 0),
        "models list": (("models", "list"), 0),
        "status": (("status",), 0),
    }
    asked = [
        Reader(f"nocturne {name}", ("-c", COMMAND, *argv), code)
        for name, (argv, code) in commands.items()
    ]
    read = [Reader(name, ("-c", READS + source, str(night))) for name, source in STAGES.items()]
    return [*asked, *read]


def main() -> None:
    """End the readers in turns, and print how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ends", type=int, default=500)
    parser.add_argument("--at-a-time", type=int, default=2)
    arguments = parser.parse_args()
    every = readers()
    with ThreadPoolExecutor(arguments.at_a_time) as pool:
        ended = list(pool.map(Reader.end, islice(cycle(every), arguments.ends)))
    ends = Counter(reader.name for reader, _ in ended)
    crashes = Counter(reader.name for reader, code in ended if code < 0)
    others = Counter(reader.name for reader, code in ended if 0 <= code != reader.code)
    table = Table("reader", "ends", "crashes", "other codes")
    for name in ends:
        table.add_row(name, str(ends[name]), str(crashes[name]), str(others[name]))
    table.add_section()
    table.add_row("all", *(str(column.total()) for column in (ends, crashes, others)))
    Console().print(table)
    sys.exit(bool(crashes or others))


if __name__ == "__main__":
    main()
