"""What the stage tells: counts of the night's files, what was refused, late, or is stale now."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from expectations.landing_files import REFUSED
from jobs.ingest.landing_files import FileCount
from jobs.lake.catalog import LANDING_KINDS
from jobs.window import Window

PARTS = ("read", "accepted", "quarantined", "duplicate")


def night_counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count files and rows of each kind, from rows of landing_files."""
    counts = {kind: dict.fromkeys(("files", *PARTS), 0) for kind in LANDING_KINDS}
    for row in rows:
        counts[row["kind"]]["files"] += 1
        for part in PARTS:
            counts[row["kind"]][part] += row[f"rows_{part}"]
    return counts


def file_details(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return refused files with the reason, columns nobody announced, what else is to be known."""
    return {
        "notes": {r["landing_file"]: r["notes"] for r in rows if r["notes"]},
        "files_refused": {r["landing_file"]: r["reason"] for r in rows if r["status"] == REFUSED},
        "unknown_columns": {
            r["landing_file"]: r["unknown_columns"] for r in rows if r["unknown_columns"]
        },
    }


def matched_shares(counts: Iterable[FileCount]) -> dict[str, dict[str, float]]:
    """Return by file the plays known by names alone, and the share of them that found a track."""
    return {
        count.file.name: {
            "rows": count.n_named,
            "matched": count.n_matched,
            "share": round(count.n_matched / count.n_named, 4),
        }
        for count in counts
        if count.n_named
    }


def late_plays(plays: Mapping[tuple[str, date], int], counts: Iterable[FileCount]) -> dict[date, int]:
    """Count accepted files' plays by the day they were heard on, where that is before they landed."""
    landed = {count.file.name: count.file.landed_on for count in counts if not count.refused}
    late: Counter[date] = Counter()
    for (name, heard), n_plays in plays.items():
        if name in landed and heard < landed[name]:
            late[heard] += n_plays
    return dict(sorted(late.items()))


def stale_nights(
    landed: Iterable[date],
    changed: Iterable[date],
    late: Mapping[date, int],
    made: Iterable[date],
    window: Window,
) -> dict[date, str]:
    """Return the nights already made that rest on other files than there are now, and what can be done.

    ``landed`` and ``changed`` are the landing days of files that are new, and that have changed or gone.
    A night sees what had landed by its end, so every night made since such a day is stale. A play that
    landed after the day on which it was heard belongs to the nights to come, and its night keeps its
    playlists: ``late`` counts those.
    """
    new, other = min(landed, default=date.max), min(changed, default=date.max)
    stale: dict[date, str] = {}
    for night in sorted(day for day in made if not window.start <= day < window.end):
        if night >= other:
            why = "made of files that have changed or gone since"
            stale[night] = f"{why}; re-run with: nocturne night --date {night}"
        elif night >= new:
            stale[night] = f"made before its files came; re-run with: nocturne night --date {night}"
        elif night in late:
            stale[night] = f"{late[night]} of its plays landed later and count from {window.as_of} on"
    return stale


def made_nights(keys: Iterable[str]) -> list[date]:
    """Return nights whose ingestion left a summary, from the store's ``ledger/<as_of>/ingest.json``."""
    days = [key.split("/")[1] for key in keys if key.endswith("/ingest.json")]
    return sorted(map(date.fromisoformat, days))


def still_missing(rows: Iterable[Mapping[str, Any]], window: Window) -> dict[str, str]:
    """Return refused files that landed before the window, with the reason: lists still lack them."""
    return {
        row["landing_file"]: row["reason"]
        for row in rows
        if row["status"] == REFUSED and row["landed_on"] < window.start
    }
