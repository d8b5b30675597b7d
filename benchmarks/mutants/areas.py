"""Which tests stand beside which module, and which mutants are tried."""

import hashlib
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

from benchmarks.mutants.mutations import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
PACKAGES = ("jobs", "models", "expectations", "dags")
# Where the kernel that numba compiles is; its own tests hold it to the last bit.
KERNELS = frozenset(f"jobs/neighbors/{name}.py" for name in ("top_k", "pair_scores", "pair_sums"))
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def modules_below(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return modules by the tests beside them: a folder or one test file; "" where there are none."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )
    areas: dict[str, list[str]] = {}
    for path in sorted(set(listed.stdout.splitlines())):
        if path.endswith(".py") and path.split("/")[0] in PACKAGES and path not in KERNELS:
            areas.setdefault(tests_beside(path), []).append(path)
    return areas


def tests_beside(path: str) -> str:
    """Return the tests of a module: the folder of its package, or the file of a module beside stages."""
    package, *folders, name = path.split("/")
    if package != "jobs":
        places = [Path("tests", package, *folders[:1]), Path("tests", package)]
    else:
        stem = name.removesuffix(".py")
        places = (
            [Path("tests", *folders[:1])]
            if folders
            else [Path("tests", stem), Path("tests", f"test_{name}")]
        )
    return next((place.as_posix() for place in places if (ROOT / place).exists()), "")


def chosen(paths: Iterable[str], sample: int, seed: int) -> list[Mutant]:
    """Return ``sample`` mutants of the modules, the same ones for the same seed and code."""
    mutants = [m for path in paths for m in mutants_of(path, (ROOT / path).read_text())]
    known = equivalent()
    tried = [mutant for mutant in mutants if mutant.key not in known]
    some = sorted(tried, key=lambda mutant: _draw(mutant, seed))[:sample]
    return sorted(some, key=lambda mutant: (mutant.path, mutant.first))


def equivalent() -> set[tuple[str, str, str]]:
    """Return the keys of mutants that are known to do the same as the code."""
    entries = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    return {(entry["path"], entry["was"].strip(), entry["becomes"].strip()) for entry in entries}


def _draw(mutant: Mutant, seed: int) -> str:
    text = "\0".join((str(seed), *mutant.key, str(mutant.fault)))
    return hashlib.sha256(text.encode()).hexdigest()
