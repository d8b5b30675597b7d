"""The raw bytes of records, read again from their files: few are rejected, so none are carried along."""

from collections.abc import Iterator

from jobs.ingest.formats.columnar import open_parquet, row_texts
from jobs.ingest.formats.delimited import Delimited
from jobs.ingest.formats.json_records import document_records
from jobs.ingest.formats.streams import Stream, line_blocks, suffixes
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.reading import BATCH, JSON_LINES


def raw_rows(root: Root, file: LandedFile, lines: set[int]) -> dict[int, bytes]:
    """The raw bytes of some of the file's records, by line."""
    return {line: raw for line, raw in _raw(root, file) if line in lines}


def _raw(root: Root, file: LandedFile) -> Iterator[tuple[int, bytes]]:
    suffix = suffixes(file.name)[0]
    if suffix == "parquet":
        parquet = open_parquet(root, file)
        rows = (row for batch in parquet.iter_batches(BATCH) for row in row_texts(batch))
        yield from enumerate(rows, 1)
    elif suffix in JSON_LINES:
        for first, lines in line_blocks(Stream(root, file)):
            yield from enumerate(lines, first)
    else:
        stream = Stream(root, file)
        records = (
            document_records(stream)
            if suffix == "json"
            else Delimited(stream, "\t" if suffix == "tsv" else ",").records()
        )
        yield from ((record.line, record.raw) for record in records)
