"""``nocturne reproduce``: published figures beside ours, on the same data."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jobs.train.paper import Results, Scale
    from models.paper.folds import Songs

reproduce = typer.Typer(no_args_is_help=True, help="Published figures beside ours, on the same data.")
OUT = Path("reproduction")


@reproduce.callback()
def published() -> None:
    """Published figures beside ours, on the same data."""


@reproduce.command()
def paper(
    data: Annotated[Path, typer.Option(help="CSV: the 13 features, liked (0 or 1), title, artist.")],
    out: Annotated[Path, typer.Option(help="Folder for the plots and the report.")] = OUT,
    quick: Annotated[bool, typer.Option("--quick", help="Tiny models, few folds: a check.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and of every model.")] = 0,
) -> None:
    """The paper's content network, a better one, and scikit-learn's: on one split, and on folds."""
    from jobs.train.songs import read_songs

    # Before TensorFlow is imported, which has much to say: a wrong file is told in one line.
    songs = read_songs(data)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from jobs.train.paper import QUICK, Scale, folds_table, single_split_table
    from models.paper.folds import single_split
    from models.paper.paper_network import fit
    from models.paper.plots import draw_all

    scale = QUICK if quick else Scale()
    split = single_split(songs.liked, songs.song, seed)
    _, history = fit(scale.paper, songs.take(split.train), seed, songs.take(split.test))
    draw_all(songs, history, out)
    published = single_split_table(history)
    typer.echo(f"{published}\n")
    measured = folds_table(_measured(songs, scale, seed))
    typer.echo(measured)
    (out / "report.md").write_text(f"{published}\n\n{measured}\n")
    typer.echo(f"\nPlots and report: {out}", err=True)


def _measured(songs: "Songs", scale: "Scale", seed: int) -> "Results":
    from rich.console import Console
    from rich.progress import Progress

    from jobs.train.paper import compare, contenders, protocols

    models, folds = contenders(scale, seed), protocols(songs, scale, seed)
    results: Results = {model: {protocol: [] for protocol in folds} for model in models}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(models) * sum(map(len, folds.values())))
        for model, protocol, figures in compare(models, songs, folds):
            results[model][protocol].append(figures)
            progress.update(task, advance=1, description=f"{model}, folds by {protocol}")
    return results
