"""One adapter a log format. To add one: write its module, and name it here."""

from collections.abc import Iterable

from jobs.ingest.faults import FileFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Source

SOURCES: tuple[Source, ...] = ()
NATIVE = "native"


def pick(file: LandedFile, columns: Iterable[str], configured: str | None = None) -> Source | None:
    """The adapter of a file with these columns; None for the native contract.

    ``configured`` names one, whatever the columns; FileFault if there is none of that name.
    """
    found = set(columns)
    candidates = [source for source in SOURCES if source.kind == file.kind]
    if configured == NATIVE:
        return None
    if configured:
        candidates = [source for source in candidates if source.name == configured]
        if not candidates:
            raise FileFault("unknown source", f"{configured!r} is no source of {file.kind}")
        return candidates[0]
    return next((source for source in candidates if source.columns <= found), None)
