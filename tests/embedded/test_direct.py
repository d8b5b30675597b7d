import os
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from jobs.embedded.direct import DirectNight, stages_from
from jobs.embedded.progress import Progress
from jobs.errors import BAD_DATA, UsageError
from jobs.stage import Night
from jobs.stages import STAGES
from jobs.window import Window
from tests.embedded.stubs import FAILS, stub_stages


@pytest.fixture
def run(tmp_path, settings):
    """Runs a night of stub stages; returns its exit code, the codes by stage and what was printed."""

    def run_night(does=None, parallel=2):
        stages, report = stub_stages(tmp_path, does)
        paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | {"PYTHONPATH": paths, "NOCTURNE__STORE__ROOT": settings.store.root}
        printed = StringIO()
        night = DirectNight(
            Night(Window.night(date(2026, 6, 28)), settings),
            environment,
            Progress(Console(file=printed, width=110)),
            parallel,
        )
        return night.run(stages, report), night.ended, printed.getvalue()

    return run_night


def test_every_stage_runs_after_those_it_waits_for(run):
    code, ended, printed = run()
    assert code == 0
    order = list(ended)
    assert sorted(order) == sorted([*(s.name for s in STAGES), "report"])
    for spec in STAGES:
        assert all(order.index(name) < order.index(spec.name) for name in spec.after)
    assert order[-1] == "report"
    assert "2026-06-28  1/11 ingest" in printed
    assert "1,200 in      1,190 out     10 rejected" in printed


def test_a_failed_stage_stops_what_follows_but_not_its_siblings_or_the_report(run):
    code, ended, printed = run({"find_neighbors": FAILS})
    assert code == BAD_DATA
    assert ended["find_neighbors"] == BAD_DATA
    assert ended["promote_models"] == ended["report"] == 0
    assert "recommend" not in ended
    assert "FAILED" in printed
    assert "17 of 20 rows are bad" in printed
    assert "Traceback" not in printed


def test_from_a_stage_means_that_stage_and_what_follows_from_it():
    assert [s.name for s in stages_from("train_content")] == [
        "train_content", "promote_models", "recommend", "gate_playlists", "publish",
    ]  # fmt: skip
    assert stages_from(None) == STAGES


def test_an_unknown_stage_is_named_with_the_known_ones():
    with pytest.raises(UsageError, match=r"'trian' is not a stage: choose one of ingest, gate_inputs"):
        stages_from("trian")
