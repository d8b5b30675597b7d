"""The graph of a night and the argv of its stages, written out."""

import sys

from jobs import fork_client
from jobs.stages import REPORT, STAGES, stage_command, window_argv
from jobs.window import Window

WINDOW = Window.parse("2026-06-28", "2026-06-30")


def test_the_graph_of_a_night():
    assert {spec.name: (spec.module, spec.after) for spec in (*STAGES, REPORT)} == {
        "ingest": ("jobs.ingest", ()),
        "gate_inputs": ("jobs.validate.inputs", ("ingest",)),
        "build_taste": ("jobs.taste", ("gate_inputs",)),
        "find_neighbors": ("jobs.neighbors", ("build_taste",)),
        "rank_candidates": ("jobs.rank", ("build_taste",)),
        "train_content": ("jobs.train", ("build_taste",)),
        "promote_models": ("jobs.train.promote", ("train_content",)),
        "recommend": ("jobs.recommend", ("find_neighbors", "rank_candidates", "promote_models")),
        "gate_playlists": ("jobs.validate.playlists", ("recommend",)),
        "publish": ("jobs.publish", ("gate_playlists",)),
        "report": ("jobs.evaluate", ("find_neighbors", "rank_candidates", "promote_models", "publish")),
    }


def test_what_runs_without_spark():
    assert [spec.name for spec in (*STAGES, REPORT) if not spec.spark] == [
        "rank_candidates", "train_content", "promote_models", "publish", "report",
    ]  # fmt: skip


def test_tables_have_one_writer_at_a_time_and_stages_their_groups():
    assert {spec.name: (spec.group, spec.writer) for spec in (*STAGES, REPORT)} == {
        "ingest": ("inputs", "landed"),
        "gate_inputs": ("inputs", "validation"),
        "build_taste": ("taste", "taste"),
        "find_neighbors": ("neighbors", "neighbors"),
        "rank_candidates": ("candidates", "candidates"),
        "train_content": ("models", "models"),
        "promote_models": ("models", "models"),
        "recommend": ("playlists", "playlists"),
        "gate_playlists": ("playlists", "playlists"),
        "publish": ("playlists", "published"),
        "report": ("report", "report"),
    }


def test_stages_stand_in_an_order_in_which_they_can_run():
    names = [spec.name for spec in (*STAGES, REPORT)]
    assert all(name in names[:place] for place, spec in enumerate(STAGES) for name in spec.after)


def test_argv_of_a_window():
    assert window_argv(WINDOW) == ["--window-start", "2026-06-28", "--window-end", "2026-06-30"]


def test_a_note_goes_into_the_argv_as_one_argument():
    assert window_argv(WINDOW, "by Ada: late dump")[4:] == ["--force", "by Ada: late dump"]


def test_a_stage_is_a_module_or_where_a_server_forks_them_a_fork():
    argv = ["--force", "ada: fine"]
    alone = stage_command("jobs.taste", argv, {"HOME": "x"})
    assert alone == [sys.executable, "-m", "jobs.taste", "--force", "ada: fine"]
    forked = stage_command("jobs.taste", argv, {fork_client.FORKS: "x"})
    assert forked == [sys.executable, fork_client.__file__, "jobs.taste", "--force", "ada: fine"]
