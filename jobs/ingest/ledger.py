"""What has been ingested: one row a landed file, with counts that must add up."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.compute as pc

from jobs.errors import NocturneError
from jobs.ingest.landing import LandedFile
from jobs.lake.arrow import replace, table_rows
from jobs.settings import Settings

INGESTED, REFUSED = "ingested", "refused"


@dataclass
class FileCount:
    """What became of one file's rows. A refused file has none, whatever it held."""

    file: LandedFile
    source: str = ""
    n_read: int = 0
    n_accepted: int = 0
    n_quarantined: int = 0
    n_duplicate: int = 0
    n_left_out: int = 0
    n_named: int = 0
    n_matched: int = 0
    named: bool = False
    rule: str | None = None
    reason: str | None = None
    unknown_columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether the file as a whole was quarantined."""
        return self.rule is not None

    def take_census(self, census: Mapping[str, Any]) -> None:
        """Take over what the reader of the file counted."""
        self.source, self.unknown_columns = census["source"], census["unknown_columns"]
        self.notes = census["notes"]
        self.rule, self.reason, self.named = census["rule"], census["reason"], census["named"]
        if not self.refused:
            self.n_read, self.n_left_out = census["n_read"], census["n_left_out"]

    def check(self) -> None:
        """NocturneError unless every row that was read went to one place."""
        parts = self.n_accepted + self.n_quarantined + self.n_duplicate
        if parts != self.n_read:
            raise NocturneError(
                f"{self.file.name}: {self.n_read} rows read, but {self.n_accepted} accepted + "
                f"{self.n_quarantined} quarantined + {self.n_duplicate} duplicate = {parts}; "
                "nothing was entered in the ledger: run the night again, and report it if it stays"
            )

    def row(self) -> dict[str, Any]:
        """Its row of landing_files."""
        return {
            "landing_file": self.file.name,
            "kind": self.file.kind,
            "landed_on": self.file.landed_on,
            "fingerprint": self.file.fingerprint,
            "source": self.source,
            "rows_read": self.n_read,
            "rows_accepted": self.n_accepted,
            "rows_quarantined": self.n_quarantined,
            "rows_duplicate": self.n_duplicate,
            "status": REFUSED if self.refused else INGESTED,
            "reason": f"{self.rule}: {self.reason}" if self.refused else None,
            "unknown_columns": self.unknown_columns,
            "rows_left_out": self.n_left_out,
            "notes": self.notes,
        }


def ingested_files(settings: Settings, since: date, until: date) -> dict[str, dict[str, Any]]:
    """Rows of landing_files by name, of files that landed in the half-open interval."""
    landed, files = pc.field("landed_on"), table_rows(settings, "landing_files")
    rows = files.to_table(filter=(landed >= since) & (landed < until))
    return {row["landing_file"]: row for row in rows.to_pylist()}


def pending(
    files: Iterable[LandedFile], done: Mapping[str, Mapping[str, Any]], since: date, until: date
) -> list[LandedFile]:
    """Files that landed in the half-open interval and are new, or not what they were.

    Where a file is corrected, rows of others may no longer repeat it: those files are taken again too.
    """
    landed = [file for file in files if since <= file.landed_on < until]
    fresh = {
        file.name for file in landed if done.get(file.name, {}).get("fingerprint") != file.fingerprint
    }
    corrected = {file.kind for file in landed if file.name in fresh and file.name in done}
    yielded = {
        name
        for name, row in done.items()
        if row["kind"] in corrected and row["rows_duplicate"] + row["rows_quarantined"] > 0
    }
    return [file for file in landed if file.name in fresh | yielded]


def enter(settings: Settings, counts: Iterable[FileCount]) -> None:
    """Enter the files, once all of their rows are in the tables and add up."""
    rows = [count.row() for count in counts]
    replace(settings, "landing_files", rows, _named([str(row["landing_file"]) for row in rows]))


def rows_held(settings: Settings, table: str, names: Sequence[str]) -> dict[str, int]:
    """How many rows of each of the files a table holds."""
    held: Counter[str] = Counter()
    rows, wanted = table_rows(settings, table), pc.field("landing_file").isin(names)
    for batch in rows.to_batches(columns=["landing_file"], filter=wanted):
        for entry in batch.column(0).value_counts().to_pylist():
            held[entry["values"]] += entry["counts"]
    return dict(held)


def _named(names: Sequence[str]) -> str:
    """SQL of delta-rs for the rows of these files."""
    quoted = ("'" + name.replace("'", "''") + "'" for name in names)
    return f"landing_file IN ({', '.join(quoted)})"
