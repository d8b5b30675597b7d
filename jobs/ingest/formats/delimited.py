"""CSV and TSV with a header. A fault costs its row: reading goes on at the next line."""

import csv
import io
from collections.abc import Iterator

from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.records import Record
from jobs.ingest.formats.streams import MAX_LINE, Stream, line_blocks

# A quoted field may hold line breaks, but a quote that is never closed must not swallow the file.
MAX_LINES = 20


class Delimited:
    """The records of one delimited file; ``header`` is its first line, empty for an empty file."""

    def __init__(self, stream: Stream, delimiter: str) -> None:
        self.delimiter = delimiter
        self.lines = (
            (number, line)
            for first, lines in line_blocks(stream)
            for number, line in enumerate(lines, first)
        )
        self.waiting: list[tuple[int, bytes]] = []
        first = self._next()
        self.header = self._header(first[1]) if first else []

    def _header(self, line: bytes) -> list[str]:
        try:
            names = self._cells([line])
        except RowFault:
            names = None
        if not names:
            raise FileFault("malformed CSV", f"the header cannot be read: {line[:200]!r}")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FileFault(
                "duplicate columns", f"the header has {', '.join(map(repr, twice))} more than once"
            )
        return names

    def records(self) -> Iterator[Record]:
        """One record a row; its ``line`` is the one that it begins on."""
        while first := self._next():
            lines = [first]
            try:
                while (cells := self._cells([line for _, line in lines])) is None:
                    lines.append(self._more(len(lines)))
                raw = b"\n".join(line for _, line in lines)
                yield Record(first[0], raw, fields=self._row(cells))
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
            raise RowFault(
                "malformed CSV", f"{len(cells)} fields where the header has {len(self.header)}"
            )
        return dict(zip(self.header, cells, strict=True))

    def _cells(self, lines: list[bytes]) -> list[str] | None:
        """The fields of a row; None if a quote is still open at its end."""
        text = _decoded(lines)
        if self.delimiter == "\t":
            return text.split("\t")
        if text.count('"') % 2:
            return None
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise RowFault("malformed CSV", str(error)) from None
        if len(rows) != 1:
            raise RowFault("malformed CSV", "a line break outside of quotes")
        return rows[0]


def _decoded(lines: list[bytes]) -> str:
    if any(len(line) > MAX_LINE for line in lines):
        raise RowFault("line too long", f"the line has more than {MAX_LINE:,} bytes")
    try:
        text = b"\n".join(lines).decode()
    except UnicodeDecodeError as error:
        raise RowFault("not UTF-8", f"byte {error.start + 1} of the row is not UTF-8") from None
    if "\0" in text:
        raise RowFault("malformed CSV", "the row holds a NUL")
    return text
