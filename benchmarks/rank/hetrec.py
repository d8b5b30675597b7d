"""The ranker on HetRec Last.fm: artists as items, a fifth of each listener's held out at random.

``python -m benchmarks.rank.hetrec --file ../shared/data/hetrec_lastfm/user_artists.tsv.gz``

There are no times, so the ranker learns from a fifth of what is known, held out once more, and ranks by
sources fitted on all that is known. An item is its own artist: what the product knows of artists says
nothing here. Prints NDCG@10 of every source alone and of the ranker over seeds, and the paired
difference of the ranker to each with its 95 % interval, over all listeners of all seeds.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from models.candidates.facts import Facts
from models.candidates.ranker import fit_ranker, ranked
from models.candidates.retrieval import CandidateRows, Retrieval
from models.peers.peer import blocks
from models.ranking.accuracy import ndcg, recall
from models.ranking.breadth import Reach
from models.ranking.intervals import Bootstrap
from models.ranking.lists import PADDING, Credits, Lists, hits

K = 10
N_A_SOURCE = 200
BLOCK = 256


def read(path: Path) -> csr_matrix:
    """Return log1p of play counts, listeners x artists."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        rows = np.array([line.split("\t") for line in lines], dtype=np.int64)
    users, items = (np.unique(column, return_inverse=True)[1] for column in rows.T[:2])
    return csr_matrix((np.log1p(rows[:, 2]).astype(np.float32), (users, items)))


def held_out(plays: csr_matrix, rng: np.random.Generator) -> tuple[csr_matrix, csr_matrix]:
    """Return four fifths of the plays and the fifth left out, at random."""
    entries = plays.tocoo()
    hidden = rng.random(entries.nnz) < 0.2

    def part(wanted: np.ndarray) -> csr_matrix:
        where = (entries.row[wanted], entries.col[wanted])
        return csr_matrix((entries.data[wanted], where), shape=plays.shape)

    return part(~hidden), part(hidden)


def retrieval_of(known: csr_matrix) -> Retrieval:
    """Return the sources fitted on what is known."""
    n = known.shape[1]
    facts = Facts(known, known, known * 0, known, Credits(np.arange(n + 1), np.arange(n)), np.ones(n))
    return Retrieval(facts, N_A_SOURCE)


def rows_of(retrieval: Retrieval) -> CandidateRows:
    """Return the candidates of all listeners."""
    n = retrieval.facts.n_listeners
    return CandidateRows.joined([retrieval.rows(*block) for block in blocks(n, BLOCK)])


def lists(rows: CandidateRows, scores: np.ndarray, n: int) -> Lists:
    """Return each listener's ten best."""
    order = ranked(rows, np.where(np.isnan(scores), -np.inf, scores), K)
    made = np.full((n, K), PADDING, np.int32)
    made[rows.listener[order.rows], order.places] = rows.track[order.rows]
    return made


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    plays = read(chosen.file)
    figures: dict[str, list[np.ndarray]] = {}
    for seed in range(chosen.seeds):
        rng = np.random.default_rng(seed)
        known, later = held_out(plays, rng)
        earlier, outcome = held_out(known, rng)
        learnt = rows_of(retrieval_of(earlier))
        trees = fit_ranker(learnt, np.asarray(outcome[learnt.listener, learnt.track]).ravel() > 0, seed)
        rows = rows_of(retrieval_of(known))
        contenders = {"ranker": trees.probabilities(rows.values)}
        sources = [name for name in rows.columns if f"{name}_rank" in rows.columns]
        contenders |= {name: rows.column(name) for name in sources}
        for name, scores in contenders.items():
            made = lists(rows, scores, plays.shape[0])
            found, n = hits(made, later), later.getnnz(axis=1)
            figures.setdefault(name, []).append(ndcg(found, n, K))
            reach = Reach.of(plays.shape[1])
            reach.add(made)
            print(
                f"seed {seed} {name:18} NDCG@10 {np.nanmean(ndcg(found, n, K)):.4f} "
                f"recall@10 {np.nanmean(recall(found, n, K)):.4f} coverage {reach.coverage:.3f} "
                f"personalization {reach.personalization:.3f}",
                flush=True,
            )
    ours = np.concatenate(figures.pop("ranker"))
    for name, values in figures.items():
        bootstrap = Bootstrap(len(ours), 1, 0)
        bootstrap.add((ours - np.concatenate(values))[:, None])
        of = bootstrap.intervals()
        print(f"ranker less {name:18} {of.value[0]:+.4f} [{of.low[0]:+.4f}, {of.high[0]:+.4f}]")


if __name__ == "__main__":
    main()
