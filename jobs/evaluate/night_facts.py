"""What the night report tells, read from the store and, through delta-rs, from the lake."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc

from expectations.landing_files import REFUSED
from jobs.evaluate.evaluation import published_figures
from jobs.evaluate.judgement import Figure
from jobs.evaluate.outcomes import Outcomes, outcomes
from jobs.lake.arrow import has_night, night_rows, table_rows
from jobs.settings import Settings
from jobs.stage_record import StageRecord
from jobs.store import ObjectStore

Row = dict[str, Any]
# A week of nights tells it: whoever looks once a week has seen it.
TOLD_AGAIN = timedelta(days=7)


@dataclass(frozen=True)
class NightFacts:
    """Facts of one night. Anything may be missing where a stage failed or did not run.

    ``strategies`` is the number of tracks by strategy; ``funnel`` has the mean candidates of a listener
    before and after each filter; ``failed_expectations`` are those that did not hold; ``set_aside``
    the listeners whose own upload is at fault, and ``files`` the landed files with something to tell;
    ``data_docs`` maps a gate to its Data Docs, relative to the report; ``published`` is the newest
    published night; ``evaluation`` is NDCG@10 by contender and slice of the night ``evaluated``,
    ``outcomes`` the tracks of its lists by strategy and outcome.
    """

    as_of: date
    records: Sequence[StageRecord]
    strategies: dict[str, int]
    funnel: Sequence[Row]
    failed_expectations: Sequence[Row]
    set_aside: Sequence[Row]
    files: Sequence[Row]
    data_docs: dict[str, str]
    published: dict[str, Any]
    evaluated: date
    evaluation: Sequence[Figure]
    outcomes: Outcomes

    @property
    def failed(self) -> list[str]:
        """Return the names of the stages that failed."""
        return [record["stage"] for record in self.records if record["error"]]


def read_night_facts(
    settings: Settings, store: ObjectStore, as_of: date, records: Sequence[StageRecord]
) -> NightFacts:
    """Read the facts of the night."""
    evaluated = as_of - timedelta(days=settings.evaluate.days)
    return NightFacts(
        as_of=as_of,
        records=records,
        strategies=strategies(settings, as_of),
        funnel=funnel(settings, as_of),
        failed_expectations=failed_expectations(settings, as_of),
        set_aside=set_aside(settings, as_of),
        files=files(settings, as_of),
        data_docs=data_docs(store, as_of),
        published=published(store),
        evaluated=evaluated,
        evaluation=published_figures(settings, evaluated),
        outcomes=outcomes(settings, evaluated),
    )


def strategies(settings: Settings, as_of: date) -> dict[str, int]:
    """Count the tracks in the lists that the night made, whether they have passed their gate or not, by
    strategy, strategies in order of their names."""
    # Of nights of before there was a staging table, and where its old rows were deleted: what is public.
    is_staged = has_night(settings, "playlists_staged", as_of)
    made = _night(settings, "playlists_staged" if is_staged else "playlists", as_of, ["strategy"])
    counts = pc.value_counts(made["strategy"])
    return {entry["values"]: entry["counts"] for entry in sorted(counts.to_pylist(), key=str)}


def funnel(settings: Settings, as_of: date) -> list[Row]:
    """Return a row a filter, by step: means of n_before and n_after over the night's listeners."""
    rows = _night(settings, "playlist_funnel", as_of, ["step", "filter", "n_before", "n_after"])
    means = rows.group_by(["step", "filter"]).aggregate([("n_before", "mean"), ("n_after", "mean")])
    return [
        {
            "step": row["step"],
            "filter": row["filter"],
            "n_before": row["n_before_mean"],
            "n_after": row["n_after_mean"],
        }
        for row in means.sort_by("step").to_pylist()
    ]


def failed_expectations(settings: Settings, as_of: date) -> list[Row]:
    """Return the night's expectations that did not hold, critical ones first."""
    columns = [
        "gate",
        "table_name",
        "expectation",
        "column_name",
        "severity",
        "success",
        "observed",
        "threshold",
        "reason",
    ]
    rows = _night(settings, "validation_results", as_of, columns).to_pylist()
    failed = [row for row in rows if not row["success"]]
    return sorted(failed, key=lambda row: tuple(str(row[name]) for name in ("severity", *columns[:4])))


def set_aside(settings: Settings, as_of: date) -> list[Row]:
    """Return the night's rows of set_aside, by listener (unknown ones first), file and rule."""
    rows = _night(settings, "set_aside", as_of, None).to_pylist()
    return sorted(rows, key=lambda r: (r["user_id"] or "", r["landing_file"], r["rule"]))


def files(settings: Settings, as_of: date) -> list[Row]:
    """Return files with something to tell, the latest first: landing_file, landed_on, listener and
    ``told``.

    Told is what became of rows that no list is made of, on the night on which the file landed and for
    TOLD_AGAIN after; a refused file as long as its rows are missing, which is for the lookback.
    """
    landed = pc.field("landed_on")
    since = as_of - timedelta(days=settings.lake.lookback_days)
    rows = table_rows(settings, "landing_files").to_table(filter=(landed > since) & (landed <= as_of))
    found = [{**row, "told": _told(row)} for row in rows.to_pylist()]
    wanted = [
        {name: row[name] for name in ("landing_file", "landed_on", "listener", "told")}
        for row in found
        if row["told"] and (row["status"] == REFUSED or row["landed_on"] > as_of - TOLD_AGAIN)
    ]
    return sorted(wanted, key=lambda row: (-row["landed_on"].toordinal(), row["landing_file"]))


def _told(file: Row) -> str:
    if file["status"] == REFUSED:
        return f"refused: {file['reason']}"
    bad = file["rows_quarantined"]
    quarantined = [f"{bad:,} of {file['rows_read']:,} rows quarantined"] if bad else []
    return "; ".join([*quarantined, *(file["notes"] or ())])


def data_docs(store: ObjectStore, as_of: date) -> dict[str, str]:
    """Return the front page of each gate's Data Docs, relative to the report."""
    root = f"reports/{as_of}/"
    pages = [key.removeprefix(root) for key in store.list(f"{root}data_docs/")]
    fronts = [page.split("/") for page in pages]
    return {
        parts[1]: "/".join(parts) for parts in fronts if len(parts) == 3 and parts[2] == "index.html"
    }


def published(store: ObjectStore) -> dict[str, Any]:
    """Return the pointer to the newest published playlists; empty if there is none that can be read."""
    try:
        pointer = json.loads(store.get("playlists/latest.json") or b"{}")
    except ValueError:
        return {}
    return pointer if isinstance(pointer, dict) else {}


def _night(settings: Settings, name: str, as_of: date, columns: list[str] | None) -> Any:
    return night_rows(settings, name, as_of).to_table(columns=columns)
