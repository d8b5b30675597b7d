"""What a file turns out to hold, counted while it is read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.landing_files import UNKNOWN_LISTENER
from jobs.ingest.contract import required_fields
from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.content import Content, is_json
from jobs.ingest.sources import nearest

SHOWN_COLUMNS = 5
# A file of lengths in milliseconds has one that is as long.
LEAST_LONGEST_MS = 10_000
# What songs last in seconds; as milliseconds hardly anything does.
SONG_S = (30, 999)


@dataclass
class Tally:
    """Records, rows read, records left out and read at all; columns seen, and with a value.

    A record is one row of the native contract, and none or several of other sources. ``looks`` is what
    the file looks like, whatever its name says.
    """

    n_records: int = 0
    n_read: int = 0
    n_left_out: int = 0
    n_objects: int = 0
    n_unnamed: int = 0
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    nulled: Counter[str] = field(default_factory=Counter)
    undetected: Counter[str] = field(default_factory=Counter)
    # Words for nothing, by (column, word): taken for nothing, and for what they say.
    nothing: Counter[tuple[str, str]] = field(default_factory=Counter)
    meant: Counter[tuple[str, str]] = field(default_factory=Counter)
    columns: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    # Lengths told, those that songs have in seconds, and the longest: see ``check_unit``.
    n_lengths: int = 0
    n_as_seconds: int = 0
    longest_ms: int = 0
    is_document: bool = False
    looks: Content | None = None

    def take(self, table: pa.Table, names: Iterable[str]) -> None:
        """Count a block of sound rows; ``names`` are the kind's fields."""
        self.n_records += table.num_rows
        self.n_read += table.num_rows
        self.n_objects += table.num_rows
        self.columns |= set(table.column_names) - {"line", "rule", "reason"}
        there = (name for name in names if name in table.column_names)
        self.present |= {name for name in there if table[name].null_count < table.num_rows}

    def take_lengths(self, lengths: pa.ChunkedArray) -> None:
        """Count a block of lengths in milliseconds, null where there is none."""
        self.n_lengths += len(lengths) - lengths.null_count
        shortest, longest = SONG_S
        as_seconds = pc.and_(pc.greater_equal(lengths, shortest), pc.less_equal(lengths, longest))
        self.n_as_seconds += pc.sum(as_seconds).as_py() or 0
        self.longest_ms = max(self.longest_ms, pc.max(lengths).as_py() or 0)

    def check_unit(self, name: str, n_least: int) -> None:
        """Raise FileFault if the lengths are in seconds: of ``n_least`` or more most are what songs have
        in seconds, and none is of ten seconds."""
        if self.n_lengths < n_least or self.longest_ms >= LEAST_LONGEST_MS:
            return
        if 2 * self.n_as_seconds > self.n_lengths:
            raise FileFault(
                "seconds, not milliseconds",
                f"{name} is {SONG_S[0]} to {SONG_S[1]} in {self.n_as_seconds:,} of {self.n_lengths:,} "
                f"rows, and {self.longest_ms:,} at most: it is in milliseconds, and these look like "
                "seconds; multiply them by 1,000",
            )

    def check_listeners(self, remedy: str) -> None:
        """Raise FileFault if nothing tells who listened in any of the rows."""
        if self.n_unnamed and self.n_unnamed == self.n_read:
            raise FileFault(
                UNKNOWN_LISTENER,
                f"nothing says who listened in any of its {self.n_read:,} rows, and a file's name is "
                f"not asked: {remedy}",
            )

    def check_usable(self) -> None:
        """Raise FileFault if none of the file's rows can be used. One line proves nothing."""
        if not self.proves or self.n_read > self.faults.total() or not self.n_objects:
            return
        rule, reason, n_rows = self._most_frequent()
        raise FileFault(
            "no usable row",
            f"none of its {self.n_read:,} rows can be used; {n_rows:,} of them: {rule}: {reason}",
        )

    def check_readable(self) -> None:
        """Raise FileFault if none of the file's lines could be read. One line proves nothing."""
        if not self.proves or self.n_objects:
            return
        rule, reason, n_rows = self._most_frequent()
        told = f"{n_rows:,} of them: {reason}"
        if rule == "malformed JSON" and self.looks and not is_json(self.looks):
            told = f"it looks like {self.looks.what}: {self.looks.remedy}"
        raise FileFault(
            rule if rule == "not UTF-8" else "malformed file",
            f"none of its {self.n_read:,} lines can be read; {told}",
        )

    def _most_frequent(self) -> tuple[str, str, int]:
        """The rule that most rows break, the reason of the first of them, and how many they are."""
        rules: Counter[str] = Counter()
        for (rule, _), n_rows in self.faults.items():
            rules[rule] += n_rows
        ((most, n_rows),) = rules.most_common(1)
        return most, next(reason for rule, reason in self.faults if rule == most), n_rows

    def check_columns(self, kind: str) -> None:
        """Raise FileFault if no row has a required column. One line proves nothing."""
        if not self.proves:
            return
        missing = sorted(required_fields(kind) - self.present)
        if missing:
            columns = ", ".join(sorted(self.columns))[:300] or "none"
            raise FileFault(
                "required columns missing",
                f"{', '.join(missing)} in all {self.n_read:,} rows; the columns are {columns}; "
                f"{nearest(kind, self.columns)}",
            )

    @property
    def proves(self) -> bool:
        """Whether there are rows enough to judge the file by them: one of a document, two lines."""
        return self.n_read > (0 if self.is_document else 1)

    def check_promise(self, n_rows: int | None) -> None:
        """Raise FileFault if a manifest promises another number of rows."""
        if n_rows is not None and n_rows != self.n_records:
            raise FileFault(
                "not as promised", f"{self.n_records:,} rows, where its manifest says {n_rows:,}"
            )

    def told(self) -> list[str]:
        """Sentences for people: what was left out, and which optional values were no values."""
        left_out = (
            [f"{self.n_left_out:,} records left out: no plays of tracks, or empty"]
            if self.n_left_out
            else []
        )
        nulled = [
            f"{name}: {n:,} values that are none of its type, set to null"
            for name, n in sorted(self.nulled.items())
        ]
        undetected = [
            f"{name}: not detected in {n:,} rows: null"
            for name, n in sorted(self.undetected.items())
            if n
        ]
        words = [
            f"{word!r} is taken for {what}: {_listed(counts, word)}"
            for what, counts in (("nothing", self.nothing), ("a name", self.meant))
            for word in sorted({word for _, word in counts})
        ]
        return [*self.notes, *left_out, *nulled, *undetected, *words]

    def census(self, fault: RowFault | None) -> dict[str, Any]:
        """Return what was counted, in the words of landing_files."""
        return {
            "n_read": self.n_read,
            "n_left_out": self.n_left_out,
            "notes": self.told(),
            "rule": fault.rule if fault else None,
            "reason": fault.reason if fault else None,
        }


def _listed(counts: Counter[tuple[str, str]], word: str) -> str:
    of_word = sorted((name, n) for (name, found), n in counts.items() if found == word)
    shown = ", ".join(f"{n:,} values of {name}" for name, n in of_word[:SHOWN_COLUMNS])
    return shown + (
        f" and of {len(of_word) - SHOWN_COLUMNS} columns more" * (len(of_word) > SHOWN_COLUMNS)
    )
