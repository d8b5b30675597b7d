"""The ranker and its sources on plays without times: a fifth of each listener's items held out.

Without times the ranker learns from a fifth of what is known, held out once more, and ranks by sources
fitted on all that is known. Lists are made as the product makes them, where a network says nothing: the
chance to be played plus ``REACH_WEIGHTS`` times the listener's claim. An item is its own artist: what
the product knows of artists says nothing here.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats
from models.candidates.facts import Facts
from models.candidates.ranker import fit_ranker, ranked
from models.candidates.reach import claims
from models.candidates.retrieval import CandidateRows, Retrieval
from models.peers.peer import blocks
from models.ranking.accuracy import ndcg, recall
from models.ranking.breadth import Reach
from models.ranking.intervals import Bootstrap
from models.ranking.lists import PADDING, Credits, Lists, hits

K = 10
N_CANDIDATES = 300
BLOCK = 256
REACH_WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)


def ours(weight: float) -> str:
    """Name the ranker with this weight of reach."""
    return f"ranker, reach {weight:.3f}"


def held_out(plays: csr_matrix, rng: np.random.Generator) -> tuple[csr_matrix, csr_matrix]:
    """Return four fifths of the plays and the fifth left out, at random."""
    entries = plays.tocoo()
    hidden = rng.random(entries.nnz) < 0.2

    def part(wanted: np.ndarray) -> csr_matrix:
        where = (entries.row[wanted], entries.col[wanted])
        return csr_matrix((entries.data[wanted], where), shape=plays.shape)

    return part(~hidden), part(hidden)


def retrieval_of(known: csr_matrix, n_a_source: int) -> Retrieval:
    """Return the sources fitted on what is known."""
    n = known.shape[1]
    facts = Facts(known, known, known * 0, known, Credits(np.arange(n + 1), np.arange(n)), np.ones(n))
    return Retrieval(facts, n_a_source)


def rows_of(retrieval: Retrieval) -> CandidateRows:
    """Return the candidates of all listeners."""
    n = retrieval.facts.n_listeners
    return CandidateRows.joined([retrieval.rows(*block) for block in blocks(n, BLOCK)])


def lists(rows: CandidateRows, scores: Floats, n: int) -> Lists:
    """Return each listener's ten best."""
    order = ranked(rows, np.where(np.isnan(scores), -np.inf, scores), K)
    made = np.full((n, K), PADDING, np.int32)
    made[rows.listener[order.rows], order.places] = rows.track[order.rows]
    return made


def contenders(plays: csr_matrix, n_a_source: int, seed: int) -> Iterator[tuple[str, Lists, csr_matrix]]:
    """Give lists by the ranker with each weight of reach, by each source, and what was left out."""
    rng = np.random.default_rng(seed)
    known, later = held_out(plays, rng)
    earlier, outcome = held_out(known, rng)
    learnt = rows_of(retrieval_of(earlier, n_a_source))
    trees = fit_ranker(learnt, np.asarray(outcome[learnt.listener, learnt.track]).ravel() > 0, seed)
    del learnt
    rows = rows_of(retrieval_of(known, n_a_source))
    n = plays.shape[0]
    chances = trees.probabilities(rows.values)
    best = np.sort(ranked(rows, chances, N_CANDIDATES).rows)
    chosen, chances = rows.at(best), chances[best]
    claimed = claims(chosen.listener, chosen.track, chances)
    for weight in REACH_WEIGHTS:
        yield ours(weight), lists(chosen, chances + weight * claimed, n), later
    for name in [name for name in rows.columns if f"{name}_rank" in rows.columns]:
        yield name, lists(rows, rows.column(name), n), later


def measure(plays: csr_matrix, n_a_source: int, n_seeds: int) -> None:
    """Print NDCG@10, recall@10, coverage and personalization of each contender and seed, their means,
    and NDCG@10 less that of the best source with its 95 % interval, over all listeners of all seeds."""
    figures: dict[str, list[Floats]] = {}
    breadth: dict[str, list[float]] = {}
    for seed in range(n_seeds):
        for name, made, later in contenders(plays, n_a_source, seed):
            found, n = hits(made, later), later.getnnz(axis=1)
            figures.setdefault(name, []).append(ndcg(found, n, K))
            reach = Reach.of(plays.shape[1])
            reach.add(made)
            breadth.setdefault(name, []).append(reach.coverage)
            print(
                f"seed {seed} {name:20} NDCG@10 {np.nanmean(figures[name][-1]):.4f} "
                f"recall@10 {np.nanmean(recall(found, n, K)):.4f} coverage {reach.coverage:.3f} "
                f"personalization {reach.personalization:.3f}",
                flush=True,
            )
    whole = {name: np.concatenate(values) for name, values in figures.items()}
    mean = {name: float(np.nanmean(values)) for name, values in whole.items()}
    mine = [ours(weight) for weight in REACH_WEIGHTS]
    best = max(mean.keys() - set(mine), key=mean.__getitem__)
    print(f"{'':20} NDCG@10 coverage  less {best}")
    for name, values in whole.items():
        bootstrap = Bootstrap(len(values), 1, 0)
        bootstrap.add((values - whole[best])[:, None])
        of = bootstrap.intervals()
        print(
            f"{name:20} {mean[name]:.4f}  {np.mean(breadth[name]):.3f}     "
            f"{of.value[0]:+.4f} [{of.low[0]:+.4f}, {of.high[0]:+.4f}], {of.value[0] / mean[best]:+.1%}"
        )
