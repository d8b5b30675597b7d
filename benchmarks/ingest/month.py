"""A real month as it should land, and as months do land: are the tables the same?

    python -m benchmarks.ingest.month --tool ../shared/tools/make_landing.py

5 % of plays and words land one to five days late, 2 % of all rows twice; lines are shuffled, and then
every file lands once more under another name. Prints a Markdown table of rows, clean and messy.
"""

import argparse
import gzip
import random
import tempfile
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.ingest.landing import LAST, make_landing, settings_for
from jobs.ingest.stage import ingest_landing
from jobs.lake.catalog import LANDING_KINDS, TABLES
from jobs.stage import Night
from jobs.window import Window

# When and in which file a row came is what the two months differ in.
OF_THE_LANDING = ("landed_on", "landing_file", "first_seen_on", "updated_on")


def main() -> None:
    """Make both months, ingest each in a lake of its own, compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.month")
    parser.add_argument("--tool", type=Path, required=True, help="make_landing.py")
    parser.add_argument("--per-night", type=int, default=5_000)
    parser.add_argument("--nights", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nocturne-month-") as folder:
        root = Path(folder)
        make_landing(arguments.tool, root / "clean", arguments.nights, arguments.per_night)
        make_a_mess(root / "clean", root / "messy", random.Random(7))
        lakes = {name: ingested(root, name, arguments.nights) for name in ("clean", "messy")}
        print("| table | clean rows | messy rows | |\n|---|---:|---:|---|")
        for kind in LANDING_KINDS:
            clean, messy = rows(lakes["clean"], kind), rows(lakes["messy"], kind)
            verdict = "equal" if clean.equals(messy) else "DIFFERENT"
            print(f"| {kind} | {clean.height:,} | {messy.height:,} | {verdict} |")


def make_a_mess(clean: Path, messy: Path, dice: random.Random) -> None:
    """Lay the files of the landing once more, late, repeated, shuffled and twice."""
    for kind in LANDING_KINDS:
        landed: dict[date, list[bytes]] = {}
        for path in sorted((clean / kind).rglob("*.jsonl.gz")):
            day = date.fromisoformat(path.parent.name.removeprefix("date="))
            for line in gzip.decompress(path.read_bytes()).splitlines():
                late = kind in ("listens", "feedback") and dice.random() < 0.05
                at = min(day + timedelta(days=dice.randint(1, 5)), LAST) if late else day
                landed.setdefault(at, []).extend([line] * (2 if dice.random() < 0.02 else 1))
        for day, lines in landed.items():
            for name in ("part.jsonl.gz", "again.jsonl.gz"):
                path = messy / kind / f"date={day}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                body = b"\n".join(dice.sample(lines, len(lines))) + b"\n"
                path.write_bytes(gzip.compress(body, 1))


def ingested(root: Path, name: str, n_nights: int) -> Path:
    """The lake of a landing, ingested in two runs."""
    settings = settings_for(root / name, root / f"{name}_house")
    for night in (LAST - timedelta(days=n_nights // 2), LAST):
        ingest_landing(Night(Window.night(night), settings))
    return Path(settings.lake.root)


def rows(lake: Path, table: str) -> pl.DataFrame:
    """The table's rows without what tells how they landed, by its key."""
    found = pl.read_delta(str(lake / table))
    return found.drop(OF_THE_LANDING, strict=False).sort(TABLES[table].key)


if __name__ == "__main__":
    main()
