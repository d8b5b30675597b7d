"""``nocturne evaluate``: what became of a night's lists, for a person."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from jobs.errors import UsageError
from jobs.options import day_option

NightOption = Annotated[date, day_option("--night", "The night whose lists are judged.")]
DaysOption = Annotated[
    int | None, typer.Option(min=1, help="By the plays of so many days after; default: the setting's 7.")
]


def evaluate(
    night: NightOption,
    days: DaysOption = None,
    peers: Annotated[bool, typer.Option("--peers", help="Against the slow peers too.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Hidden tastes of a made-up landing: adds the true like rate.")
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--settings", help="A file of settings, with its own lake. Again: compare with it."
        ),
    ] = None,
) -> None:
    """Judge a night's lists by what was played in the days after, beside simple recommenders.

    With several --settings the lists of each are held against the first one's, listener by listener.
    Nothing is written to the lake.
    """
    from jobs.evaluate.evaluation import evaluate_night
    from jobs.evaluate.text import evaluation_lines
    from jobs.settings import load_settings, read_settings

    settings, *others = [read_settings(file) for file in files or ()] or [load_settings()]
    beside = {str(file): its for file, its in zip((files or ())[1:], others, strict=True)}
    found = evaluate_night(
        settings,
        night,
        days or settings.evaluate.days,
        peers=peers,
        truth=truth,
        beside=beside,
    )
    for line in evaluation_lines(found):
        typer.echo(line)
    if json_file:
        try:
            json_file.write_text(json.dumps(asdict(found), default=str, indent=1) + "\n")
        except OSError as error:
            raise UsageError(f"--json {json_file} cannot be written: {error.strerror}") from None
