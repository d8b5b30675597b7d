"""The ranker on HetRec Last.fm: artists as items, a fifth of each listener's held out at random.

``python -m benchmarks.rank.hetrec --file ../shared/data/hetrec_lastfm/user_artists.tsv.gz``
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.rank.held_out import measure

N_A_SOURCE = 200


def read(path: Path) -> csr_matrix:
    """Return log1p of play counts, listeners x artists."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        rows = np.array([line.split("\t") for line in lines], dtype=np.int64)
    users, items = (np.unique(column, return_inverse=True)[1] for column in rows.T[:2])
    return csr_matrix((np.log1p(rows[:, 2]).astype(np.float32), (users, items)))


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    measure(read(chosen.file), N_A_SOURCE, chosen.seeds)


if __name__ == "__main__":
    main()
