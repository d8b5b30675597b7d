"""The town's listening beside that of real logs; nothing is asserted.

``python -m benchmarks.town.realism --data ../shared/data [--nights 60] [--seed 1]``

A row a log: median listens on a day of listening, share of days of listening followed by one the day
after, mean days in between, share of listens of a track heard before in the same 60 days, share of
listens that fall to 1 % and 10 % of the tracks, and skip rates at the 1st, 5th, 10th and 20th place of a
list, or of a session (listens less than half an hour apart).
"""

import argparse
import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np

from jobs.settings import RecommendSettings
from jobs.simulate.closed_loop import TownSize, live
from jobs.simulate.realism import RANKS, WINDOW_DAYS, Realism, describe, realism, top_share

SESSION_S = 1800
NAN = float("nan")


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--nights", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    names = [field.name for field in fields(Realism) if field.name != "skips"]
    print(f"{'':24}" + "".join(f"{name:>9}" for name in [*names, *(f"skip@{rank}" for rank in RANKS)]))
    town = live("fixed-.1", given.seed, TownSize(500, 3000, given.nights), RecommendSettings())
    rows = chain([(f"town {given.seed}", realism(town))], real(given.data))
    for name, of_log in rows:
        values = [*(getattr(of_log, field) for field in names), *of_log.skips]
        print(f"{name:24}" + "".join(f"{'':>9}" if np.isnan(v) else f"{v:9.3f}" for v in values))


def real(data: Path) -> Iterator[tuple[str, Realism]]:
    """Describe the logs that there are."""
    file = data / "scrobbles" / "pavelgar_ts_scrobbles.csv.gz"
    if file.exists():
        yield "scrobbles, one listener", of_one_listener(*read_scrobbles(file))
    file = data / "spotify_history" / "magicpolygon_sample.csv"
    if file.exists():
        skips = skips_by_place(*read_history(file))
        yield "export, one listener", Realism(NAN, NAN, NAN, NAN, NAN, NAN, skips)
    file = data / "sessions" / "nowplaying_train.jsonl.gz"
    if file.exists():
        with gzip.open(file, "rt") as lines:
            counts = np.bincount([item for line in lines for item in json.loads(line)["items"]])
        shares = [top_share(np.sort(counts[counts > 0])[::-1], share) for share in (0.01, 0.1)]
        yield "sessions, all listeners", Realism(NAN, NAN, NAN, NAN, *shares, ())


def read_scrobbles(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return day and track of each listen, in the order in which they were heard."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        rows = sorted((row["ts"], row["artist"], row["track"]) for row in csv.DictReader(lines))
    day = np.array([datetime.fromisoformat(ts).toordinal() for ts, _, _ in rows])
    return day - day.min(), np.unique([f"{a}\t{t}" for _, a, t in rows], return_inverse=True)[1]


def of_one_listener(day: np.ndarray, track: np.ndarray) -> Realism:
    """Describe each 60 days of a log apart, and return the means."""
    found = []
    for first in range(0, int(day.max()) - WINDOW_DAYS + 2, WINDOW_DAYS):
        rows = (day >= first) & (day < first + WINDOW_DAYS)
        if rows.any():
            found.append(describe(np.zeros(rows.sum(), int), day[rows], track[rows]))
    names = [field.name for field in fields(Realism) if field.name != "skips"]
    return Realism(*(float(np.nanmean([getattr(one, name) for one in found])) for name in names), ())


def read_history(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the second of each listen of an export, and whether it was skipped, by time."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = sorted(
            (datetime.fromisoformat(row["ts"]).timestamp(), row["skipped"] == "True")
            for row in csv.DictReader(lines)
        )
    at, skipped = zip(*rows, strict=True)
    return np.array(at), np.array(skipped)


def skips_by_place(at: np.ndarray, skipped: np.ndarray) -> tuple[float, ...]:
    """Return the skip rate at ``RANKS`` places of sessions; NaN of fewer than 20 listens."""
    new = np.diff(at, prepend=-np.inf) > SESSION_S
    place = np.arange(len(at)) - np.maximum.accumulate(np.where(new, np.arange(len(at)), 0)) + 1
    rates = []
    for rank in RANKS:
        there = skipped[place == rank]
        rates.append(float(there.mean()) if len(there) >= 20 else NAN)
    return tuple(rates)


if __name__ == "__main__":
    main()
