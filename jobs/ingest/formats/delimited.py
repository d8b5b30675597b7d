"""CSV and TSV. A fault costs its row: reading goes on at the next line."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import cast

from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.headers import (
    Fits,
    declared_separator,
    fixed_columns,
    header_place,
    looks_like_data,
    named_account,
    named_columns,
    separator,
)
from jobs.ingest.formats.records import Record
from jobs.ingest.formats.streams import MAX_LINE, Stream, line_blocks

# A quoted field may hold line breaks, but a quote that is never closed must not swallow the file.
MAX_LINES = 20
# So many of the first lines may stand above the header.
MAX_ABOVE = 10
# With blank lines among them.
LOOKED_AT = 3 * MAX_ABOVE


class _LineEnds:
    """The stream; of a file whose lines end in carriage returns alone, with line feeds for them."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.alone: bool | None = None

    def peek(self) -> bytes:
        return self.stream.peek()

    def read(self, n_bytes: int) -> bytes:
        data = self.stream.read(n_bytes)
        if self.alone is None:
            self.alone = b"\r" in data and b"\n" not in data
        return data.replace(b"\r", b"\n") if self.alone else data


class Delimited:
    """The records of one delimited file.

    ``header`` names its columns: those of the first line, spelled as in ``known``, or of the export that
    the file has the shape of; it is empty for an empty file. ``notes`` say what was made of the header.
    ``suffix`` is the name's: in a ``tsv`` tabs separate and nothing is quoted; otherwise the first line
    tells what separates (``delimiter``). ``above`` are the lines over it: comments, a title; ``fits``
    says whether columns are those of a known format. ``account`` is the listener that the header names.
    """

    def __init__(self, stream: Stream, suffix: str, known: frozenset[str], fits: Fits) -> None:
        self.quoted, self.known, self.delimiter = suffix != "tsv", known, "\t"
        self.fits = fits
        self.above: list[str] = []
        self.notes: list[str] = []
        self.lines = (
            (number, line)
            for first, lines in line_blocks(cast(Stream, _LineEnds(stream)))
            for number, line in enumerate(lines, first)
        )
        self.waiting: list[tuple[int, bytes]] = []
        self.header_cells: list[str] | None = None
        self.account: str | None = None
        self.first = self._first_line()
        self.header = self._header(*self.first) if self.first else []

    def _first_line(self) -> tuple[int, bytes] | None:
        """The first line that holds cells, and by which ``delimiter``."""
        ahead = [*filter(None, [self._next()]), *islice(self.lines, LOOKED_AT)]
        lines = [line for line in ahead if line[1].strip()][: MAX_ABOVE + 1]
        texts = [line[:MAX_LINE].decode(errors="replace") for _, line in lines]
        declared = declared_separator(texts[0][:20]) if lines and self.quoted else None
        if declared:
            lines, texts = lines[1:], texts[1:]
        mark = declared if self.quoted else "\t"
        place = header_place(texts, mark, self.known, self.fits)
        self.above = texts[:place]
        self.waiting = [line for line in ahead if lines and line[0] > lines[place][0]]
        if self.above:
            self.notes.append(f"{place} lines above the header are no rows: {self.above[0][:100]!r}")
        if self.quoted:
            self.delimiter = declared or separator("".join(texts[place : place + 1]), self.known)
        return lines[place] if lines else None

    def _header(self, number: int, line: bytes) -> list[str]:
        cells = self._first_cells(line)
        if fixed := fixed_columns(cells):
            self.waiting.insert(0, (number, line))
            self.notes.append(
                f"no header line: read as {', '.join(fixed)}, as exports of this shape are"
            )
            return list(fixed)
        self.header_cells = cells
        plain, self.account = named_account(cells)
        names = named_columns(plain, self.known)
        renamed = [
            f"{cell!r} as {name}" for cell, name in zip(cells, names, strict=True) if cell != name
        ]
        if renamed:
            self.notes.append(f"columns read by their meaning: {', '.join(renamed)[:300]}")
        return names

    def _first_cells(self, line: bytes) -> list[str]:
        try:
            cells = self._cells([line])
        except RowFault:
            cells = None
        if not cells:
            raise FileFault("malformed CSV", f"the header cannot be read: {line[:200]!r}")
        return cells

    def check_columns(self, required: set[str], nearest: str) -> None:
        """Raise FileFault if a required column is not in the header, or there is no header.

        ``nearest`` says which format the columns are near.
        """
        missing = sorted(required - set(self.header))
        if not missing or self.first is None:
            return
        line = self.first[1].decode(errors="replace")[:200]
        if not self.known.intersection(self.header) and looks_like_data(self.header):
            raise FileFault(
                "no header line",
                f"the first line is {line}; put a line before it that names the "
                f"columns, at least {self.delimiter.join(sorted(required))}; {nearest}",
            )
        raise FileFault(
            "required columns missing", f"{', '.join(missing)}; the header is {line}; {nearest}"
        )

    def records(self) -> Iterator[Record]:
        """Yield one record a row; its ``line`` is the one that it begins on. A line that repeats the
        header, as where files were put together, is one that holds nothing, and so are the blank cells
        that spreadsheets leave behind the last row."""
        while first := self._next():
            lines = [first]
            try:
                while (cells := self._cells([line for _, line in lines])) is None:
                    lines.append(self._more(len(lines)))
                raw = b"\n".join(line for _, line in lines)
                is_row = cells != self.header_cells and any(map(str.strip, cells))
                fields = self._row(cells) if is_row else None
                yield Record(first[0], raw, fields=fields, account=self.account)
            except RowFault as fault:
                yield Record(*first, fault=fault)
                self.waiting = lines[1:] + self.waiting

    def _next(self) -> tuple[int, bytes] | None:
        """The next line that is not blank."""
        return next((line for line in iter(self._any, None) if line[1].strip()), None)

    def _any(self) -> tuple[int, bytes] | None:
        return self.waiting.pop(0) if self.waiting else next(self.lines, None)

    def _more(self, n_lines: int) -> tuple[int, bytes]:
        line = self._any() if n_lines < MAX_LINES else None
        if line is None:
            raise RowFault("malformed CSV", f"a quote is not closed within {MAX_LINES} lines")
        return line

    def _row(self, cells: list[str]) -> dict[str, str]:
        if len(cells) != len(self.header):
            remedy = f": a cell that holds {self.delimiter!r} stands in quotes" if self.quoted else ""
            told = f"{len(cells)} fields where the header has {len(self.header)}{remedy}"
            raise RowFault("malformed CSV", told)
        return dict(zip(self.header, cells, strict=True))

    def _cells(self, lines: list[bytes]) -> list[str] | None:
        """The fields of a row; None if a quote is still open at its end."""
        text = _decoded(lines)
        if not self.quoted:
            return text.split("\t")
        if len(lines) > 1 and text.count('"') % 2:
            return None
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
            rows = list(reader)
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return None
            raise RowFault("malformed CSV", f"{error}: a quote within quotes is written twice") from None
        if len(rows) != 1:
            raise RowFault("malformed CSV", "a line break outside of quotes")
        return rows[0]


def _decoded(lines: list[bytes]) -> str:
    if any(len(line) > MAX_LINE for line in lines):
        raise RowFault("line too long", f"the line has more than {MAX_LINE:,} bytes")
    try:
        text = b"\n".join(lines).decode()
    except UnicodeDecodeError as error:
        raise RowFault(
            "not UTF-8", f"byte {error.start + 1} of the row is not UTF-8: save the file as UTF-8"
        ) from None
    if "\0" in text:
        raise RowFault("malformed CSV", "the row holds a NUL")
    return text
