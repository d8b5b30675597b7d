"""One landed file as Arrow batches of typed rows: what a worker does.

A batch's columns are the kind's fields and, of every row, the file, the line, and the rule and reason
if it has a fault (its fields are null then). The last row of a file is its census, as JSON text in
``census``: how many rows were read, the fault of the file if it has one, columns nobody announced.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from expectations.landing_files import UNKNOWN_LISTENER
from jobs.ingest.contract import FIELDS, from_text, required_fields, typed
from jobs.ingest.exports import exported_by, is_beside_logs, is_side_file
from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.columnar import (
    as_wanted,
    check_names,
    open_parquet,
    parquet_records,
    parquet_rows,
)
from jobs.ingest.formats.delimited import Delimited
from jobs.ingest.formats.json_arrow import arrow_rows
from jobs.ingest.formats.json_records import NO_LOG, document_records, line_records
from jobs.ingest.formats.records import Record
from jobs.ingest.formats.streams import Stream, split_lines, text_blocks
from jobs.ingest.formats.suffixes import ARCHIVE, JSON_LINES, suffixes
from jobs.ingest.formats.texts import open_text
from jobs.ingest.landing import OF_THE_FILE, LandedFile, Root
from jobs.ingest.nothing import without_nothing
from jobs.ingest.optional import checked
from jobs.ingest.sources import NATIVE, columns_of, nearest, pick, record_test
from jobs.ingest.sources.player_log import PLAYER_LOG, check_clock
from jobs.ingest.sources.source import Row, Source, remedy
from jobs.ingest.tally import Tally

BATCH = 10_000
LOOKED_AT = 100
# Names of members of an archive in one sentence.
SHOWN = 10
# The field of a kind that is a length, and how many of them tell their unit: plays may all be short.
LENGTHS = {
    "listens": ("ms_played", 20), "tracks": ("duration_ms", 5), "audio_features": ("duration_ms", 5),
}  # fmt: skip
EMPTY = "it holds no row"
PASSED_OVER = "passed over: left by an export or a system beside its logs, and no log"
_PLACE = pa.schema([
    ("line", pa.int64()), ("rule", pa.string()), ("reason", pa.string()),
    ("landing_file", pa.string()), ("landed_on", pa.date32()), ("census", pa.string()),
])  # fmt: skip


def field_schema(kind: str) -> pa.Schema:
    """Return the kind's fields."""
    return pa.schema([(field.name, field.arrow) for field in FIELDS[kind]])


def read_schema(kind: str) -> pa.Schema:
    """Columns of the batches of a kind."""
    return pa.schema([*field_schema(kind), *_PLACE])


def read_file(root: Root, file: LandedFile, configured: str | None = None) -> Iterator[pa.RecordBatch]:
    """Yield every row of the file, then its census. No fault of the file raises."""
    reader = FileReader(root, file, configured)
    fault: RowFault | None = None
    try:
        for table in reader.tables():
            yield from reader.placed(table)
        reader.check()
    except RowFault as found:
        fault = found
    except Exception as error:
        if isinstance(error, OSError) and not isinstance(error, OF_THE_FILE):
            raise  # the disk's or the network's, not the file's: worth another try
        fault = FileFault("unreadable file", f"{type(error).__name__}: {str(error)[:300]}")
    census = json.dumps(reader.census(fault))
    row = {"landing_file": file.name, "landed_on": file.landed_on, "census": census}
    yield pa.RecordBatch.from_pylist([row], read_schema(file.kind))


def delimited(stream: Stream, suffix: str, kind: str) -> Delimited:
    """Return the records of a delimited file, its columns named as the contract and the sources name
    them."""
    known = columns_of(kind) | {field.name for field in FIELDS[kind]}
    return Delimited(stream, suffix, known, record_test(kind))


