"""What became of the night's landing files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.lake.arrow import table_rows
from jobs.settings import Settings
from jobs.window import Window

PARTS = ("read", "accepted", "quarantined", "duplicate")
N_NAMED = 3


@dataclass(frozen=True)
class KindOfFiles:
    """The night's files of one kind: how many, and what became of their rows.

    ``refused`` names up to three files that were refused as a whole, with the reason; ``counts`` says
    the numbers in words.
    """

    kind: str
    n_files: int
    n_refused: int
    n_read: int
    n_accepted: int
    n_quarantined: int
    n_duplicate: int
    refused: str
    counts: str


def landing_files(settings: Settings, window: Window) -> list[dict[str, Any]]:
    """The rows of landing_files that landed by the window's end."""
    import pyarrow.compute as pc

    known = table_rows(settings, "landing_files").to_table(filter=pc.field("landed_on") < window.end)
    rows: list[dict[str, Any]] = known.to_pylist()
    return rows


def kinds_of_files(files: Iterable[Mapping[str, Any]]) -> list[KindOfFiles]:
    """One row a kind that has files."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        by_kind.setdefault(file["kind"], []).append(file)
    return [_kind(kind, rows) for kind, rows in sorted(by_kind.items())]


def _kind(kind: str, files: list[Mapping[str, Any]]) -> KindOfFiles:
    refused = sorted(
        f"{file['landing_file']}: {file['reason']}" for file in files if file["status"] == "refused"
    )
    n = {part: sum(file[f"rows_{part}"] for file in files) for part in PARTS}
    return KindOfFiles(
        kind=kind,
        n_files=len(files),
        n_refused=len(refused),
        **{f"n_{part}": n[part] for part in PARTS},
        refused="; ".join(refused[:N_NAMED]),
        counts=", ".join(f"{n[part]:,} {part}" for part in PARTS),
    )
