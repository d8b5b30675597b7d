"""Options that several commands have."""

from typing import Annotated, Any

import typer

from jobs.domain.lists import LISTS
from jobs.errors import UsageError
from jobs.window import parse_day


def parse_list(name: str) -> str:
    """Return the name of a list; UsageError if there is none of it."""
    if name not in LISTS:
        raise UsageError(f"--list {name!r} is no list: give one of {', '.join(LISTS)}")
    return name


JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
ListOption = Annotated[
    str, typer.Option("--list", parser=parse_list, metavar="NAME", help=f"Which: {', '.join(LISTS)}.")
]


def day_option(name: str, meaning: str) -> Any:
    """Return an option whose value is a date; what is none is refused as every other mistake is."""
    return typer.Option(name, parser=parse_day, metavar="YYYY-MM-DD", help=meaning)
