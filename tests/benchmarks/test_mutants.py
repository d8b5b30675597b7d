"""The faults that are put in, and that the tests beside a module are told apart by what they notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.mutants import areas
from benchmarks.mutants.areas import chosen
from benchmarks.mutants.mutations import as_diffs, mutants_of

SOURCE = '''def total(rows, least, *, names=("title", "artist")):
    """Docs say n < 3."""
    kept = [row for row in rows if row["title"] < least]
    if not kept and least:
        raise ValueError(f"{least} is too much")
    return sum(sorted(kept, key=len)) + 1
'''

TEST = "from jobs.half import sums\n\ndef test_it():\n    assert sums.tried(1) == 2\n"


def becomes(source: str) -> set[tuple[str, str]]:
    return {(mutant.fault, mutant.becomes.strip()) for mutant in mutants_of("m.py", source)}


def test_each_fault_is_put_in_once_and_docs_and_messages_are_left():
    assert becomes(SOURCE) == {
        ("another name", 'def total(rows, least, *, names=("artist", "artist")):'),
        ("another name", 'def total(rows, least, *, names=("title", "title")):'),
        ("filter dropped", "kept = [row for row in rows if True]"),
        ("comparison", "kept = [row for row in rows if row['title'] <= least]"),
        ("another name", 'kept = [row for row in rows if row["artist"] < least]'),
        ("and for or", "if (not kept or least):"),
        ("negation dropped", "if (kept) and least:"),
        ("error not raised", "pass"),
        ("sorted dropped", "return sum(list(kept)) + 1"),
        ("key dropped", "return sum(sorted(kept)) + 1"),
        ("operator", "return (sum(sorted(kept, key=len)) - 1)"),
        ("constant", "return sum(sorted(kept, key=len)) + 2"),
    }


@pytest.mark.parametrize(
    ("line", "mutants"),
    [
        ("x = frame.where(a).limit(True)", {("where dropped", "x = frame.limit(True)"),
         ("limit dropped", "x = frame.where(a)"), ("constant", "x = frame.where(a).limit(False)")}),
        ("x = f(a, b)", {("arguments swapped", "x = f(b, a)")}),
        ("x = max(a, b)", {("min for max", "x = min(a, b)")}),
        ("x = zip(a, strict=True)", set()),
        ("x = 0.5 if a else b", {("constant", "x = 1.0 if a else b"),
         ("condition negated", "x = 0.5 if (not a) else b")}),
        ("é = x; store.put(é)", {("statement removed", "é = x; pass")}),
        ("log.info(a, b)", set()),
        ("x = x + y", {("statement removed", "pass"), ("operator", "x = (x - y)")}),
        ("@compiled\ndef f(a):\n    return a + 1", set()),
    ],
)  # fmt: skip
def test_faults_of_a_line(line, mutants):
    assert becomes(line) == mutants


def test_a_mutant_differs_in_its_lines_alone_and_is_shown_as_a_diff():
    (mutant,) = (m for m in mutants_of("m.py", SOURCE) if m.fault == "sorted dropped")
    before, after = SOURCE.splitlines(), mutant.source.splitlines()
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b] == [6]
    assert list(as_diffs([mutant])) == [
        "m.py:6: sorted dropped\n"
        "  -     return sum(sorted(kept, key=len)) + 1\n"
        "  +     return sum(list(kept)) + 1\n"
    ]


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("jobs/publish/keys.py", "tests/publish"),
        ("jobs/ingest/sources/strict.py", "tests/ingest"),
        ("jobs/stage.py", "tests/test_stage.py"),
        ("jobs/cli.py", "tests/cli"),
        ("models/registry/card.py", "tests/models/registry"),
        ("dags/night_window.py", "tests/dags"),
        ("jobs/nowhere.py", ""),
    ],
)
def test_tests_stand_beside_their_module(path, tests):
    assert areas.tests_beside(path) == tests


def test_the_same_seed_draws_the_same_mutants_and_known_ones_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(areas, "ROOT", tmp_path)
    (tmp_path / "m.py").write_text(SOURCE)
    drawn = chosen(["m.py"], 5, 1)
    assert len(drawn) == 5
    assert chosen(["m.py"], 5, 1) == drawn
    assert chosen(["m.py"], 5, 2) != drawn
    known = tmp_path / "equivalent.toml"
    path, was, becomes = drawn[0].key
    known.write_text(f"[[equivalent]]\npath = {path!r}\nwas = '''{was}'''\nbecomes = '''{becomes}'''\n")
    monkeypatch.setattr(areas, "EQUIVALENT", known)
    assert drawn[0] not in chosen(["m.py"], 100, 1)


def test_what_a_test_notices_is_killed_and_the_rest_survives(tmp_path):
    """The command itself, in a small repository of its own: half of the module has tests."""
    here = Path(__file__).parents[2]
    copy = tmp_path / "benchmarks"
    (copy / "mutants").mkdir(parents=True)
    (copy / "__init__.py").touch()
    for file in (here / "benchmarks" / "mutants").iterdir():
        if file.is_file():
            (copy / "mutants" / file.name).write_text(file.read_text())
    for name, text in {
        "pyproject.toml": "[tool.pytest.ini_options]\nmarkers = ['e2e', 'real_data']\n",
        "jobs/__init__.py": "",
        "jobs/half/__init__.py": "",
        "jobs/half/sums.py": "def tried(a):\n    return a + 1\n\n\ndef untried(a):\n    return a < 2\n",
        "tests/half/test_sums.py": TEST,
    }.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.mutants", "jobs"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "tests/half: 2 of 4 (50%) killed" in done.stdout
    survivors = done.stdout.partition("survivors:")[2]
    assert "jobs/half/sums.py:6: comparison" in survivors
    assert "jobs/half/sums.py:2" not in survivors
