"""An evaluation as text for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from jobs.evaluate.contenders import FLOOR, PUBLISHED
from jobs.evaluate.evaluation import FEWEST, Evaluation, below_floor
from jobs.evaluate.judgement import ALL, DISCOVERY, MAIN, TASKS, Figure

ACCURACY = ("NDCG@30", "MAP@10", "recall@30")
BREADTH = (
    "coverage", "personalization", "novelty", "artist diversity", "popularity error", "sound error",
    "true like rate",
)  # fmt: skip
MEANING = {
    "discovery": "tracks not heard before",
    "known artist": "tracks not heard before, of artists heard before",
    "new artist": "tracks of artists not heard before",
    "relisten": "tracks heard before",
}


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield all that was found; intervals are 95 %, over listeners."""
    yield (
        f"lists of {evaluation.night}, judged by {evaluation.n_plays:,} plays of the {evaluation.days} "
        f"days after; {evaluation.n_listeners:,} listeners"
    )
    yield from evaluation.notes
    found = {(f.task, f.slice, f.contender, f.metric): f for f in evaluation.figures}
    base = next(iter(evaluation.figures)).contender if evaluation.figures else PUBLISHED
    for task in TASKS:
        rows = [f for f in evaluation.figures if (f.task, f.slice, f.metric) == (task, ALL, MAIN)]
        if rows:
            yield f"\n{task}: {MEANING[task]} ({rows[0].n_listeners:,} listeners played some)"
            yield from aligned(
                ("", MAIN, f"less {base}", *ACCURACY),
                ((f.contender, _bounded(f), _difference(f), *_values(found, f, ACCURACY)) for f in rows),
            )
    rows = [f for f in evaluation.figures if (f.task, f.slice, f.metric) == (DISCOVERY, ALL, MAIN)]
    metrics = [name for name in BREADTH if any(key[3] == name for key in found)]
    yield "\nbreadth of the lists"
    yield from aligned(("", *metrics), ((f.contender, *_values(found, f, metrics)) for f in rows))
    yield from _slices(evaluation.figures, base)


def _slices(figures: Sequence[Figure], base: str) -> Iterator[str]:
    """The base and its floor in each slice."""
    of_slices = [f for f in figures if f.slice != ALL and f.contender in (base, FLOOR)]
    floors = {f.slice: f for f in of_slices if f.contender == FLOOR}
    below = below_floor(figures)
    rows = [
        (f.slice, f"{f.n_listeners:,}", _bounded(f), _bounded(floors.get(f.slice)),
         "too few to tell" if f.n_listeners < FEWEST else "BELOW" if f.slice in below else "ok")
        for f in of_slices if f.contender == base
    ]  # fmt: skip
    yield f"\n{MAIN} of {base} by slice; the floor is the peer {FLOOR}"
    yield from aligned(("", "listeners", base, "floor", ""), rows)


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of columns: the first to the left, the others to the right."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _bounded(figure: Figure | None) -> str:
    if figure is None or figure.low is None:
        return ""
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"


def _difference(figure: Figure) -> str:
    if figure.difference is None:
        return ""
    return f"{figure.difference:+.4f} [{figure.difference_low:+.4f}, {figure.difference_high:+.4f}]"


def _values(
    found: dict[tuple[str, str, str, str], Figure], row: Figure, metrics: Sequence[str]
) -> Iterator[str]:
    for metric in metrics:
        figure = found.get((row.task, ALL, row.contender, metric))
        yield f"{figure.value:.4f}" if figure else ""
