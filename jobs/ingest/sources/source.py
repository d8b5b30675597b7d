"""What an adapter is: how a log format is known, and how one of its records becomes rows of ours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.ingest.landing import LandedFile

Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One log format of one kind of landing.

    ``columns`` are those whose presence in a header (CSV) or a first object (JSON) tells the format.
    ``rows`` gives the rows of a record, with the fields of ``jobs.ingest.contract``: none for what is
    not ours (a podcast), several where a record counts plays. It raises RowFault for what it cannot
    read. ``named`` formats know no track ids: their ids are made of artist and title, and matched to
    the catalog later.
    """

    name: str
    kind: str
    columns: frozenset[str]
    rows: Callable[[Mapping[str, Any], LandedFile], Iterable[Row]]
    named: bool = False
