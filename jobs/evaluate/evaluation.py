"""What became of a night's lists: evaluated, and as rows of the table ``evaluations``."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jobs.errors import NoInputError
from jobs.evaluate.contenders import FLOOR, PEERS, Contender, Listed, fitted_peer, made_lists
from jobs.evaluate.hidden_tastes import read_hidden_tastes
from jobs.evaluate.judgement import DISCOVERY, MAIN, Figure, judge
from jobs.lake.arrow import has_night, night_rows, replace_night
from jobs.lake.split import lists_beside, read_split
from jobs.settings import Settings
from jobs.stage import Night
from models.errors import ModelError

log = logging.getLogger("nocturne")
N_RANKS = 30
# Of fewer listeners an interval says too little to find a slice below its floor.
FEWEST = 30
FIGURE = tuple(field.name for field in fields(Figure))


@dataclass(frozen=True)
class Evaluation:
    """Of the lists of ``night`` by the plays of the ``days`` days after it. ``notes`` say what could not
    be judged."""

    night: date
    days: int
    n_listeners: int
    n_plays: int
    figures: Sequence[Figure]
    notes: Sequence[str]


def evaluate_night(
    settings: Settings,
    night: date,
    days: int,
    *,
    peers: bool = False,
    truth: Path | None = None,
    beside: Mapping[str, Settings] = MappingProxyType({}),
) -> Evaluation:
    """Judge the night's lists, each strategy of them alone, and the peers: all with ``peers``, else the
    quick ones. ``beside``: lists of the same night in other lakes, by their name, judged by the same
    plays. NoInputError without listens before or after, or where a lake beside has no lists."""
    split = read_split(settings, night, days)
    contenders: list[Contender] = [*made_lists(split)]
    notes: list[str] = []
    if not contenders:
        notes.append(f"{night} has no lists (`nocturne night --date {night}` makes them): peers alone")
    for name, others in beside.items():
        lists, n_unknown = lists_beside(others, split)
        contenders.append(Listed(name, lists))
        if n_unknown:
            notes.append(f"{name}: {n_unknown:,} tracks were left out, for the first lake does not know "
                         "them, or their listeners: both should be of the same logs")  # fmt: skip
    for name, spec in PEERS.items():
        if spec.nightly or peers:
            try:
                peer = fitted_peer(split, name, N_RANKS, settings.recommend.artist_cap)
                contenders.append(peer)
            except ModelError as error:
                notes.append(f"{name} was left out: {error}")
    tastes = read_hidden_tastes(truth, split) if truth else None
    figures = judge(split, contenders, settings.seed, tastes)
    return Evaluation(night, days, split.n_listeners, int(split.later.sum()), figures, notes)


def below_floor(figures: Sequence[Figure]) -> list[str]:
    """Slices in which the peer popularity is surely better than the published lists."""
    return [
        figure.slice
        for figure in figures
        if (figure.task, figure.contender, figure.metric) == (DISCOVERY, FLOOR, MAIN)
        and figure.n_listeners >= FEWEST
        and figure.difference_low is not None
        and figure.difference_low > 0
    ]


def evaluate_due(night: Night) -> list[date]:
    """Write the evaluations that the night makes possible; returns the nights evaluated.

    Usually that is the night ``evaluate.days`` before. Where later nights were run already, also this
    night and those between: so the rows are the same in whatever order nights are run.
    """
    days, as_of = night.settings.evaluate.days, night.window.as_of
    nights = [as_of - timedelta(days=age) for age in range(days, -1, -1)]
    done = []
    for one in nights:
        its_last = one + timedelta(days=days)
        if its_last > as_of and not any(night.store.list(f"ledger/{its_last}/")):
            continue
        if not has_night(night.settings, "playlists", one):
            continue
        try:
            rows = evaluation_rows(evaluate_night(night.settings, one, days))
        except NoInputError as error:
            log.info("%s is not evaluated: %s", one, error)
            continue
        replace_night(night.settings, "evaluations", rows, one)
        done.append(one)
    return done


def evaluation_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Rows of ``evaluations``; what is not known is null."""
    rows = (asdict(figure) for figure in evaluation.figures)
    return [
        {"as_of": evaluation.night, "n_days": evaluation.days}
        | {name: None if _unknown(value) else value for name, value in row.items()}
        for row in rows
    ]


def _unknown(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def published_figures(settings: Settings, night: date) -> list[Figure]:
    """Return NDCG@10 of discovery by contender and slice as the table has it; none of a night not
    evaluated."""
    rows = night_rows(settings, "evaluations", night).to_table().to_pylist()
    figures = [Figure(**{name: row[name] for name in FIGURE}) for row in rows]
    return [figure for figure in figures if (figure.task, figure.metric) == (DISCOVERY, MAIN)]