class FileReader:
    """Reads one file and counts what it holds."""

    def __init__(self, root: Root, file: LandedFile, configured: str | None = None) -> None:
        self.root, self.file, self.configured = root, file, configured
        self.kind, self.fields = file.kind, field_schema(file.kind)
        self.required, self.fits = required_fields(file.kind), record_test(file.kind)
        self.decides = record_test(file.kind, configured)
        self.source: Source | None = None
        self.chosen = self.wrapped = False
        # The first record before the one that is of a known format.
        self.odd: Mapping[str, Any] | None = None
        self.tally = Tally()

    def tables(self) -> Iterator[pa.Table]:
        """Yield the file's rows."""
        if self.file.size < 0:
            raise FileFault("unreadable file", "it is no regular file, or its link leads nowhere")
        if is_side_file(self.file):
            self.tally.notes.append(PASSED_OVER)
        elif self.file.is_archive:
            self._archive()
        elif suffixes(self.file.name)[0] == "parquet":
            yield from self._parquet()
        else:
            yield from self._text()

    def check(self) -> None:
        """Raise FileFault if the rows, all of them together, are none of a log."""
        self._check_configured()
        self.tally.check_listeners(remedy(self.file))
        self.tally.check_readable()
        self.tally.check_usable()
        if self.source is None:
            self.tally.check_columns(self.kind)
        if self.kind in LENGTHS:
            self.tally.check_unit(*LENGTHS[self.kind])
        self.tally.check_promise(self.file.rows_promised)
        if not (self.tally.n_records or self.file.is_archive or PASSED_OVER in self.tally.notes):
            self.tally.notes.append(EMPTY)

    def census(self, fault: RowFault | None) -> dict[str, Any]:
        """Return what landing_files is told of the file."""
        # What cannot be read of an export is the exporter's, as the export is.
        of_export = self.file.is_archive or (fault and self.file.archive)
        name = self.source.name if self.source else ARCHIVE if of_export else NATIVE
        unknown = [] if self.source else sorted(self.tally.columns - set(self.fields.names))
        named = bool(self.source and self.source.named)
        return self.tally.census(fault) | {"source": name, "named": named, "unknown_columns": unknown}

    def _archive(self) -> None:
        archive = self.root.archive(self.file)
        self.tally.notes.append(f"a zip archive: {len(archive.logs):,} files are read in it")
        if others := archive.passed_over:
            more = f" and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
            self.tally.notes.append(f"passed over, no logs: {', '.join(others[:SHOWN])}{more}")

    def _text(self) -> Iterator[pa.Table]:
        text = open_text(self.root, self.file)
        self.tally.notes.extend(text.notes)
        self.tally.looks = text.looks
        self.file = replace(self.file, exported_by=exported_by(self.root, self.file))
        if text.format in JSON_LINES:
            yield from self._json_lines(text.stream)
        elif text.format == "json":
            yield from self._typed(self._documents(text.stream))
        else:
            yield from self._typed(self._delimited(text.stream, text.format))

    def placed(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows with their place, as batches of the kind's schema."""
        n, schema = table.num_rows, read_schema(self.kind)
        constant = {"landing_file": self.file.name, "landed_on": self.file.landed_on}
        columns = [
            table[field.name]
            if field.name in table.column_names
            else pa.repeat(pa.scalar(constant[field.name], field.type), n)
            if field.name in constant
            else pa.nulls(n, field.type)
            for field in schema
        ]
        rows = pa.table(columns, schema=schema)
        if self.kind in LENGTHS and (self.source is None or self.kind != "listens"):
            self.tally.take_lengths(rows[LENGTHS[self.kind][0]])
        yield from checked(self.kind, rows, self.tally.nulled, self.tally.undetected).to_batches()

    def _choose_by(self, records: Iterable[Record]) -> list[Record]:
        """Choose by the first record of a known format, or of the configured one: odd ones before it
        decide nothing. Return the records up to it."""
        looked_at = []
        for record in records:
            looked_at.append(record)
            if record.fields and self.decides(record.fields):
                self._choose(record.fields)
                break
            self.odd = self.odd or record.fields
        return looked_at

    def _check_configured(self) -> None:
        """Raise FileFault if the format is configured, and no record is of it."""
        if self.configured and self.odd and not self.chosen:
            self._choose(self.odd)

    def _choose(self, columns: Iterable[str]) -> None:
        self.source = pick(self.file, columns, self.configured)
        self.chosen = True

    def _parquet(self) -> Iterator[pa.Table]:
        file = open_parquet(self.root, self.file)
        found = file.schema_arrow
        check_names(found)
        self.tally.columns |= set(found.names)
        self._choose(found.names)
        if self.source:
            self.file = replace(self.file, exported_by=exported_by(self.root, self.file))
            yield from self._typed(map(_without_nan, parquet_records(file)))
        elif not as_wanted(found, self.fields, self.required, nearest(self.kind, found.names)):
            yield from self._typed(parquet_records(file))
        else:
            for table in parquet_rows(file, self.fields, self.required, self.tally.nulled):
                self.tally.take(table, self.fields.names)
                yield table

    def _json_lines(self, stream: Stream) -> Iterator[pa.Table]:
        for first, text in text_blocks(stream):
            if not self.chosen:
                self._look(_numbered(first, text))
            table = None if self.source or self.wrapped else arrow_rows(text, self.fields)
            if table is not None:
                yield self._sound(table, range(first, first + table.num_rows))
                continue
            # A fault costs the fast way to the few lines around it, not to the block.
            lines = _numbered(first, text)
            for at in range(0, len(lines), BATCH):
                yield from self._json_batch(lines[at : at + BATCH])

    def _look(self, lines: list[tuple[int, bytes]]) -> None:
        def records(lines: list[tuple[int, bytes]]) -> Iterator[Record]:
            return chain.from_iterable(line_records(*line, self.fits) for line in lines)

        looked_at = self._choose_by(records(lines))
        # A page a line: Arrow would take each for a row of nothing.
        self.wrapped |= any(record.is_inner for record in chain(looked_at, records(lines[:LOOKED_AT])))

    def _json_batch(self, lines: list[tuple[int, bytes]]) -> Iterator[pa.Table]:
        text = b"\n".join(line for _, line in lines)
        table = None if self.source or self.wrapped else arrow_rows(text, self.fields)
        if table is None:
            records = (line_records(*line, self.fits) for line in lines)
            yield from self._typed(chain.from_iterable(records))
        else:
            yield self._sound(table, [number for number, _ in lines])

    def _sound(self, table: pa.Table, numbers: Sequence[int]) -> pa.Table:
        self.tally.take(table, self.fields.names)
        return table.append_column("line", pa.array(np.array(numbers, np.int64)))

    def _documents(self, stream: Stream) -> Iterator[Record]:
        self.tally.is_document = True
        records = document_records(stream, self.fits)
        try:
            looked_at = self._choose_by(records)
        except FileFault as fault:
            if fault.rule != NO_LOG or not is_beside_logs(self.file):
                raise
            looked_at = []
        if self.chosen or not is_beside_logs(self.file):
            yield from chain(looked_at, records)
        else:
            self.odd = None
            self.tally.notes.append(PASSED_OVER)

    def _delimited(self, stream: Stream, suffix: str) -> Iterator[Record]:
        table = delimited(stream, suffix, self.kind)
        self._choose(table.header)
        self.tally.notes += table.notes
        if self.source is PLAYER_LOG:
            check_clock(table.above)
        if self.source is None:
            table.check_columns(self.required, nearest(self.kind, table.header))
        for record in table.records():
            fields = record.fields and without_nothing(
                record.fields, self.tally.nothing, self.tally.meant
            )
            if fields and not self.source:
                fields = from_text(self.kind, fields, table.delimiter)
            yield replace(record, fields=fields)

    def _typed(self, records: Iterable[Record]) -> Iterator[pa.Table]:
        """The rows of records, one by one: exact about every fault."""
        rows: list[dict[str, Any]] = []
        for record in records:
            rows.extend({"line": record.line} | row for row in self._rows(record))
            if len(rows) >= BATCH:
                yield self._table(rows)
                rows = []
        if rows:
            yield self._table(rows)

    def _table(self, rows: list[dict[str, Any]]) -> pa.Table:
        return pa.Table.from_pylist(rows, read_schema(self.kind).remove_metadata()).select(
            [*self.fields.names, "line", "rule", "reason"]
        )

    def _rows(self, record: Record) -> list[dict[str, Any]]:
        self.tally.n_records += 1
        try:
            if record.fault:
                raise record.fault
            rows = self._translated(record)
        except RowFault as fault:
            self.tally.n_read += 1
            self.tally.faults[fault.rule, fault.reason] += 1
            self.tally.n_unnamed += fault.rule == UNKNOWN_LISTENER
            return [{"rule": fault.rule, "reason": fault.reason}]
        self.tally.n_read += len(rows)
        self.tally.n_left_out += not rows
        return rows

    def _translated(self, record: Record) -> list[dict[str, Any]]:
        fields = record.fields
        if fields is None:
            return []
        self.tally.n_objects += 1
        if self.source:
            rows = self._by_source(self.source, fields, record.account)
            return [typed(self.kind, row, self.tally.nulled) for row in rows]
        self.tally.columns |= fields.keys()
        self.tally.present |= {name for name, value in fields.items() if value is not None}
        return [typed(self.kind, fields, self.tally.nulled)]

    def _by_source(self, source: Source, fields: dict[str, Any], account: str | None) -> list[Row]:
        file = replace(self.file, exported_by=account) if account else self.file
        if not source.columns <= fields.keys() and self.configured is None:
            source = pick(self.file, fields) or source  # logs of two formats in one file
        try:
            return list(source.rows(fields, file))
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise RowFault("unreadable record", f"no {source.name} record: {error}"[:200]) from None


def _without_nan(record: Record) -> Record:
    """The record, for whom NaN is nothing: adapters know the values of JSON."""
    fields = record.fields or {}
    return replace(record, fields={name: value for name, value in fields.items() if value == value})  # noqa: PLR0124


def _numbered(first: int, text: bytes) -> list[tuple[int, bytes]]:
    """The lines that are not blank, without blank ends, and their numbers."""
    lines = ((number, line.strip()) for number, line in enumerate(split_lines(text), first))
    return [(number, line) for number, line in lines if line]
