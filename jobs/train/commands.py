"""``nocturne models``: what was trained, how good it is, and which version goes out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.errors import NocturneError
from jobs.options import JsonOption

if TYPE_CHECKING:
    from models.registry import Card, Interval, Registry

models = typer.Typer(no_args_is_help=True, help="Versions of the content network and of the ranker.")
Version = Annotated[str, typer.Argument(help="A version, as `nocturne models list` shows it.")]


class Model(StrEnum):
    """The models that the registry holds."""

    CONTENT = "content"
    RANKER = "ranker"


Which = Annotated[Model, typer.Option("--model", help="The content network, or the ranker.")]


@models.command("list")
def list_versions(model: Which = Model.CONTENT, as_json: JsonOption = False) -> None:
    """All versions, the oldest night first; * marks the champion."""
    with _registry(model) as registry:
        champion = registry.champion()
        if as_json:
            typer.echo(json.dumps(_versions(registry, champion), indent=1))
            return
        for card in registry.versions():
            mark = "*" if champion and card.version == champion.version else " "
            metrics = "  ".join(f"{name} {m.value:.4f}" for name, m in sorted(card.metrics.items()))
            typer.echo(f"{mark} {card.version}  {_standing(registry, card.version):9}  {metrics}")


@models.command()
def show(version: Version, model: Which = Model.CONTENT) -> None:
    """A version's card."""
    with _registry(model) as registry:
        typer.echo(registry.card(version).to_bytes().decode())


@models.command()
def compare(first: Version, second: Version) -> None:
    """Two versions of the content network on the same plays: those held out of the later one's night;
    intervals are 95 %."""
    from jobs.settings import load_settings
    from jobs.train.heldout import heldout_plays, scorer_of
    from jobs.window import Window
    from models.content_network.comparison import measure, paired_differences, predict

    settings = load_settings()
    with _registry(Model.CONTENT) as registry:
        night = max(registry.card(version).as_of for version in (first, second))
        features, block = heldout_plays(settings, Window.night(night))
        one, other = (
            predict(scorer_of(registry, version), features, block) for version in (first, second)
        )
    columns = [measure(p, block, settings.seed) for p in (one, other)]
    columns.append(paired_differences(other, one, block, settings.seed))
    titles = (f"{len(block)} plays", first, second, "second - first")
    typer.echo("".join(f"{title:>28}" for title in titles))
    for name in sorted(columns[0]):
        cells = [_interval(column.get(name)) for column in columns]
        typer.echo("".join(f"{cell:>28}" for cell in (name, *cells)))


@models.command()
def promote(version: Version, model: Which = Model.CONTENT) -> None:
    """Make a version the champion of its night, whatever its metrics; its files are checked.

    It stays so when the night is run again.
    """
    with _registry(model) as registry:
        registry.promote(version, by_hand=True)
        _tell_champion(registry)


@models.command()
def rollback(
    version: Annotated[str | None, typer.Argument(help="Default: the champion.")] = None,
    model: Which = Model.CONTENT,
) -> None:
    """Withdraw a version; the newest one promoted before it is the champion again."""
    with _registry(model) as registry:
        champion = registry.champions().champion
        if version is None and champion is None:
            raise NocturneError("no version is promoted, so there is none to withdraw")
        registry.withdraw(version or str(champion))
        _tell_champion(registry)


@contextmanager
def _registry(model: Model) -> "Iterator[Registry]":
    """The registry of the settings; what is wrong with a model is a sentence, not a trace."""
    from jobs.settings import load_settings
    from jobs.store import open_store
    from models.errors import ModelError
    from models.registry import Registry

    try:
        yield Registry(open_store(load_settings()), model)
    except ModelError as error:
        raise NocturneError(str(error)) from None


def _versions(registry: "Registry", champion: "Card | None") -> list[dict[str, Any]]:
    return [
        card.model_dump(mode="json", include={"version", "as_of", "metrics"})
        | {
            "standing": _standing(registry, card.version),
            "champion": bool(champion and card.version == champion.version),
        }
        for card in registry.versions()
    ]


def _standing(registry: "Registry", version: str) -> str:
    champions = registry.champions()
    if version in champions.withdrawn:
        return "withdrawn"
    return "promoted" if version in {p.version for p in champions.promoted} else "kept"


def _interval(metric: "Interval | None") -> str:
    return f"{metric.value:.4f} [{metric.low:.4f}, {metric.high:.4f}]" if metric else ""


def _tell_champion(registry: "Registry") -> None:
    typer.echo(f"champion: {registry.champions().champion or 'none'}")
