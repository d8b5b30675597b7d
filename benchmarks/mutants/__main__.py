"""``python -m benchmarks.mutants [paths] [--sample N] [--seed N]``: which faults do the tests notice?

Each mutant is one small fault in one module; only the tests beside the module are run. Printed are
killed and survived for each area, and the survivors as diffs. A mutant that does what the code does is
no fault: put it into equivalent.toml, with the reason.
"""

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.mutants.areas import PACKAGES, chosen, modules_below
from benchmarks.mutants.forks import ForkError, in_fork
from benchmarks.mutants.mutations import Mutant, as_diffs
from benchmarks.mutants.trials import MOST_SECONDS, copy_of_the_repository, is_killed, run_baseline

A_DAY = 24 * MOST_SECONDS


def main() -> None:
    """Try the mutants of the paths, area by area."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", default=PACKAGES, help="folders or modules, default all")
    parser.add_argument("--sample", type=int, default=30, help="mutants an area at most (30)")
    parser.add_argument("--seed", type=int, default=0, help="which ones are drawn (0)")
    arguments = parser.parse_args()
    survivors, n_all = [], 0
    for tests, paths in modules_below(arguments.paths).items():
        mutants = chosen(paths, arguments.sample, arguments.seed)
        living = _try(tests, mutants) if mutants else []
        if living is not None:
            n_all, survivors = n_all + len(mutants), survivors + living
    print(f"\n{_share(n_all - len(survivors), n_all)} killed in all; survivors:\n")
    print("\n".join(as_diffs(survivors)))


def _try(tests: str, mutants: list[Mutant], warm: bool = True) -> list[Mutant] | None:
    """Return the survivors of an area; all if there are no tests, None if those do not pass."""
    if not tests:
        print(f"{mutants[0].path}: no tests beside it, {len(mutants)} mutants survive", flush=True)
        return mutants
    try:
        survivors = in_fork(lambda: _area(tests, mutants, warm), A_DAY, False)
    except ForkError as error:
        print(
            f"{tests}: {'tried again without warming up' if warm else 'left out'}, {error}", flush=True
        )
        return _try(tests, mutants, warm=False) if warm else None
    living = [Mutant(**fields) for fields in survivors]
    print(f"{tests}: {_share(len(mutants) - len(living), len(mutants))} killed", flush=True)
    return living


def _area(tests: str, mutants: list[Mutant], warm: bool) -> list[dict[str, Any]]:
    living = []
    with tempfile.TemporaryDirectory() as name, copy_of_the_repository(Path(name)) as folder:
        baseline = run_baseline(folder, tests, warm)
        for mutant in mutants:
            killed = is_killed(folder, mutant, baseline)
            where = f"{mutant.path}:{mutant.first} {mutant.fault}"
            print(f"  {'killed  ' if killed else 'SURVIVED'} {where}", flush=True)
            living += [] if killed else [asdict(mutant)]
    return living


def _share(n: int, n_all: int) -> str:
    return f"{n} of {n_all} ({n / n_all:.0%})" if n_all else "none"


main()
