"""``nocturne simulate``: policies of exploring, held against each other in towns."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jobs.errors import UsageError

PolicyOption = Annotated[
    list[str] | None,
    typer.Option("--policy", help="Again: compare with the first. Default: all."),
]


def simulate(
    nights: Annotated[int, typer.Option(min=1, help="How long each town is watched.")] = 60,
    listeners: Annotated[int, typer.Option(min=2, help="Listeners of each town.")] = 500,
    tracks: Annotated[int, typer.Option(min=100, help="Tracks of each town.")] = 3000,
    policy: PolicyOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many towns: those of seeds 1, 2, ...")] = 5,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all figures here.")
    ] = None,
    page_file: Annotated[
        Path | None, typer.Option("--page", help="Also draw them: an HTML page.")
    ] = None,
) -> None:
    """Let made-up listeners live with lists of several policies, and tell what became of them.

    What they like is hidden from the policies, and known to the judge. Nothing is written to the lake.
    """
    from jobs.settings import load_settings
    from jobs.simulate.closed_loop import TownSize
    from jobs.simulate.comparison import compare, differences, table
    from jobs.simulate.page import page, text_lines
    from jobs.simulate.policies import POLICIES

    chosen = list(dict.fromkeys(policy or POLICIES))
    for name in chosen:
        if name not in POLICIES:
            raise UsageError(f"--policy {name} is not known: give one of {', '.join(POLICIES)}")
    size = TownSize(listeners, tracks, nights)
    outcomes = []
    for one in compare(chosen, range(1, seeds + 1), size, load_settings().recommend):
        outcomes.append(one)
        typer.echo(f"{one.policy}, town {one.seed}", err=True)
    for line in text_lines(outcomes):
        typer.echo(line)
    title = f"{seeds} towns of {listeners:,} listeners and {tracks:,} tracks, {nights} nights"
    if json_file:
        told = {"size": asdict(size), "outcomes": [asdict(one) for one in outcomes]}
        for name, figures in (("figures", table(outcomes)), ("differences", differences(outcomes))):
            told[name] = {of: {k: asdict(v) for k, v in its.items()} for of, its in figures.items()}
        _write("--json", json_file, json.dumps(_without_nan(told), indent=1) + "\n")
    if page_file:
        _write("--page", page_file, page(title, outcomes))


def _without_nan(value: object) -> object:
    """JSON has no NaN: null where there is no figure."""
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if value != value else value  # noqa: PLR0124  # NaN alone differs from itself


def _write(option: str, file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise UsageError(f"{option} {file} cannot be written: {error.strerror}") from None
