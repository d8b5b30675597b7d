"""What has been ingested: one row a landed file, with counts that must add up."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.compute as pc

from expectations.landing_files import FORGOTTEN, INGESTED, REFUSED
from jobs.errors import NocturneError
from jobs.ingest.landing import LandedFile
from jobs.ingest.owners import is_own_log
from jobs.ingest.sources import BY_NAME
from jobs.lake.arrow import is_there, replace, table_rows
from jobs.settings import Settings

SHOWN_FILES = 3


@dataclass
class FileCount:
    """What became of one file's rows. A refused file has none, whatever it held.

    ``n_retold`` of the duplicates tell a play again, otherwise than the row that is kept; ``yielded_to``
    counts duplicates and conflicts by the file of the row that is kept. ``n_too_old`` of the accepted
    plays are older than the lookback when they land. ``listener`` is whose own log the file is.
    ``forgotten`` listeners' rows are left out.
    """

    file: LandedFile
    source: str = ""
    n_read: int = 0
    n_accepted: int = 0
    n_quarantined: int = 0
    n_duplicate: int = 0
    n_left_out: int = 0
    n_retold: int = 0
    n_too_old: int = 0
    n_named: int = 0
    n_matched: int = 0
    named: bool = False
    rule: str | None = None
    reason: str | None = None
    unknown_columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    listener: str | None = None
    yielded_to: Counter[str] = field(default_factory=Counter)
    forgotten: list[str] = field(default_factory=list)

    @property
    def is_own_log(self) -> bool:
        """Whether the file is one listener's own log, not a producer's."""
        return is_own_log({"listener": self.listener, "source": self.source})

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
        """Raise NocturneError unless every row that was read went to one place."""
        parts = self.n_accepted + self.n_quarantined + self.n_duplicate
        if parts != self.n_read:
            raise NocturneError(
                f"{self.file.name}: {self.n_read} rows read, but {self.n_accepted} accepted + "
                f"{self.n_quarantined} quarantined + {self.n_duplicate} duplicate = {parts}; "
                "nothing was entered in landing_files: run the night again, and report it if it stays"
            )

    def sentences(self) -> list[str]:
        """Return what people must know of the file, one sentence each."""
        found = list(self.notes)
        repeated = self.n_duplicate - self.n_retold
        if repeated:
            found.append(f"{repeated:,} rows are there already, as they are{self._other_files()}")
        if self.n_retold:
            found.append(
                f"{self.n_retold:,} rows tell again of plays that are there{self._other_files()}: "
                'see nocturne quarantine show --rule "same play"'
            )
        if self.n_too_old:
            found.append(
                f"{self.n_too_old:,} plays are older than the lookback: heard, but in no rating"
            )
        if self.forgotten:
            found.append(f"left out, forgotten: the rows of {', '.join(self.forgotten)}")
        return found

    def _other_files(self) -> str:
        names = sorted(self.yielded_to)
        more = f" and {len(names) - SHOWN_FILES:,} more" if len(names) > SHOWN_FILES else ""
        return f" (in {', '.join(names[:SHOWN_FILES])}{more})" if names else ""

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
            "notes": self.sentences(),
            "listener": self.listener,
            "rows_retold": self.n_retold,
            "rows_too_old": self.n_too_old,
            "yielded_to": sorted(self.yielded_to),
            "forgotten": self.forgotten,
        }


def ingested_files(settings: Settings, since: date, until: date) -> dict[str, dict[str, Any]]:
    """Rows of landing_files by name, of files that landed in the half-open interval."""
    landed, files = pc.field("landed_on"), table_rows(settings, "landing_files")
    rows = files.to_table(filter=(landed >= since) & (landed < until))
    return {row["landing_file"]: row for row in rows.to_pylist()}


def pending(
    files: Iterable[LandedFile],
    done: Mapping[str, Mapping[str, Any]],
    since: date,
    until: date,
    gone: Sequence[str] = (),
) -> list[LandedFile]:
    """Return the files that landed in the half-open interval and are new, or not what they were.

    ``done`` are all entries, of later days too. Files whose rows had yielded to those of a file that has
    changed, or is gone, are taken again too, and those whose rows it had completed; and those that know
    tracks by their names, where files of the catalog come late, have changed or are gone.
    """
    landed = list(files)
    fresh = {
        file.name
        for file in landed
        if since <= file.landed_on < until
        and done.get(file.name, {}).get("fingerprint") != file.fingerprint
    }
    other = {name for name in fresh if name in done} | set(gone)
    yielded = {name for name, row in done.items() if yields(row, other)}
    completed = {
        name
        for row in (done[name] for name in other if name in done)
        if row.get("rows_retold")
        for name in row["yielded_to"]
    }
    catalog = [file.landed_on for file in landed if file.kind == "tracks" and file.name in fresh]
    catalog += [
        done[name]["landed_on"] for name in gone if name in done and done[name]["kind"] == "tracks"
    ]
    renamed = _matched_since(done, min(catalog)) if catalog else set()
    return [file for file in landed if file.name in fresh | yielded | completed | renamed]


def _matched_since(done: Mapping[str, Mapping[str, Any]], day: date) -> set[str]:
    """Names of the files of the day or later whose plays are matched to the catalog by names."""
    return {
        name
        for name, row in done.items()
        if row.get("source") in BY_NAME and row["status"] == INGESTED and row["landed_on"] >= day
    }


def gone_files(
    files: Iterable[LandedFile], done: Mapping[str, Mapping[str, Any]], days: Iterable[date]
) -> list[str]:
    """Return the names of entered files that are no longer in the landing, of the window's ``days`` and
    of earlier days of which anything is left.

    A day of which nothing is left is taken for archived: its rows stay.
    """
    landed = list(files)
    names, left = {file.name for file in landed}, {file.landed_on for file in landed} | set(days)
    return sorted(name for name, row in done.items() if name not in names and row["landed_on"] in left)


def yields(row: Mapping[str, Any], files: Iterable[str]) -> bool:
    """Return whether rows of a file, as entered, may have yielded to rows of one of the files.

    An entry of a time when that was not written down may have, if any of its rows had.
    """
    if row["status"] == FORGOTTEN:
        return False
    of_kind = [name for name in files if name.startswith(f"{row['kind']}/")]
    if row.get("yielded_to") is None:
        return bool(of_kind) and row["rows_duplicate"] + row["rows_quarantined"] > 0
    return not set(of_kind).isdisjoint(row["yielded_to"])


def enter(settings: Settings, counts: Iterable[FileCount]) -> None:
    """Enter the files, once all of their rows are in the tables and add up."""
    enter_rows(settings, [count.row() for count in counts])


def enter_rows(settings: Settings, rows: Sequence[dict[str, Any]]) -> None:
    """Put these entries in the place of those of the same files."""
    replace(settings, "landing_files", rows, _named([str(row["landing_file"]) for row in rows]))


def strike(settings: Settings, names: Sequence[str]) -> None:
    """Take the files' entries out, so that they are new if they are found again."""
    if names and is_there(settings, "landing_files"):
        replace(settings, "landing_files", [], _named(names))


def rows_held(settings: Settings, table: str, names: Sequence[str]) -> dict[str, int]:
    """Return how many rows of each of the files a table holds."""
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
