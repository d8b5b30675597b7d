"""``nocturne validate``: the gates of a night, for a person."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.errors import BadDataError, NoInputError
from jobs.options import day_option
from jobs.window import Window

if TYPE_CHECKING:
    from rich.table import Table

    from jobs.settings import Settings
    from jobs.stage import Night

DayOption = Annotated[date, day_option("--date", "The night: its landing day (UTC).")]


def validate(
    day: DayOption,
    force: Annotated[str | None, typer.Option(help="Pass failed gates, with this note.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what passed.")] = False,
) -> None:
    """Check a night's inputs, and its playlists if there are any, and say what was found.

    Playlists that pass, or are forced, become those of the table `playlists`.
    Exits with 65 where the gate stops the night.
    """
    from rich.console import Console

    from jobs.settings import load_settings
    from jobs.stage import Night

    night = Night(Window.night(day), load_settings(), force)
    require_landed(night)
    stopped = run_gates(night)
    rows = results(night.settings, night.window.as_of)
    Console().print(findings_table([row for row in rows if everything or not row["success"]]))
    Console().print(f"{sum(row['success'] for row in rows)} of {len(rows)} expectations hold.")
    if stopped:
        raise stopped


def require_landed(night: "Night") -> None:
    """Raise NoInputError if nothing of the night has been taken in: a gate would keep results, and
    ``status`` a night, of nothing."""
    import pyarrow.compute as pc

    from jobs.lake.arrow import table_rows

    as_of = night.window.as_of
    days = table_rows(night.settings, "landing_files").filter(pc.field("landed_on") == as_of)
    if not days.count_rows():
        raise NoInputError(
            f"nothing that landed on {as_of} is in the tables: `nocturne night --date {as_of}` takes "
            "it in"
        )


def run_gates(night: "Night") -> BadDataError | None:
    """Run both gates, the second if the night has playlists; returns what stops the night, or None."""
    from jobs.lake.arrow import has_night
    from jobs.stage import Night, run_stage
    from jobs.validate.inputs.stage import gate_inputs
    from jobs.validate.playlists.stage import gate_playlists

    gates = {"gate_inputs": gate_inputs}
    if has_night(night.settings, "playlists_staged", night.window.as_of):
        gates["gate_playlists"] = gate_playlists
    stopped = None
    for name, gate in gates.items():
        try:
            run_stage(name, gate, Night(night.window, night.settings, night.force))
        except BadDataError as error:
            stopped = stopped or error
    return stopped


def results(settings: "Settings", as_of: date) -> list[dict[str, Any]]:
    """Return the night's rows of validation_results, failures first."""
    rows = _night(settings, "validation_results", as_of, None)
    keys = ("gate", "success", "severity", "table_name", "expectation", "column_name")
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def findings_table(rows: Sequence[dict[str, Any]]) -> "Table":
    """Return the rows as a table; nothing in them is taken for markup."""
    from rich.table import Table
    from rich.text import Text

    colors = {(False, "critical"): "bold red", (False, "warning"): "yellow"}
    table = Table("", "table", "expectation", "observed", "why")
    for row in rows:
        sign = "ok" if row["success"] else row["severity"]
        subject = ".".join(filter(None, (row["table_name"], row["column_name"])))
        cells = (sign, subject, row["expectation"], row["observed"], row["reason"])
        style = colors.get((row["success"], row["severity"]), "")
        table.add_row(*(Text(cell or "") for cell in cells), style=style)
    return table


def _night(
    settings: "Settings", name: str, as_of: date, columns: list[str] | None
) -> list[dict[str, Any]]:

    from jobs.lake.arrow import night_rows

    return list(night_rows(settings, name, as_of).to_table(columns=columns).to_pylist())
