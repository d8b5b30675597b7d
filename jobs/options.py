"""Options that several commands have."""

from typing import Annotated, Any

import typer

from jobs.window import parse_day

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def day_option(name: str, meaning: str) -> Any:
    """Return an option whose value is a date; what is none is refused as every other mistake is."""
    return typer.Option(name, parser=parse_day, metavar="YYYY-MM-DD", help=meaning)
