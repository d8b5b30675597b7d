"""The tests of an area, run once as they are and then once a mutant, in a copy of the repository."""

import importlib
import os
import shutil
import signal
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
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist")
EVERY = "not e2e and not real_data"
QUICK, SPARK = f"not spark and {EVERY}", f"spark and {EVERY}"
MOST_SECONDS, LEAST_SECONDS, START_SECONDS, TIMES = 3600, 20, 120, 6
PASSED = (0, 5)  # 5: there is no such test


@dataclass
class Baseline:
    """What running an area's tests tells: which files reach which lines, how long each file takes, and
    which have tests that need Spark."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    spark: list[str] = field(default_factory=list)

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
        if item.get_closest_marker("spark") and name not in self.baseline.spark:
            self.baseline.spark.append(name)
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
    seconds = max(LEAST_SECONDS, TIMES * sum(baseline.seconds.values()))
    if warm and in_fork(lambda: _run(folder, [tests], QUICK), seconds) not in PASSED:
        raise ForkError("the tests do not pass in a fork of a warm process")
    return baseline


def _watched(folder: Path, tests: str) -> dict[str, Any]:
    before = dict(os.environ)
    watch = _Watch(folder)
    status = pytest.main(_arguments(folder, [tests], EVERY), plugins=[watch])
    if status not in PASSED:
        raise SystemExit(f"the tests in {tests} do not pass as they are")
    watch.baseline.modules = [
        name for name in sys.modules if name.split(".")[0] not in (*OURS, "__main__")
    ]
    watch.baseline.variables = {k: v for k, v in os.environ.items() if before.get(k) != v}
    return vars(watch.baseline)


def is_killed(folder: Path, mutant: Mutant, baseline: Baseline) -> bool:
    """Return whether a test fails, or does not end in time, with the mutant in the module's place.

    Tests without Spark are run first, in a fork; the others, where those notice nothing, in a process of
    their own: a fork would share its parent's connection to the Java machine, and one that is ended in
    the middle of an answer leaves the rest of it to the next, which then waits for ever.
    """
    tests = baseline.tests_for(mutant)
    seconds = max(LEAST_SECONDS, TIMES * sum(baseline.seconds[name] for name in tests))
    with_spark = [name for name in tests if name in baseline.spark]
    place = folder / mutant.path
    whole = place.read_text()
    try:
        _put(place, mutant.source)
        if in_fork(lambda: _run(folder, tests, QUICK), seconds) not in PASSED:
            return True
        return bool(with_spark) and not _passes(folder, with_spark, START_SECONDS + seconds)
    except ForkError:
        return True
    finally:
        _put(place, whole)


def _run(folder: Path, tests: list[str], which: str) -> int:
    return int(pytest.main(_arguments(folder, tests, which)))


def _passes(folder: Path, tests: list[str], seconds: float) -> bool:
    """Run the tests that need Spark in a new process; end all that it started, the Java machine too."""
    command = [sys.executable, "-m", "pytest", *_arguments(folder, tests, SPARK)]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(seconds) in PASSED
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _arguments(folder: Path, tests: list[str], which: str) -> list[str]:
    return [*OPTIONS, "-m", which, f"--basetemp={folder}/temporary", *tests]


def _put(place: Path, source: str) -> None:
    """Write the module; compiled code is told apart by seconds and length alone, so it goes."""
    place.write_text(source)
    for compiled in place.parent.glob(f"__pycache__/{place.stem}.*.pyc"):
        compiled.unlink()
