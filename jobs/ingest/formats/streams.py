"""Files as streams of numbered lines: decompressed, checked, and never wholly in memory."""

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.archives import DAMAGES
from jobs.ingest.formats.content import BOM, codec_of, foreign, is_text, is_wide
from jobs.ingest.formats.suffixes import CODECS, suffixes
from jobs.ingest.landing import LandedFile, Root

BLOCK = 1 << 22
# A request to a bucket for each of these, and enough to tell what a file is.
BUFFER = 1 << 20
HEAD = 1 << 16
MAX_LINE = 1 << 20
# Gzip of real logs is 5 to 30 times smaller; a thousand times is its limit, and an attack.
BOMB_RATIO = 300
BOMB_BYTES = 1 << 28
# What Arrow says of bytes that do not unpack; an error of the disk or of the network it says otherwise.
_OF_CODEC = re.compile(r"Truncated compressed stream|(zlib|ZSTD|bz2) \w+ failed")


class Stream:
    """The decompressed bytes of a landed file, as what it is, whatever its name says of compression.

    ``note`` says so where the two differ. Reading a file that is broken, or no text, raises FileFault.
    """

    def __init__(self, root: Root, file: LandedFile) -> None:
        suffix = suffixes(file.name)[1]
        if suffix and file.size == 0:
            raise FileFault("truncated file", f"0 bytes are no {suffix} file: an upload that broke off")
        self.size, self.n_read = file.size, 0
        self.ahead: list[bytes] = []
        raw = root.open_file(file)
        try:
            head = raw.read(HEAD)
        except DAMAGES as error:
            raise _damage(error) from None
        raw.seek(0)
        self.codec = codec_of(head)
        if self.codec is None and not (is_text(head) or foreign(head)):
            self.codec = CODECS.get(suffix)  # whoever unpacks it says what is broken
        self.note = None if self.codec == CODECS.get(suffix) else _note(self.codec, suffix)
        self.source: Any = pa.BufferedInputStream(raw, BUFFER)
        if self.codec:
            self.source = pa.CompressedInputStream(self.source, self.codec)

    def peek(self) -> bytes:
        """Return the first bytes, which ``read`` gives again; FileFault if they are no UTF-8 text."""
        if not self.ahead:
            self.ahead = [self._next(BLOCK)]
        found = foreign(self.ahead[0])
        if found:
            rule = "not UTF-8" if is_wide(found) else "other content"
            begins = f"it begins with {self.ahead[0][:16]!r}"
            raise FileFault(rule, f"it looks like {found.what} ({begins}): {found.remedy}")
        return self.ahead[0]

    def read(self, n_bytes: int) -> bytes:
        """Return up to ``n_bytes`` more, or what was peeked; none at the end."""
        return self.ahead.pop() if self.ahead else self._next(n_bytes)

    def _next(self, n_bytes: int) -> bytes:
        try:
            data: bytes = self.source.read(n_bytes)
        except OSError as error:
            if not _OF_CODEC.match(str(error)):
                raise  # the disk's or the network's: worth another try
            raise _damage(error) from None
        except DAMAGES as error:
            raise _damage(error) from None
        self.n_read += len(data)
        if self.n_read > max(BOMB_BYTES, self.size * BOMB_RATIO):
            raise FileFault(
                "compression bomb", f"{self.size:,} bytes unpack to more than {self.n_read:,}"
            )
        return data


def _damage(error: Exception) -> FileFault:
    rule = "truncated file" if "runcated" in str(error) else "damaged file"
    return FileFault(rule, f"{error}: nobody can say what is missing; deliver it again")


def text_blocks(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, some megabytes at a time and without the last one's end, and the number of the
    first.

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
    """Yield the lines of ``text_blocks``, without their ends and none much longer than ``MAX_LINE``."""
    for number, text in text_blocks(stream):
        yield number, split_lines(text)


def split_lines(text: bytes) -> list[bytes]:
    """Return the lines of a block, without the byte order marks that files put together leave behind."""
    lines = (line[: MAX_LINE + 1].removesuffix(b"\r") for line in text.split(b"\n"))
    return [line.removeprefix(BOM) for line in lines]


def _head(stream: Stream) -> bytes:
    """The first bytes, without a byte order mark."""
    stream.peek()
    return stream.read(BLOCK).removeprefix(BOM)


def _note(codec: str | None, suffix: str) -> str:
    found = f"{codec} bytes" if codec else "plain text"
    name = f"that ends in {suffix}" if suffix else "that says nothing of it"
    return f"{found} under a name {name}: read as what it is"
