"""The command line. Imports are inside the commands: ``nocturne --help`` must be quick."""

import os
import sys
from datetime import date
from typing import Annotated

import typer

from jobs.domain.lists import DISCOVER
from jobs.errors import NocturneError
from jobs.evaluate.commands import evaluate
from jobs.ingest.commands import quarantine
from jobs.ingest.landing_commands import landing
from jobs.options import JsonOption, ListOption, day_option
from jobs.simulate.commands import simulate
from jobs.train.commands import models
from jobs.train.reproduce import reproduce
from jobs.validate.commands import validate

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(models, name="models")
app.add_typer(quarantine, name="quarantine")
app.add_typer(landing, name="landing")
app.add_typer(reproduce, name="reproduce")
app.command()(validate)
app.command()(evaluate)
app.command()(simulate)
Day = Annotated[date, day_option("--date", "The night: its landing day (UTC).")]
ForceOption = Annotated[str | None, typer.Option(help="Pass failed gates, with this note.")]


@app.callback()
def nocturne(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Nightly music recommendation: listening logs in, playlists with reasons out."""
    if version:
        from importlib.metadata import version as installed

        print(f"nocturne {installed('nocturne')}")
        raise typer.Exit


@app.command()
def night(
    day: Day,
    force: ForceOption = None,
    start: Annotated[str | None, typer.Option("--from", help="First stage; default: all.")] = None,
) -> None:
    """Run one night without Airflow: the same stages with the same arguments."""
    from jobs.embedded.direct import DirectNight, stages_from
    from jobs.embedded.doctor import require_java
    from jobs.embedded.environment import child_environment, prepare_spark
    from jobs.embedded.processes import interruptible
    from jobs.embedded.progress import Progress
    from jobs.embedded.warm_python import warm_python
    from jobs.embedded.warm_spark import running_spark
    from jobs.settings import load_settings
    from jobs.stage import Night
    from jobs.window import Window

    stages, settings = stages_from(start), load_settings()
    require_java()
    given, progress = Night(Window.night(day), settings, force), Progress()
    with interruptible():
        prepare_spark(settings, progress)
        with (
            warm_python(settings, child_environment(settings)) as environment,
            running_spark(settings, environment) as environment,
        ):
            raise typer.Exit(DirectNight(given, environment, progress).run(stages))


@app.command()
def run(
    landing: Annotated[str | None, typer.Option(help="Logs: a folder, or s3://…")] = None,
    nights: Annotated[int | None, typer.Option(min=1, help="The last how many; default: 7.")] = None,
    lake: Annotated[str | None, typer.Option(help="Tables: a folder, or s3://…")] = None,
    store: Annotated[str | None, typer.Option(help="Playlists and reports: a folder, or s3://…")] = None,
    force: ForceOption = None,
) -> None:
    """Run nights end to end through Airflow; without logs, those of a simulated town."""
    given = _set_roots(landing=landing, lake=lake, store=store)
    from jobs.embedded.run import run as run_nights
    from jobs.settings import load_settings

    raise typer.Exit(run_nights(load_settings(), nights, force, given=given))


@app.command()
def up(
    nightly: Annotated[
        bool, typer.Option("--nightly", help="Run every night after midnight UTC.")
    ] = False,
) -> None:
    """Start Airflow with its UI on an embedded PostgreSQL, and keep it up."""
    from jobs.embedded.airflow import Airflow
    from jobs.embedded.doctor import require_java
    from jobs.embedded.environment import prepare_spark
    from jobs.embedded.home import USER
    from jobs.embedded.processes import interruptible
    from jobs.embedded.progress import Progress
    from jobs.settings import load_settings

    progress = Progress()
    airflow = Airflow(load_settings(), progress)
    require_java()
    with airflow.lock(), interruptible():
        prepare_spark(airflow.settings, progress)
        api = airflow.keep_up(nightly)
    progress.close()
    progress.say(f"Airflow is up: {api.url} (user {USER}, password in {airflow.home.password_file})")


@app.command()
def down() -> None:
    """Stop Airflow and PostgreSQL."""
    from jobs.embedded.airflow import Airflow
    from jobs.embedded.progress import Progress
    from jobs.settings import load_settings

    airflow = Airflow(load_settings(), Progress())
    with airflow.lock():
        print("Airflow is stopped" if airflow.down() else "Airflow was not running")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """What runs, and how the latest nights ended."""
    from jobs.embedded.status import read_status
    from jobs.settings import load_settings

    found = read_status(load_settings())
    print(found.document() if as_json else "\n".join(found.lines()))


@app.command()
def playlist(
    user: Annotated[str, typer.Argument(metavar="USER", help="The listener's id.")],
    day: Annotated[date | None, day_option("--date", "The night; default: the published one.")] = None,
    as_json: JsonOption = False,
    name: ListOption = DISCOVER,
) -> None:
    """Print a listener's playlist: track, artist, why."""
    from rich.console import Console

    from jobs.embedded import night_result
    from jobs.settings import load_settings

    settings = load_settings()
    night_of = day or night_result.published_night(settings)
    rows = night_result.read_playlist(settings, user, night_of, name)
    if as_json:
        from jobs.publish.documents import playlist_json
        from jobs.publish.playlists import open_playlists

        published = open_playlists(settings, night_of).of(user)
        print(playlist_json(published[name], settings.store.schema_version).decode(), end="")
        return
    night_result.show_playlist(Console(highlight=False), user, night_of, rows, name)


@app.command()
def why(
    user: Annotated[str, typer.Argument(metavar="USER", help="The listener's id.")],
    track: Annotated[str, typer.Argument(metavar="TRACK", help="A track's id, or its title.")],
    day: Annotated[date | None, day_option("--date", "The night; default: the published one.")] = None,
) -> None:
    """Say why a track is on a listener's list, or what kept it from there."""
    from jobs.embedded import night_result
    from jobs.recommend import why as reason
    from jobs.settings import load_settings
    from jobs.window import Window

    settings = load_settings()
    night_of = day or night_result.published_night(settings)
    lists = night_result.read_lists(settings, user, night_of)
    print(reason.why(settings, user, track, Window.night(night_of), lists))


@app.command()
def preview(
    user: Annotated[str, typer.Argument(metavar="USER", help="The listener's id.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another setting of recommend. Again: more."),
    ] = None,
    day: Annotated[date | None, day_option("--date", "The night; default: the published one.")] = None,
    name: ListOption = DISCOVER,
    dials: Annotated[
        list[str] | None,
        typer.Option("--dial", metavar="DIAL=VALUE", help="As if they had set it. Again: more."),
    ] = None,
) -> None:
    """Print the list that a night would make for a listener by other settings or dials; nothing is
    written."""
    from rich.console import Console

    from jobs.embedded import night_result
    from jobs.embedded.doctor import require_java
    from jobs.recommend import preview as made
    from jobs.settings import load_settings
    from jobs.stage import Night
    from jobs.window import Window

    made.set_for_preview(changes or [])
    turned = made.dials_given(dials or [])
    settings = load_settings()
    require_java()
    night_of = day or night_result.published_night(settings)
    rows = made.preview(Night(Window.night(night_of), settings), user, name, turned)
    night_result.show_playlist(Console(highlight=False), user, night_of, rows, name)


@app.command()
def settings(
    part: Annotated[str | None, typer.Argument(help="Only those with this in their name.")] = None,
) -> None:
    """Print the settings in force: value, where it comes from, default, meaning."""
    from jobs.settings import load_settings
    from jobs.settings_text import lines

    print("\n".join(lines(load_settings(), part)))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check what a night needs: settings, Java, jars, memory, disk, folders."""
    import json
    from dataclasses import asdict

    from jobs.embedded.doctor import health_checks
    from jobs.settings import load_settings

    checks = []
    for check in health_checks(load_settings()):
        checks.append(check)
        if not as_json:
            print(f"{'ok ' if check.good else 'BAD'} {check.name:<9} {check.text}")
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=1))
    raise typer.Exit(0 if all(check.good for check in checks) else 1)


def _set_roots(**roots: str | None) -> dict[str, str]:
    """Options are settings like any other: children find them in the environment too."""
    given = {f"NOCTURNE__{name.upper()}__ROOT": root for name, root in roots.items() if root is not None}
    os.environ.update(given)
    return given


def main() -> None:
    """Run the command line: a person's mistake, or a full disk, is a sentence and an exit code, never a
    trace."""
    # A library's log lines are not for a person who made a mistake.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except NocturneError as error:
        _end(error)
    except OSError as error:
        from jobs.disk import disk_full
        from jobs.settings import load_settings

        full = disk_full(error, load_settings())
        if full is None:
            raise
        _end(full)


def _end(error: NocturneError) -> None:
    print(f"nocturne: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
