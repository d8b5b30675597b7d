"""Rendered documents on their way to the store, in a scratch file: each is rendered once, and memory
does not grow with a night."""

import zlib
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from jobs.publish.keys import DIGITS

Document = tuple[str, bytes]
# A list's documents say the same in several formats: the fastest level makes a sixth of them.
LEVEL = 1


class Spool:
    """Documents with their keys, list by list; of each list memory has ten bytes, where it begins in
    the file and the ``spread`` of its listener."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ends = array("Q", [0])
        self._spreads = array("H")

    def add(self, spread: int, documents: Iterable[Document]) -> None:
        """Append one list's documents; all are added before any is read."""
        parts = (part for key, body in documents for part in (f"{len(body)} {key}\n".encode(), body))
        self._file.write(zlib.compress(b"".join(parts), LEVEL))
        self._ends.append(self._file.tell())
        self._spreads.append(spread)

    def __iter__(self) -> Iterator[Document]:
        """Give the documents as they were added."""
        return (document for n in range(len(self._spreads)) for document in self._list(n))

    def by_prefix(self, digits: int) -> Iterator[tuple[str, Iterator[Document]]]:
        """Give the documents of the listeners whose spread begins with the same hexadecimal digits, in
        the order of these, and within as they were added."""

        def prefix(n: int) -> int:
            return self._spreads[n] >> 4 * (DIGITS - digits)

        ordered = sorted(range(len(self._spreads)), key=prefix)
        for value, lists in groupby(ordered, prefix):
            yield f"{value:0{digits}x}", (document for n in lists for document in self._list(n))

    def _list(self, n: int) -> Iterator[Document]:
        begin, end = self._ends[n : n + 2]
        self._file.seek(begin)
        read = BytesIO(zlib.decompress(self._file.read(end - begin)))
        while head := read.readline():
            length, key = head.decode().split()
            yield key, read.read(int(length))


@contextmanager
def opened_spool(folder: str) -> Iterator[Spool]:
    """Open a spool in a folder. Its file has no name there: however the process ends, it is gone."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        yield Spool(file)
