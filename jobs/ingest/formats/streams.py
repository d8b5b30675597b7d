"""Files as streams of numbered lines: decompressed, checked, and never wholly in memory."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from jobs.ingest.faults import FileFault
from jobs.ingest.landing import LandedFile, Root

BLOCK = 1 << 22
MAX_LINE = 1 << 20
# Gzip of real logs is 5 to 30 times smaller; a thousand times is its limit, and an attack.
BOMB_RATIO = 300
BOMB_BYTES = 1 << 28
_CODECS = {".gz": "gzip", ".zst": "zstd"}
_BOM = b"\xef\xbb\xbf"
_FOREIGN = {
    b"\xff\xfe": "UTF-16 or UTF-32", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32",
    b"\x1f\x8b": "gzip bytes under a name without .gz", b"PAR1": "parquet under another name",
    b"\x28\xb5\x2f\xfd": "zstd bytes under a name without .zst", b"PK\x03\x04": "a zip archive",
}  # fmt: skip


def suffixes(name: str) -> tuple[str, str]:
    """The format's and the compression's suffix: ``("jsonl", ".gz")``; either may be empty."""
    base = name.rsplit("/", 1)[-1].lower()
    codec = next((suffix for suffix in _CODECS if base.endswith(suffix)), "")
    stem = base.removesuffix(codec)
    return (stem.rsplit(".", 1)[1] if "." in stem else "", codec)


class Stream:
    """The decompressed bytes of a landed file. Reading one that is broken raises FileFault."""

    def __init__(self, root: Root, file: LandedFile) -> None:
        codec = suffixes(file.name)[1]
        if codec and file.size == 0:
            raise FileFault("truncated file", f"0 bytes are no {codec} file: an upload that broke off")
        self.size, self.n_read = file.size, 0
        self.compressed = bool(codec)
        self.source: Any = root.filesystem().open_input_stream(root.join(file.name), compression=None)
        if codec:
            self.source = pa.CompressedInputStream(self.source, _CODECS[codec])

    def read(self, n_bytes: int) -> bytes:
        """Up to ``n_bytes`` more; none at the end."""
        try:
            data: bytes = self.source.read(n_bytes)
        except OSError as error:
            if not self.compressed:
                raise
            rule = "truncated file" if "runcated" in str(error) else "damaged file"
            raise FileFault(rule, f"{error}: nobody can say what is missing") from None
        self.n_read += len(data)
        if self.n_read > max(BOMB_BYTES, self.size * BOMB_RATIO):
            raise FileFault(
                "compression bomb", f"{self.size:,} bytes unpack to more than {self.n_read:,}"
            )
        return data


def text_blocks(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Whole lines, some megabytes at a time and without the last one's end, and the number of the first.

    Lines are numbered from 1. One that is longer than ``MAX_LINE`` may be cut, and stays longer than it.
    """
    number, rest, data = 1, b"", _head(stream)
    while data:
        text, end, rest = (rest + data).rpartition(b"\n")
        if end:
            yield number, text
            number += text.count(b"\n") + 1
        rest = rest[: MAX_LINE + 1]
        data = stream.read(BLOCK)
    if rest:
        yield number, rest


def line_blocks(stream: Stream) -> Iterator[tuple[int, list[bytes]]]:
    """The lines of ``text_blocks``, without their ends and none much longer than ``MAX_LINE``."""
    for number, text in text_blocks(stream):
        yield number, split_lines(text)


def split_lines(text: bytes) -> list[bytes]:
    """The lines of a block."""
    return [line[: MAX_LINE + 1].removesuffix(b"\r") for line in text.split(b"\n")]


def _head(stream: Stream) -> bytes:
    """The first bytes, without a byte order mark; FileFault if they are no UTF-8 text."""
    head = stream.read(BLOCK)
    found = next((name for magic, name in _FOREIGN.items() if head.startswith(magic)), None)
    sample = head[:100]
    if found is None and len(sample) >= 4 and sample.count(0) > len(sample) // 4:
        found = "UTF-16 or UTF-32 without a byte order mark"
    if found:
        raise FileFault("not UTF-8", f"the file begins with {head[:16]!r}: {found}, not UTF-8 text")
    return head.removeprefix(_BOM)
