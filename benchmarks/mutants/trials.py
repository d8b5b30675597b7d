"""The tests of an area, run once as they are and then once a mutant, in a copy of the repository."""

import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mutants.areas import PACKAGES, ROOT
from benchmarks.mutants.forks import ForkError, in_fork
from benchmarks.mutants.mutations import Mutant

OURS = (*PACKAGES, "tests")
OPTIONS = ("-q", "-x", "-m", "not e2e and not real_data", "-p", "no:cacheprovider", "-p", "no:xdist")
MOST_SECONDS, LEAST_SECONDS, TIMES = 3600, 20, 6


@dataclass
class Baseline:
    """What running an area's tests tells: which files reach which lines, how long each file takes."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    needs_spark: bool = False

    def tests_for(self, mutant: Mutant) -> list[str]:
        """Return the test files that reach the mutant, quick ones first; all if none is known to.

        Lines that run in Spark's workers or other processes are not seen, so all files are run.
        """
        places = {f"{mutant.path}:{line}" for line in range(mutant.first, mutant.last + 1)}
        reaching = [name for name, lines in self.lines.items() if places & set(lines)]
        return sorted(reaching or self.lines, key=self.seconds.__getitem__)


class _Watch:
    """A pytest plugin that fills a Baseline."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.baseline = f"{folder}/", Baseline()
        self._lines: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = item.nodeid.partition("::")[0]
        self.baseline.needs_spark |= "_session" in getattr(item, "fixturenames", ())
        self._lines, began = set(), time.monotonic()
        threading.settrace(self._call)
        sys.settrace(self._call)
        result = yield
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        spent = time.monotonic() - began
        self.baseline.seconds[name] = self.baseline.seconds.get(name, 0) + spent
        self.baseline.lines[name] = sorted(self._lines.union(self.baseline.lines.get(name, ())))
        return result

    def _call(self, frame: Any, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(self.folder) or file.startswith(f"{self.folder}tests/"):
            return None
        return self._line(frame, event, None)

    def _line(self, frame: Any, _: str, __: Any) -> Any:
        file = frame.f_code.co_filename.removeprefix(self.folder)
        self._lines.add(f"{file}:{frame.f_lineno}")
        return self._line


@contextmanager
def copy_of_the_repository(folder: Path) -> Iterator[Path]:
    """Copy what git knows, and make Python and its children import from there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(folder), *(path for path in sys.path if Path(path or ".").resolve() != ROOT)]
    os.environ["PYTHONPATH"] = str(folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder / "numba")
    os.chdir(folder)
    yield folder


def run_baseline(folder: Path, tests: str, warm: bool) -> Baseline:
    """Run the tests as they are; ForkError if one fails, or does not end in a fork of a warm process.

    Libraries with threads of their own may wait for ever in a fork: what hangs there is no kill.
    """
    baseline = Baseline(**in_fork(lambda: _watched(folder, tests), MOST_SECONDS))
    os.environ.update(baseline.variables)
    for name in baseline.modules if warm else ():
        with suppress(Exception):
            importlib.import_module(name)
    if baseline.needs_spark:
        _open_spark(folder)
    seconds = max(LEAST_SECONDS, TIMES * sum(baseline.seconds.values()))
    if warm and in_fork(lambda: int(_run(folder, [tests])), seconds) not in (0, 5):
        raise ForkError("the tests do not pass in a fork of a warm process")
    return baseline


def _watched(folder: Path, tests: str) -> dict[str, Any]:
    before = dict(os.environ)
    watch = _Watch(folder)
    status = pytest.main([*OPTIONS, f"--basetemp={folder}/temporary", tests], plugins=[watch])
    if status not in (0, 5):
        raise SystemExit(f"the tests in {tests} do not pass as they are")
    watch.baseline.modules = [
        name for name in sys.modules if name.split(".")[0] not in (*OURS, "__main__")
    ]
    watch.baseline.variables = {k: v for k, v in os.environ.items() if before.get(k) != v}
    return vars(watch.baseline)


def _open_spark(folder: Path) -> None:
    """Open the session that the forks inherit; none of them may stop it."""
    from pyspark.sql import SparkSession

    from jobs.lake.session import open_session
    from jobs.settings import Settings, SparkSettings

    home = str(folder / "spark")
    session = open_session(Settings(home=home, spark=SparkSettings(master="local[2]")), "mutants")
    # Workers that are used again have imported the module as it was.
    session._jvm.org.apache.spark.SparkEnv.get().conf().set("spark.python.worker.reuse", "false")  # type: ignore[union-attr]
    SparkSession.stop = lambda _: None  # type: ignore[method-assign]
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]


def is_killed(folder: Path, mutant: Mutant, baseline: Baseline) -> bool:
    """Return whether a test fails, or does not end in time, with the mutant in the module's place."""
    tests = baseline.tests_for(mutant)
    seconds = max(LEAST_SECONDS, TIMES * sum(baseline.seconds[name] for name in tests))
    place = folder / mutant.path
    whole = place.read_text()
    try:
        _put(place, mutant.source)
        return in_fork(lambda: int(_run(folder, tests)), seconds) not in (0, 5)
    except ForkError:
        return True
    finally:
        _put(place, whole)


def _run(folder: Path, tests: list[str]) -> int:
    return pytest.main([*OPTIONS, f"--basetemp={folder}/temporary", *tests])


def _put(place: Path, source: str) -> None:
    """Write the module; compiled code is told apart by seconds and length alone, so it goes."""
    place.write_text(source)
    for compiled in place.parent.glob(f"__pycache__/{place.stem}.*.pyc"):
        compiled.unlink()
