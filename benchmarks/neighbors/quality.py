"""How well the neighbors recommend what listeners play next, against min_overlap and shrinkage.

``python -m benchmarks.neighbors.quality --hetrec FILE --landing FOLDER --out docs/neighbors.svg``

Two data sets: HetRec Last.fm (a fifth of each listener's artists held out at random) and a landing of
make_landing.py (the last week's plays of tracks not played before). For each support, min_overlap and
shrinkage: NDCG@10 of Resnick's prediction as the night makes it, over 50 similar and 10 dissimilar
neighbors; for co-rated neighbors also of the plain sum of similarity times rating, which over all
items ranks as Resnick's does. Prints Markdown tables and draws the curves.
"""

import argparse
import gzip
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp

from jobs.domain.durations import deciding_rows, newest_duration_rows
from jobs.domain.listening import decide, signals_of_rows
from jobs.domain.ratings import DAY_US, rating_of_listens, weights
from jobs.neighbors.kernel import Neighbors, pearson_neighbors
from jobs.settings import TasteSettings

OVERLAPS = (1, 2, 3, 5, 8, 12)
SHRINKAGES = (0, 3, 10, 30, 100)
RANKINGS = ("co_rated, Resnick", "co_rated, sum", "all, Resnick")
LANDED = [("track_id", pa.string()), ("landed_on", pa.date32()), ("landing_file", pa.string())]
LENGTH = pa.schema([*LANDED, ("duration_ms", pa.int64())])
LISTEN = pa.schema([
    *LANDED, ("user_id", pa.string()), ("ms_played", pa.int64()), ("skipped", pa.bool_()),
    ("end_reason", pa.string()), ("private", pa.bool_()),
])  # fmt: skip


@dataclass(frozen=True)
class Split:
    """What was known, and what to find; both listeners x items."""

    name: str
    known: sp.csr_matrix
    held_out: sp.csr_matrix


