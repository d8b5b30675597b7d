"""``python -m benchmarks.neighbors``: the kernel beside the others, in Spark, and as listeners grow.

Each contender runs in processes of its own, in turns, so that a busy machine is busy for all; time is
the median of the rounds (without reading the matrix and without compiling), memory the highest peak.
Prints Markdown. ``--parts`` picks among speed, spark, growth; ``--limit`` ends a slow contender.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import scipy.sparse as sp

from benchmarks.neighbors.matrices import ml1m_like, music_like

SPEED = ("kernel 2 threads", "implicit 2 threads", "kernel 1 thread", "surprise")
SPARK = (
    "spark stage, 3 blocks",
    "spark stage",
    "kernel 2 threads",
    "spark self-join",
    "spark ml Correlation",
    "spark columnSimilarities",
)
SIZES = (5_000, 20_000, 80_000, 320_000)


def run(contender: str, matrix: Path, limit: float) -> dict[str, float] | None:
    """One run of a contender in a process of its own; None if it took too long or failed."""
    command = [sys.executable, "-m", "benchmarks.neighbors.contenders", contender, str(matrix)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def in_turns(contenders: Sequence[str], matrix: Path, rounds: int, limit: float) -> dict[str, str]:
    """Cells "seconds | MB" of each contender; a contender that failed once is not tried again."""
    runs: dict[str, list[dict[str, float] | None]] = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for contender, results in runs.items():
            if None not in results:
                results.append(run(contender, matrix, limit))
    return {contender: _cells(results, limit) for contender, results in runs.items()}


def _cells(results: list[dict[str, float] | None], limit: float) -> str:
    done = [result for result in results if result]
    if len(done) < len(results):
        return f"over {limit:.0f} s, or failed | -"
    median = {key: statistics.median(result[key] for result in done) for key in done[0]}
    seconds = median.pop("seconds")
    extra = ", ".join(f"{key} {value:.3g}" for key, value in median.items() if key != "mb")
    return f"{seconds:.3f} | {max(result['mb'] for result in done):.0f} | {extra}"


def compare(
    contenders: Sequence[str], matrix: sp.csr_matrix, name: str, rounds: int, limit: float
) -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.npz"
        sp.save_npz(path, matrix, compressed=False)
        cells = in_turns(contenders, path, rounds, limit)
    print(f"\n**{name}** ({matrix.shape[0]} x {matrix.shape[1]}, {matrix.nnz} ratings)\n")
    print("| contender | median s | peak MB | |\n|---|---:|---:|---|")
    for contender, text in cells.items():
        print(f"| {contender} | {text} |", flush=True)


def main() -> None:
    """Run the parts asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--parts", nargs="+", default=["speed", "spark", "growth"])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--limit", type=float, default=300.0)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    given = arguments.parse_args()
    if "speed" in given.parts:
        compare(SPEED, ml1m_like(), "MovieLens-1M-like", given.rounds, given.limit)
    if "spark" in given.parts:
        compare(SPARK, ml1m_like(), "MovieLens-1M-like, Spark local[2]", 1, given.limit)
    if "growth" in given.parts:
        for n_listeners in given.sizes:
            contenders = (
                ("growth exact", "growth budget") if n_listeners <= 80_000 else ("growth exact",)
            )
            compare(contenders, music_like(n_listeners), "Music-like", 1, 7200)


if __name__ == "__main__":
    main()
