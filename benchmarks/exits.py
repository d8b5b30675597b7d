"""``python -m benchmarks.exits [--ends 500] [--only NAME …]``: how processes that read tables end.

A small town in ``--folder`` is made by the first call and used again. There every command that only
reads, every stage that needs no Spark, and every snippet of the README and of docs that reads our
tables is started ``--ends`` times, two at a time. Printed for each: ends, crashes (ends by a signal, as
by abort: 134 in a shell), and ends with another code than its own. Exits with 1 if there was one.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.table import Table

from jobs.embedded.nights import TOWN_LAST_NIGHT, write_town_if_absent
from jobs.errors import USAGE
from jobs.settings import PREFIX, Settings, load_settings
from jobs.stages import REPORT, STAGES, window_argv
from jobs.store import open_store
from jobs.window import Window
from models.registry import Registry

HOUSE = Path(__file__).parents[1]
# Where the snippets look for it, from the folder they run in.
HOME = ".nocturne"
COMMAND = "from jobs.cli import main; main()"
TOWN = {
    "TOWN__N_LISTENERS": "60",
    "TOWN__N_TRACKS": "600",
    "TOWN__NIGHTS": "1",
    "TRAIN__EPOCHS": "1",
    "SPARK__SERVER": "false",
}
# Stages that write are started one at a time: two would rightly refuse to write one table.
WRITING = Lock()


@dataclass(frozen=True)
class Ending:
    """A process to start, and the exit code it should have."""

    name: str
    command: tuple[str, ...]
    code: int = 0
    writes: bool = False

    def end(self, folder: Path) -> int:
        """Start it in the folder; return its exit code once it has ended, negative for a signal."""
        command = [sys.executable, *self.command]
        with WRITING if self.writes else nullcontext():
            return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def open_town(folder: Path) -> Settings:
    """Return the settings of the town in the folder, its night made if it is not yet."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ |= {f"{PREFIX}{name}": value for name, value in TOWN.items()}
    os.environ[f"{PREFIX}HOME"] = str(folder / HOME)
    os.environ["PYTHONPATH"] = str(HOUSE)
    folder.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    write_town_if_absent(settings)
    if not any(open_store(settings).list(f"playlists/runs/{TOWN_LAST_NIGHT}-")):
        night = [sys.executable, "-c", COMMAND, "night", "--date", str(TOWN_LAST_NIGHT)]
        subprocess.run(night, cwd=folder, check=True)
    return settings


def endings(settings: Settings) -> list[Ending]:
    """Return the commands, the stages and the snippets that read tables."""
    return [*commands(settings), *stages(), *snippets(HOUSE)]


def commands(settings: Settings) -> Iterator[Ending]:
    """Yield the commands that only read."""
    night, listener = str(TOWN_LAST_NIGHT), "listener-00007"
    champion = Registry(open_store(settings), "content").champion()
    argvs = {
        ("playlist", listener): 0,
        ("playlist", listener, "--date", night): 0,
        ("playlist", "nobody"): USAGE,
        ("quarantine", "show"): 0,
        ("landing", "show"): 0,
        ("models", "list"): 0,
        ("status",): 0,
        ("doctor",): 0,
    }
    if champion:
        argvs[("models", "show", champion.version)] = 0
        argvs[("models", "compare", champion.version, champion.version)] = 0
    for argv, code in argvs.items():
        yield Ending(f"nocturne {' '.join(argv)}", ("-c", COMMAND, *argv), code)


def stages() -> Iterator[Ending]:
    """Yield the stages that need no Spark, for the last night, which they make again."""
    argv = window_argv(Window.night(TOWN_LAST_NIGHT))
    for spec in (*STAGES, REPORT):
        if not spec.spark:
            yield Ending(spec.name, ("-m", spec.module, *argv), writes=True)


def snippets(house: Path) -> Iterator[Ending]:
    """Yield each block of Python in the README and in docs that reads the tables of a home folder."""
    for page in (house / "README.md", *sorted((house / "docs").rglob("*.md"))):
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        for number, block in enumerate((block for block in blocks if f"{HOME}/" in block), 1):
            yield Ending(f"{page.relative_to(house)}, block {number}", ("-c", block))


def run_ends(
    chosen: Sequence[Ending], folder: Path, n_ends: int, at_a_time: int
) -> Mapping[Ending, Counter[int]]:
    """Start each ``n_ends`` times, in turns; return how often each ended with which code."""
    turns = [ending for _ in range(n_ends) for ending in chosen]
    codes: dict[Ending, Counter[int]] = {ending: Counter() for ending in chosen}
    with ThreadPoolExecutor(at_a_time) as pool:
        for ending, code in zip(turns, pool.map(lambda each: each.end(folder), turns), strict=True):
            codes[ending][code] += 1
    return codes


def as_table(codes: Mapping[Ending, Counter[int]]) -> tuple[Table, int]:
    """Return a row for each ending and one for all, and how many ends were not as they should be."""
    table = Table("command", "ends", "crashes", "other codes")
    totals = [0, 0, 0]
    for ending, ended in codes.items():
        crashes = sum(n for code, n in ended.items() if code < 0)
        others = sum(n for code, n in ended.items() if 0 <= code != ending.code)
        row = [ended.total(), crashes, others]
        totals = [total + n for total, n in zip(totals, row, strict=True)]
        table.add_row(ending.name, *map(str, row))
    table.add_section()
    table.add_row("all", *map(str, totals))
    return table, totals[1] + totals[2]


def main() -> None:
    """Make the town if need be, end everything, and print how."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exits", description=__doc__)
    parser.add_argument("--ends", type=int, default=500, help="of each (500)")
    parser.add_argument("--at-a-time", type=int, default=2, help="processes (2)")
    parser.add_argument("--folder", type=Path, default=HOUSE / HOME / "exits", help="of the town")
    parser.add_argument("--only", nargs="*", default=[""], help="names, or parts of names")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    every = endings(open_town(folder))
    chosen = [ending for ending in every if any(part in ending.name for part in arguments.only)]
    table, n_wrong = as_table(run_ends(chosen, folder, arguments.ends, arguments.at_a_time))
    Console().print(table)
    sys.exit(bool(n_wrong))


if __name__ == "__main__":
    main()
