"""What the table ``evaluations`` says of the lists of a week ago: against their own history, and against
popularity. What a night knows of it: evaluations of nights whose days of plays ended before it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from jobs.lake.arrow import table_rows
from jobs.settings import Settings
from jobs.window import DAY

# Four weeks before the judged night, five of them at least: a week that is no holiday.
HISTORY, MIN_NIGHTS = 28 * DAY, 5
METRIC = "NDCG@10"
FINDING = pa.schema([
    ("finding", pa.string()), ("surely_worse", pa.bool_()), ("sentence", pa.string()),
])  # fmt: skip
COLUMNS = ["as_of", "contender", "value", "low", "high", "difference", "difference_low"]


@dataclass(frozen=True)
class Finding:
    """What was found about one expectation; ``surely_worse`` is None where nobody can tell."""

    finding: str
    surely_worse: bool | None
    sentence: str


def read_findings(settings: Settings, as_of: date) -> pa.Table:
    """Return the findings that a night's gate looks at, as rows of ``FINDING``."""
    last = as_of - (settings.evaluate.days + 1) * DAY
    rows = _figures(settings, last)
    found = [against_history(rows, last), against_popularity(rows, last)]
    return pa.Table.from_pylist([asdict(one) for one in found], FINDING)


def _figures(settings: Settings, last: date) -> list[dict[str, Any]]:
    night = ds.field("as_of")
    wanted = (night >= last - HISTORY) & (night <= last)
    for name, value in (("task", "discovery"), ("slice", "all"), ("metric", METRIC)):
        wanted &= ds.field(name) == value
    rows = table_rows(settings, "evaluations").to_table(columns=COLUMNS, filter=wanted)
    return list(rows.to_pylist())


def against_history(rows: Sequence[dict[str, Any]], night: date) -> Finding:
    """Say whether the whole interval of the night's lists lies below the middle of the intervals' lower
    ends of the nights before."""
    name = "lists_are_as_good_as_before"
    published = {row["as_of"]: row for row in rows if row["contender"] == "published"}
    before = [row["low"] for day, row in published.items() if day < night and row["low"] is not None]
    tonight = published.get(night)
    if tonight is None or tonight["high"] is None:
        return Finding(name, None, f"the lists of {night} have not been evaluated")
    told = f"{METRIC} of the lists of {night}: {tonight['value']:.4f}, at most {tonight['high']:.4f}"
    if len(before) < MIN_NIGHTS:
        return Finding(name, None, f"{told}; {len(before)} nights before: not judged")
    usual = median(before)
    worse = bool(tonight["high"] < usual)
    return Finding(name, worse, f"{told}; usually at least {usual:.4f} ({len(before)} nights)")


def against_popularity(rows: Sequence[dict[str, Any]], night: date) -> Finding:
    """Say whether popularity's lists are better by an interval that lies above 0."""
    name = "lists_beat_popularity"
    peer = next((row for row in rows if (row["as_of"], row["contender"]) == (night, "popularity")), None)
    if peer is None or peer["difference_low"] is None:
        return Finding(name, None, f"the lists of {night} have not been evaluated")
    told = f"{METRIC} of popularity less that of the lists of {night}"
    told = f"{told}: {peer['difference']:+.4f}, at least {peer['difference_low']:+.4f}"
    return Finding(name, bool(peer["difference_low"] > 0), told)
