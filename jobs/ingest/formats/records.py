"""What the formats without a schema yield: numbered records."""

from dataclasses import dataclass
from typing import Any

from jobs.ingest.faults import RowFault


@dataclass(frozen=True)
class Record:
    """One record of a file: the line it begins on, its raw bytes, and its fields or its fault.

    ``fields`` is None where ``fault`` is not. Formats that know only texts (CSV) give texts.
    """

    line: int
    raw: bytes
    fields: dict[str, Any] | None = None
    fault: RowFault | None = None
