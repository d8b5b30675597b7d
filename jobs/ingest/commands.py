"""``nocturne quarantine``: what was rejected and why, and taking it in again after a fix."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.errors import NocturneError, NoInputError
from jobs.lake.catalog import LANDING_KINDS
from jobs.options import JsonOption, day_option

if TYPE_CHECKING:
    from jobs.settings import Settings

quarantine = typer.Typer(no_args_is_help=True, help="Rejected rows and files.")
RuleOption = Annotated[str | None, typer.Option(help="Only this rule, as `show` names it.")]
FileOption = Annotated[str | None, typer.Option(help="Only files with this in their name.")]
DayOption = Annotated[date | None, day_option("--date", "Only what landed that day.")]
SHOWN = 120


@quarantine.command()
def show(
    rule: RuleOption = None,
    file: FileOption = None,
    day: DayOption = None,
    limit: Annotated[int, typer.Option(min=0, help="Entries to print.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Count entries by kind and rule, and print the first of them."""
    from jobs.settings import load_settings

    entries = list(_entries(load_settings(), rule, file, day))
    counts = sorted(Counter((e["kind"], e["rule"]) for e in entries).items())
    if as_json:
        typer.echo(_document(counts, entries[:limit]))
        return
    for (kind, name), n_entries in counts:
        typer.echo(f"{n_entries:8,}  {kind:15} {name}")
    for entry in entries[:limit]:
        line = "the whole file" if entry["line"] is None else f"line {entry['line']}"
        typer.echo(f"\n{entry['landing_file']}, {line}\n  {_printable(entry['reason'])}")
        if entry["raw"]:
            raw = _printable(entry["raw"][: 4 * SHOWN].decode(errors="backslashreplace"))
            typer.echo(f"  {raw[:SHOWN]}{'…' * (len(raw) > SHOWN)}")
    if not entries:
        typer.echo("Nothing of that is in quarantine.")


@quarantine.command()
def replay(rule: RuleOption = None, file: FileOption = None, day: DayOption = None) -> None:
    """Read the files of these entries again, with the rules, adapters and settings of today.

    A file that was delivered again needs no replay: the next night takes it in by itself.
    """
    from jobs.ingest.landing import Root, list_landing
    from jobs.ingest.manifest import with_promised_rows
    from jobs.ingest.stage import ingest_files
    from jobs.lake.remembered_landing import require_landing
    from jobs.settings import load_settings

    try:
        settings = load_settings()
        require_landing(settings)
        names = {e["landing_file"] for e in _entries(settings, rule, file, day)}
        root = Root.of(settings)
        landing = list_landing(root)
        files = [file for file in landing.files if file.name in names]
        if not files:
            raise NoInputError("no file of such an entry is in the landing folder: see `show`")
        promised = with_promised_rows(root, landing, files)
        for batch in ingest_files(settings, promised, landing.files):
            for count in batch.counts.values():
                state = count.reason if count.refused else f"{count.n_quarantined:,} quarantined"
                typer.echo(f"{count.file.name}: {count.n_accepted:,} accepted, {state}")
    except NocturneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    nights = sorted({file.landed_on for file in files})
    typer.echo("Nights that may change: " + ", ".join(f"nocturne night --date {day}" for day in nights))


def _document(counts: list[tuple[tuple[str, str], int]], entries: list[dict[str, Any]]) -> str:
    """Bytes that are no UTF-8 are escaped: ``\\xe9``."""
    shown = [
        {**entry, "raw": entry["raw"] and entry["raw"].decode(errors="backslashreplace")}
        for entry in entries
    ]
    rules = [{"kind": kind, "rule": rule, "n_entries": n} for (kind, rule), n in counts]
    return json.dumps({"rules": rules, "entries": shown}, default=str, ensure_ascii=False, indent=1)


def _entries(
    settings: "Settings", rule: str | None, file: str | None, day: date | None
) -> Iterator[dict[str, Any]]:
    import pyarrow.compute as pc

    from jobs.lake.arrow import table_rows

    for kind in LANDING_KINDS:
        refused, wanted = table_rows(settings, f"{kind}_quarantine"), pc.scalar(True)
        if rule:
            wanted &= pc.field("rule") == rule
        if day:
            wanted &= pc.field("landed_on") == day
        if file:
            wanted &= pc.match_substring(pc.field("landing_file"), file)
        rows: Iterable[dict[str, Any]] = refused.to_table(filter=wanted).to_pylist()
        key = sorted(rows, key=lambda row: (row["landing_file"], row["line"] or 0))
        yield from ({"kind": kind} | row for row in key)


def _printable(text: str) -> str:
    """One line of a terminal, whatever the bytes were."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
