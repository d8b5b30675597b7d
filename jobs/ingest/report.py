"""What the stage tells: counts of the night's files, what was refused, late, or is stale now."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from jobs.ingest.ledger import REFUSED, FileCount
from jobs.lake.catalog import LANDING_KINDS
from jobs.window import Window

PARTS = ("read", "accepted", "quarantined", "duplicate")


def night_counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Files and rows of each kind, from the ledger's rows."""
    counts = {kind: dict.fromkeys(("files", *PARTS), 0) for kind in LANDING_KINDS}
    for row in rows:
        counts[row["kind"]]["files"] += 1
        for part in PARTS:
            counts[row["kind"]][part] += row[f"rows_{part}"]
    return counts


def file_details(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Refused files with the reason, and columns nobody announced."""
    return {
        "files_refused": {r["landing_file"]: r["reason"] for r in rows if r["status"] == REFUSED},
        "unknown_columns": {
            r["landing_file"]: r["unknown_columns"] for r in rows if r["unknown_columns"]
        },
    }


def matched_shares(counts: Iterable[FileCount]) -> dict[str, dict[str, float]]:
    """By file: plays known by names alone, and the share of them that found a track."""
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
    """Accepted files' plays by the day on which they were heard, where that is before they landed."""
    landed = {count.file.name: count.file.landed_on for count in counts if not count.refused}
    late: Counter[date] = Counter()
    for (name, heard), n_plays in plays.items():
        if name in landed and heard < landed[name]:
            late[heard] += n_plays
    return dict(sorted(late.items()))


def stale_nights(
    counts: Iterable[FileCount], late: Mapping[date, int], made: Iterable[date], window: Window
) -> dict[date, str]:
    """Nights already made that lack what has come in now, each with what can be done.

    A night sees what had landed by its end. So a file that came after its own day is missing in every
    night made since then, and making them again puts it in; a play that landed after the day on which
    it was heard belongs to the nights to come, and its night keeps its playlists.
    """
    belated = [count.file.landed_on for count in counts if count.file.landed_on < window.start]
    stale: dict[date, str] = {}
    for night in sorted(day for day in made if day < window.start):
        if belated and night >= min(belated):
            stale[night] = f"made before its files came; re-run with: nocturne night --date {night}"
        elif night in late:
            stale[night] = f"{late[night]} of its plays landed later and count from {window.as_of} on"
    return stale


def made_nights(keys: Iterable[str], window: Window, lookback_days: int) -> list[date]:
    """Nights with a summary of this stage in the store, from its keys ``ledger/<as_of>/ingest.json``."""
    first = window.start - timedelta(days=lookback_days)
    days = [key.split("/")[1] for key in keys if key.endswith("/ingest.json")]
    return sorted(day for day in map(date.fromisoformat, days) if first <= day < window.start)
