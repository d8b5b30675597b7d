"""What the formats without a schema yield: numbered records."""

from dataclasses import dataclass
from typing import Any

from jobs.ingest.faults import RowFault


@dataclass(frozen=True)
class Record:
    """One record of a file: the line it begins on, its raw bytes, and its fields or its fault.

    ``account`` is whose the record is, where what wraps it says so. ``is_inner``: it is not the
    whole line. One of ``fields`` and ``fault`` is None; both are for a page that holds no record.
    Formats that know only texts (CSV) give texts.
    """

    line: int
    raw: bytes
    fields: dict[str, Any] | None = None
    fault: RowFault | None = None
    account: str | None = None
    is_inner: bool = False
