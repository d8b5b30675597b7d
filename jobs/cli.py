"""The command line. Imports are inside the commands: ``nocturne --help`` must be quick."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from jobs.errors import NocturneError
from jobs.train.commands import models

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(models, name="models")
Day = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The night: its landing day (UTC).")
]


@app.callback()
def nocturne() -> None:
    """Nightly music recommendation: listening logs in, playlists with reasons out."""


@app.command()
def night(
    day: Day,
    force: Annotated[str | None, typer.Option(help="Pass failed gates, with this note.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First stage; default: all.")] = None,
) -> None:
    """Run one night without Airflow: the same stages with the same arguments."""
    from jobs.embedded.direct import DirectNight, stages_from
    from jobs.embedded.environment import child_environment
    from jobs.embedded.processes import interruptible
    from jobs.embedded.progress import Progress
    from jobs.settings import load_settings
    from jobs.stage import Night
    from jobs.window import Window

    stages, settings = stages_from(start), load_settings()
    given = Night(Window.night(day.date()), settings, force)
    with interruptible():
        raise typer.Exit(DirectNight(given, child_environment(settings), Progress()).run(stages))


def main() -> None:
    """Console entry point: a person's mistake is a sentence and an exit code, never a trace."""
    try:
        app()
    except NocturneError as error:
        print(f"nocturne: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
