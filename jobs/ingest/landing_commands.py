"""``nocturne landing``: what became of landed files, and taking away what they gave."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.errors import NocturneError, NoInputError

if TYPE_CHECKING:
    from jobs.settings import Settings

landing = typer.Typer(no_args_is_help=True, help="Landed files: what became of them.")
Entries = Sequence[dict[str, Any]]


@landing.command()
def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="FILE|LISTENER", help="Part of a file's name, or whose it is."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Files to print.")] = 20,
) -> None:
    """Print the files that were taken in: rows kept and not, whose they are, what is to be known."""
    from jobs.settings import load_settings

    settings = load_settings()
    entries = _entries(settings)
    there = _names_there(settings)
    wanted = [
        e for e in entries if name is None or name in e["landing_file"] or e.get("listener") == name
    ]
    for entry in wanted[:limit]:
        typer.echo("\n".join(_lines(entry, entry["landing_file"] in there)))
    if len(wanted) > limit:
        typer.echo(f"… and {len(wanted) - limit:,} more: see --limit")
    if not wanted:
        typer.echo("No file of that is in the tables.")


@landing.command()
def forget(
    name: Annotated[
        str, typer.Argument(metavar="FILE|LISTENER", help="A file's whole name, or a listener's id.")
    ],
) -> None:
    """Delete what a file, or all files of a listener, gave to the tables.

    A file that still lies in the landing stays out until it is delivered again (with other bytes, or at
    another time). Nights that were made of it are named: they keep their lists until they run again.
    """
    from jobs.settings import load_settings

    try:
        told = forgotten(load_settings(), name)
    except NocturneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo("\n".join(told))


def forgotten(settings: "Settings", name: str) -> list[str]:
    """Forget the file or listener of this name; return what was done, in sentences. NoInputError if
    there is neither."""
    from jobs.ingest.formats.suffixes import ARCHIVE
    from jobs.ingest.landing_files import yields
    from jobs.ingest.removal import forget_files, forget_listener
    from jobs.lake.remembered_landing import require_landing
    from jobs.lake.session import open_session
    from jobs.lake.tables import Lake

    require_landing(settings)
    entries = _entries(settings)
    whole = [e for e in entries if name in (e["landing_file"], e.get("listener"))]
    # An archive's members go with it.
    folders = tuple(f"{e['landing_file']}/" for e in whole if e["source"] == ARCHIVE)
    whole += [e for e in entries if e["landing_file"].startswith(folders) and e not in whole]
    rows = {e["landing_file"]: e["rows_accepted"] for e in whole}
    others = [e for e in entries if e["landing_file"] not in rows]
    lake = Lake(open_session(settings, "landing"), settings)
    if whole:
        forget_files(lake, whole)
    if name not in rows:
        rows |= forget_listener(lake, name, others, list(rows))
    _take_again(settings, [e["landing_file"] for e in others if yields(e, rows)])
    if not rows:
        raise NoInputError(
            f"{name!r} is neither a landed file nor a listener: nocturne landing show lists the files, "
            "each by its path below the landing folder"
        )
    return _what_was_done(settings, entries, rows)


def _take_again(settings: "Settings", names: Sequence[str]) -> None:
    """Files whose rows had yielded to rows that are no longer there."""
    from jobs.ingest.landing import Root, list_landing
    from jobs.ingest.stage import ingest_files

    files = list_landing(Root.of(settings)).files
    again = [file for file in files if file.name in names]
    if again:
        ingest_files(settings, again, files)


def _what_was_done(settings: "Settings", entries: Entries, rows: dict[str, int]) -> list[str]:
    from jobs.ingest.report import made_nights
    from jobs.store import open_store

    there = _names_there(settings)
    told = [f"{file}: {n_rows:,} rows removed" for file, n_rows in sorted(rows.items())]
    told += [
        f"{file} still lies in the landing: it stays out as it is; remove it, or deliver it again"
        for file in sorted(rows)
        if file in there
    ]
    first = min(e["landed_on"] for e in entries if e["landing_file"] in rows)
    nights = [day for day in made_nights(open_store(settings).list("ledger/")) if day >= first]
    if nights:
        again = ", ".join(f"nocturne night --date {day}" for day in nights)
        told.append(f"Nights made of it, to run again in this order: {again}")
    return told


def _entries(settings: "Settings") -> list[dict[str, Any]]:
    from datetime import date

    from jobs.ingest.landing_files import ingested_files

    rows = ingested_files(settings, date.min, date.max).values()
    return sorted(map(dict, rows), key=lambda row: (row["landed_on"], row["landing_file"]))


def _names_there(settings: "Settings") -> set[str]:
    from jobs.ingest.landing import Root, list_landing

    return {file.name for file in list_landing(Root.of(settings)).files}


def _lines(entry: dict[str, Any], is_there: bool) -> list[str]:
    counts = ", ".join(
        f"{entry[f'rows_{part}'] or 0:,} {part.replace('_', ' ')}"
        for part in ("read", "accepted", "quarantined", "duplicate", "left_out")
    )
    whose = f", {entry['listener']}'s own" if entry.get("listener") else ""
    state = entry["status"] + ("" if is_there else ", no longer in the landing")
    return [
        f"{_printable(entry['landing_file'])}: {state}{_printable(whose)}; {counts}",
        *(f"  {_printable(line)}" for line in (entry["reason"], *(entry.get("notes") or ())) if line),
    ]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
