import json
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
        f"    pathlib.Path({str(said)!r}).write_text(json.dumps([sys.argv[1:], sys.path]))\n"
    )
    monkeypatch.setattr(jobs, "__path__", [*jobs.__path__, str(tmp_path)])
    return said


def test_a_stage_has_the_arguments_after_its_name_and_a_path_without_our_folder(stage, monkeypatch):
    others = list(sys.path)
    monkeypatch.setattr(sys, "path", [str(Path(submit.__file__).parent), *others])
    monkeypatch.setattr(sys, "argv", ["submit.py", "stub", "--window-start", "2026-06-28"])
    submit.main()
    assert json.loads(stage.read_text()) == [["--window-start", "2026-06-28"], others]