def hetrec(path: Path, seed: int = 7) -> Split:
    """log1p of play counts; a fifth of each listener's artists held out."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        rows = np.array([line.split("\t") for line in lines], dtype=np.int64)
    users, items = (np.unique(column, return_inverse=True)[1] for column in rows.T[:2])
    hidden = np.random.default_rng(seed).random(len(rows)) < 0.2
    return _split("HetRec Last.fm", users, items, np.log1p(rows[:, 2]), hidden)


def landing(folder: Path) -> Split:
    """Ratings as the night makes them from all but the last 7 days; those days' new tracks held out.

    A listen is as old as the day on which it landed.
    """
    taste, days = TasteSettings(), sorted(folder.glob("listens/date=*"))
    listens, tracks, features = (
        _rows(folder, kind, columns)
        for kind, columns in (("listens", LISTEN), ("tracks", LENGTH), ("audio_features", LENGTH))
    )
    durations = deciding_rows(newest_duration_rows(tracks, features), taste.play_ms)
    decision = decide(signals_of_rows(listens, durations), taste.play_ms)
    on = np.asarray(listens["landed_on"].cast(pa.int32()), np.int64)
    last = (date.fromisoformat(days[-8].name[5:]) - date(1970, 1, 1)).days
    weight = weights(np, on * DAY_US, last * DAY_US, taste.half_life_days) * (on <= last)
    pairs = pd.DataFrame({
        "user": listens["user_id"], "track": listens["track_id"],
        "played": weight * decision.play, "skipped": weight * decision.skip,
        "heard": on <= last, "rated": (on <= last) & (decision.play | decision.skip),
        "later": (on > last) & decision.play,
    }).groupby(["user", "track"], as_index=False).sum()  # fmt: skip
    pairs["hidden"] = (pairs.later > 0) & (pairs.heard == 0)
    pairs = pairs[pairs.hidden | (pairs.rated > 0)]
    users, items = (np.unique(pairs[name], return_inverse=True)[1] for name in ("user", "track"))
    rating = rating_of_listens(np, pairs.played, pairs.skipped, taste.skip_weight)
    return _split("28 nights", users, items, rating.to_numpy(), pairs.hidden.to_numpy())


def _rows(folder: Path, kind: str, columns: pa.Schema) -> pa.Table:
    rows = [
        json.loads(line)
        | {"landed_on": date.fromisoformat(file.parent.name[5:]), "landing_file": file.name}
        for file in sorted(folder.glob(f"{kind}/date=*/*"))
        for line in gzip.decompress(file.read_bytes()).splitlines()
    ]
    return pa.Table.from_pylist(rows, columns)


def _split(
    name: str, users: np.ndarray, items: np.ndarray, values: np.ndarray, hidden: np.ndarray
) -> Split:
    shape = (users.max() + 1, items.max() + 1)
    known, held_out = (
        sp.csr_matrix((values[rows], (users[rows], items[rows])), shape=shape)
        for rows in (~hidden, hidden)
    )
    held_out.data[:] = 1.0
    return Split(name, known, held_out)


def predictions(known: sp.csr_matrix, neighbors: Neighbors, ranking: str) -> sp.csr_matrix:
    """Predictions, up to a constant a listener, of what a similar neighbor rates above 0."""
    n = known.shape[0]
    similarity = sp.csr_matrix(
        (neighbors.similarity, (neighbors.user, neighbors.neighbor)), shape=(n, n)
    )
    rated = known.copy()
    rated.data = np.ones_like(rated.data)
    played = known.copy()
    played.data = (known.data > 0).astype(float)
    n_rated = np.maximum(np.diff(known.indptr), 1)
    if ranking != "co_rated, Resnick":
        scores = similarity @ known
    else:
        centered = known.copy()
        centered.data = known.data - np.repeat(
            np.asarray(known.sum(1)).ravel() / n_rated, np.diff(known.indptr)
        )
        weight = abs(similarity) @ rated
        weight.data = 1 / np.maximum(weight.data, 1e-12)
        scores = (similarity @ centered).multiply(weight).tocsr()
    support_of = (similarity > 0).astype(float) @ played
    return _on(scores, support_of)


def _on(scores: sp.csr_matrix, places: sp.csr_matrix) -> sp.csr_matrix:
    """The scores at the places, zeros kept, by a shift that no score reaches."""
    shift = 1.0 + (np.abs(scores.data).max() if scores.nnz else 0.0)
    at = places.copy()
    at.data = np.where(at.data > 0, shift, 0.0)
    at.eliminate_zeros()
    mask = at.copy()
    mask.data = np.ones_like(mask.data)
    return (at + scores.multiply(mask)).tocsr()


def ndcg(scores: sp.csr_matrix, split: Split, k: int = 10) -> float:
    """Mean NDCG@k over the listeners with something held out; known items are not recommended."""
    gains = 1 / np.log2(np.arange(2, k + 2))
    values = []
    for u in np.flatnonzero(np.diff(split.held_out.indptr)):
        wanted = split.held_out.indices[split.held_out.indptr[u] : split.held_out.indptr[u + 1]]
        row = slice(scores.indptr[u], scores.indptr[u + 1])
        seen = split.known.indices[split.known.indptr[u] : split.known.indptr[u + 1]]
        new = ~np.isin(scores.indices[row], seen)
        items, ranked = scores.indices[row][new], scores.data[row][new]
        top = items[np.lexsort((items, -ranked))[:k]]
        values.append((np.isin(top, wanted) * gains[: len(top)]).sum() / gains[: len(wanted)].sum())
    return float(np.mean(values))


def measure(split: Split) -> dict[tuple[str, int, int], float]:
    """NDCG@10 by ranking, min_overlap and shrinkage."""
    found = {}
    for ranking in RANKINGS:
        for overlap in OVERLAPS:
            for shrinkage in SHRINKAGES:
                neighbors = pearson_neighbors(
                    split.known, support=ranking.split(",")[0], k=50, k_dissimilar=10,
                    min_overlap=overlap, shrinkage=float(shrinkage), n_threads=2,
                )  # fmt: skip
                scores = predictions(split.known, neighbors, ranking)
                found[ranking, overlap, shrinkage] = ndcg(scores, split)
    return found


def popularity(split: Split) -> float:
    """NDCG@10 of what most listeners rated: the floor."""
    listeners = np.bincount(split.known.indices, minlength=split.known.shape[1])
    top = np.argsort(-listeners, kind="stable")[:400]
    rows = np.repeat(np.arange(split.known.shape[0]), len(top))
    data = np.tile(listeners[top].astype(float), split.known.shape[0])
    columns = np.tile(top, split.known.shape[0])
    return ndcg(sp.csr_matrix((data, (rows, columns)), shape=split.known.shape), split)


def table(split: Split, found: dict[tuple[str, int, int], float]) -> str:
    """The figures as Markdown."""
    lines = [f"**{split.name}**, NDCG@10 (popularity: {popularity(split):.4f})", ""]
    lines += [
        "| neighbors, ranking | min_overlap | " + " | ".join(f"shrinkage {s}" for s in SHRINKAGES) + " |"
    ]
    lines += ["|---|---:|" + "---:|" * len(SHRINKAGES)]
    for ranking in RANKINGS:
        for overlap in OVERLAPS:
            cells = " | ".join(f"{found[ranking, overlap, s]:.4f}" for s in SHRINKAGES)
            lines.append(f"| {ranking} | {overlap} | {cells} |")
    return "\n".join([*lines, ""])


def draw(results: list[tuple[Split, dict[tuple[str, int, int], float]]], out: Path) -> None:
    """One panel a data set and ranking: NDCG@10 against shrinkage, a line a min_overlap."""
    matplotlib.rcParams["svg.hashsalt"] = "neighbors"
    figure, panels = plt.subplots(
        len(results), len(RANKINGS), figsize=(12, 3 * len(results)), sharex=True, sharey="row"
    )
    for row, (split, found) in zip(np.atleast_2d(panels), results, strict=True):
        for panel, ranking in zip(row, RANKINGS, strict=True):
            for overlap in OVERLAPS:
                curve = [found[ranking, overlap, s] for s in SHRINKAGES]
                panel.plot(range(len(SHRINKAGES)), curve, marker="o", label=f"min_overlap {overlap}")
            panel.set_xticks(range(len(SHRINKAGES)), [str(s) for s in SHRINKAGES])
            panel.set_title(f"{split.name}: {ranking}", fontsize=9)
            panel.set_xlabel("shrinkage")
            panel.set_ylabel("NDCG@10")
            panel.grid(alpha=0.3)
    np.atleast_2d(panels)[0, -1].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def main() -> None:
    """Measure, print, draw."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hetrec", type=Path)
    arguments.add_argument("--landing", type=Path)
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    splits = [hetrec(given.hetrec)] if given.hetrec else []
    splits += [landing(given.landing)] if given.landing else []
    results = [(split, measure(split)) for split in splits]
    for split, found in results:
        print(table(split, found), flush=True)
    if given.out:
        draw(results, given.out)


if __name__ == "__main__":
    main()
