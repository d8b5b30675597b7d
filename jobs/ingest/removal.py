"""Taking away what files gave: files that are gone, and files or listeners that are to be forgotten."""

from collections.abc import Mapping, Sequence
from typing import Any

from expectations.landing_files import FORGOTTEN
from jobs.ingest.kinds import KINDS
from jobs.ingest.landing_files import enter_rows, rows_held, strike, yields
from jobs.ingest.newest import refresh_newest
from jobs.ingest.resolution import in_files
from jobs.lake.schemas import literal
from jobs.lake.tables import Lake

Entry = Mapping[str, Any]
# Kinds whose rows are a listener's.
OF_LISTENERS = ("listens", "feedback")


def remove_files(lake: Lake, entries: Sequence[Entry]) -> None:
    """Delete the rows of the files from all tables, then their entries in landing_files.

    ``entries`` are rows of landing_files. Cut off, it is repeated by the next run to the same end.
    """
    remove_rows(lake, entries)
    strike(lake.settings, [entry["landing_file"] for entry in entries])


def remove_rows(lake: Lake, entries: Sequence[Entry]) -> None:
    """Delete the rows of the files from their history, newest and quarantine tables."""
    for kind in KINDS.values():
        names = [entry["landing_file"] for entry in entries if entry["kind"] == kind.name]
        for table in (kind.history, kind.quarantine) if names else ():
            if rows_held(lake.settings, table, names):
                lake.delete(table, in_files(names))
        if names and kind.newest_table and lake.exists(kind.newest_table):
            refresh_newest(lake, kind, in_files(names), anew=True)


def forget_files(lake: Lake, entries: Sequence[Entry]) -> None:
    """Delete the files' rows, and keep the files out until they are delivered again."""
    remove_rows(lake, entries)
    none = dict.fromkeys(
        ("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate", "rows_retold",
         "rows_left_out", "rows_too_old"), 0,
    )  # fmt: skip
    kept = {"status": FORGOTTEN, "reason": "forgotten by a person", "yielded_to": [], "notes": []}
    enter_rows(lake.settings, [dict(entry) | none | kept for entry in entries])


def forget_listener(
    lake: Lake, user_id: str, entries: Sequence[Entry], whole: Sequence[str]
) -> dict[str, int]:
    """Delete the listener's rows of files that are not theirs alone; return how many, by file.

    The files' entries say so: read again as they are, they leave these rows out. So do those of files
    whose rows had yielded to any of the listener's, in these files or in the ``whole`` ones, forgotten
    before.
    """
    removed: dict[str, int] = {}
    of_listener = f"user_id = {literal(user_id)}"
    for kind in (KINDS[name] for name in OF_LISTENERS):
        rows = lake.read(kind.history).where(of_listener)
        found = {
            row.landing_file: row["count"] for row in rows.groupBy("landing_file").count().collect()
        }
        if found:
            removed |= found
            lake.delete(kind.history, of_listener)
        if found and kind.newest_table:
            refresh_newest(lake, kind, in_files(list(found)), anew=True)
    changed = [
        _without(entry, user_id, removed.get(entry["landing_file"], 0))
        for entry in entries
        if entry["landing_file"] in removed or yields(entry, [*whole, *removed])
    ]
    if changed:
        enter_rows(lake.settings, changed)
    return removed


def _without(entry: Entry, user_id: str, n_rows: int) -> dict[str, Any]:
    return dict(entry) | {
        "rows_read": entry["rows_read"] - n_rows,
        "rows_accepted": entry["rows_accepted"] - n_rows,
        "rows_left_out": (entry["rows_left_out"] or 0) + n_rows,
        "forgotten": sorted({*(entry.get("forgotten") or ()), user_id}),
    }
