"""The ranker on sessions of many listeners: a session stands for a listener, a fifth of it held out.

``python -m benchmarks.rank.sessions --file ../shared/data/sessions/nowplaying_train.jsonl.gz``
"""

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.rank.held_out import measure

N_A_SOURCE = 100
# Items of fewer sessions, and shorter sessions, have nothing to hold out and to learn from.
FEWEST_SESSIONS = 10
FEWEST_ITEMS = 10


def read(path: Path, n_sessions: int) -> csr_matrix:
    """Return ones, sessions x items, of ``n_sessions`` drawn of those long enough."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        sessions = [set(json.loads(line)["items"]) for line in lines]
    n_of = Counter(item for session in sessions for item in session)
    kept = [sorted(item for item in session if n_of[item] >= FEWEST_SESSIONS) for session in sessions]
    long_enough = [session for session in kept if len(session) >= FEWEST_ITEMS]
    drawn = np.random.default_rng(0).permutation(len(long_enough))[:n_sessions]
    chosen = [long_enough[number] for number in np.sort(drawn)]
    items = np.unique(np.concatenate(chosen), return_inverse=True)[1]
    rows = np.repeat(np.arange(len(chosen)), [len(session) for session in chosen])
    return csr_matrix((np.ones(len(items), np.float32), (rows, items)))


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--sessions", type=int, default=5000)
    chosen = options.parse_args()
    plays = read(chosen.file, chosen.sessions)
    print(f"{plays.shape[0]:,} sessions, {plays.shape[1]:,} items, {plays.nnz:,} pairs")
    measure(plays, N_A_SOURCE, chosen.seeds)


if __name__ == "__main__":
    main()
