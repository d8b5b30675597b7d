"""The raw bytes of records, read again from their files: few are rejected, so none are carried along."""

from collections.abc import Iterator

from jobs.ingest.formats.columnar import open_parquet, row_texts
from jobs.ingest.formats.json_records import document_records
from jobs.ingest.formats.streams import line_blocks
from jobs.ingest.formats.suffixes import JSON_LINES, suffixes
from jobs.ingest.formats.texts import open_text
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.reading import BATCH, delimited
from jobs.ingest.sources import record_test


def raw_rows(root: Root, file: LandedFile, lines: set[int]) -> dict[int, bytes]:
    """Return the raw bytes of some of the file's records, by line."""
    return {line: raw for line, raw in _raw(root, file) if line in lines}


def _raw(root: Root, file: LandedFile) -> Iterator[tuple[int, bytes]]:
    if suffixes(file.name)[0] == "parquet":
        parquet = open_parquet(root, file)
        rows = (row for batch in parquet.iter_batches(BATCH) for row in row_texts(batch))
        yield from enumerate(rows, 1)
        return
    text = open_text(root, file)
    if text.format in JSON_LINES:
        for first, lines in line_blocks(text.stream):
            yield from enumerate(lines, first)
        return
    records = (
        document_records(text.stream, record_test(file.kind))
        if text.format == "json"
        else delimited(text.stream, text.format, file.kind).records()
    )
    yield from ((record.line, record.raw) for record in records)
