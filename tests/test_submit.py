import json
import runpy
import sys
from pathlib import Path

import pytest

import jobs
from jobs import submit


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A stage that says its arguments and its path; returns the file that it writes."""
    said = tmp_path / "said"
    (tmp_path / "stub.py").write_text(
        "import json, pathlib, sys\nif __name__ == '__main__':\n"
        f"    pathlib.Path({str(said)!r}).write_text(json.dumps([sys.argv, sys.path]))\n"
    )
    monkeypatch.setattr(jobs, "__path__", [*jobs.__path__, str(tmp_path)])
    return said


def test_a_stage_has_its_name_and_the_arguments_after_it_and_a_path_without_our_folder(
    stage, tmp_path, monkeypatch
):
    others = list(sys.path)
    monkeypatch.setattr(sys, "path", [str(Path(submit.__file__).parent), *others])
    monkeypatch.setattr(sys, "argv", ["submit.py", "stub", "--window-start", "2026-06-28"])
    runpy.run_path(submit.__file__, run_name="__main__")
    argv = [str(tmp_path / "stub.py"), "--window-start", "2026-06-28"]
    assert json.loads(stage.read_text()) == [argv, others]
