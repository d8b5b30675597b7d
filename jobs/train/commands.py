"""``nocturne models``: what was trained, how good it is, and which version goes out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.errors import NocturneError

if TYPE_CHECKING:
    from models.registry import Card, Registry

models = typer.Typer(no_args_is_help=True, help="Versions of the content network.")
Version = Annotated[str, typer.Argument(help="A version, as `nocturne models list` shows it.")]


@models.command("list")
def list_versions() -> None:
    """All versions, the oldest night first; * marks the champion."""
    with _registry() as registry:
        champion = registry.champion()
        for card in registry.versions():
            mark = "*" if champion and card.version == champion.version else " "
            metrics = "  ".join(f"{name} {m.value:.4f}" for name, m in sorted(card.metrics.items()))
            typer.echo(f"{mark} {card.version}  {_standing(registry, card.version):9}  {metrics}")


@models.command()
def show(version: Version) -> None:
    """A version's card."""
    with _registry() as registry:
        typer.echo(registry.card(version).to_bytes().decode())


@models.command()
def compare(first: Version, second: Version) -> None:
    """Held-out metrics of two versions side by side, each on the later plays of its own night."""
    with _registry() as registry:
        one, other = registry.card(first), registry.card(second)
        typer.echo(f"{'':10}{one.version:>28}{other.version:>28}")
        for name in sorted(one.metrics.keys() | other.metrics.keys()):
            typer.echo(f"{name:10}{_interval(one, name):>28}{_interval(other, name):>28}")


@models.command()
def promote(version: Version) -> None:
    """Make a version the champion of its night, whatever its metrics; its files are checked.

    It stays so when the night is run again.
    """
    with _registry() as registry:
        registry.promote(version, by_hand=True)
        _tell_champion(registry)


@models.command()
def rollback(
    version: Annotated[str | None, typer.Argument(help="Default: the champion.")] = None,
) -> None:
    """Withdraw a version; the newest one promoted before it is the champion again."""
    with _registry() as registry:
        champion = registry.champions().champion
        if version is None and champion is None:
            raise NocturneError("no version is promoted, so there is none to withdraw")
        registry.withdraw(version or str(champion))
        _tell_champion(registry)


@contextmanager
def _registry() -> "Iterator[Registry]":
    """The registry of the settings; what is wrong with a model is a sentence, not a trace."""
    from jobs.settings import load_settings
    from jobs.store import open_store
    from models.errors import ModelError
    from models.registry import Registry

    try:
        yield Registry(open_store(load_settings()), "content")
    except ModelError as error:
        raise NocturneError(str(error)) from None


def _standing(registry: "Registry", version: str) -> str:
    champions = registry.champions()
    if version in champions.withdrawn:
        return "withdrawn"
    return "promoted" if version in {p.version for p in champions.promoted} else "kept"


def _interval(card: "Card", name: str) -> str:
    metric = card.metrics.get(name)
    return f"{metric.value:.4f} [{metric.low:.4f}, {metric.high:.4f}]" if metric else "-"


def _tell_champion(registry: "Registry") -> None:
    typer.echo(f"champion: {registry.champions().champion or 'none'}")
