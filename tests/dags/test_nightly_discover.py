import json
import subprocess
import sys
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from dags.asset_events import PLAYLISTS, POINTER, PUBLISHED
from dags.nights import Nights
from dags.stage_operators import ProcessStage, SparkStage
from jobs.stages import REPORT, STAGES

STAGE_NAMES = [spec.name for spec in (*STAGES, REPORT)]
HEAVY = ("pyspark", "delta", "tensorflow", "keras", "great_expectations", "boto3", "pandas", "deltalake")


def test_a_night_is_a_data_interval_and_is_never_caught_up(dag):
    assert isinstance(dag.timetable, Nights)
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert dag.dagrun_timeout == timedelta(hours=12)
    # Any night may be backfilled; listening logs begin earlier than we do.
    assert dag.start_date == datetime(2010, 1, 1, tzinfo=UTC)


def test_the_dag_says_what_it_is_and_what_to_do(dag):
    assert dag.tags == {"nocturne", "playlists"}
    for word in ("Backfill", "Force", "65", "spark_default", "pool"):
        assert word in dag.doc_md
    assert dag.on_failure_callback


def test_each_task_waits_for_what_it_reads(dag):
    assert {task.task_id: task.upstream_task_ids for task in dag.tasks} == {
        "ingest": set(),
        "gate_inputs": {"ingest"},
        "build_taste": {"gate_inputs"},
        "find_neighbors": {"build_taste"},
        "rank_candidates": {"build_taste"},
        "train_content": {"build_taste"},
        "promote_models": {"train_content"},
        "recommend": {"find_neighbors", "rank_candidates", "promote_models"},
        "gate_playlists": {"recommend"},
        "publish": {"gate_playlists"},
        "report": {"find_neighbors", "rank_candidates", "promote_models", "publish"},
        "night": {"publish", "report"},
    }


def test_what_needs_spark_is_a_spark_stage_and_each_is_in_its_group(dag):
    kinds = {name: type(dag.get_task(name)) for name in STAGE_NAMES}
    assert {name for name, kind in kinds.items() if issubclass(kind, ProcessStage)} == {
        "rank_candidates", "train_content", "promote_models", "publish", "report",
    }  # fmt: skip
    assert {name for name, kind in kinds.items() if issubclass(kind, SparkStage)} == {
        "ingest", "gate_inputs", "build_taste", "find_neighbors", "recommend", "gate_playlists",
    }  # fmt: skip
    groups = {name: dag.get_task(name).task_group.group_id for name in STAGE_NAMES}
    assert groups == {
        "ingest": "inputs", "gate_inputs": "inputs", "build_taste": "taste",
        "find_neighbors": "neighbors", "rank_candidates": "candidates",
        "train_content": "models", "promote_models": "models",
        "recommend": "playlists", "gate_playlists": "playlists", "publish": "playlists", "report": None,
    }  # fmt: skip


def test_gates_and_the_report_are_linked_to_their_pages_in_the_serialized_dag_too(dag):
    linked = {
        task["__var"]["task_id"]: task["__var"]["_operator_extra_links"]
        for task in DagSerialization.to_dict(dag)["dag"]["tasks"]
        if "_operator_extra_links" in task["__var"]
    }
    link = {"Data Docs": "_link_DataDocsLink"}
    report = {"Night report": "_link_ReportLink"}
    assert linked == {"gate_inputs": link, "gate_playlists": link, "report": report}


def test_every_task_has_an_owner_a_limit_retries_and_an_alarm(dag):
    for task in dag.tasks:
        assert task.owner == "nocturne"
        assert task.execution_timeout == timedelta(hours=3)
        assert task.retries == 2
        assert task.retry_delay == timedelta(seconds=20)
        assert task.retry_exponential_backoff
        assert task.max_retry_delay == timedelta(minutes=10)
        assert task.on_failure_callback
        assert not task.depends_on_past


def test_stages_that_write_one_table_share_a_pool(dag):
    pools = {name: dag.get_task(name).pool for name in STAGE_NAMES}
    assert pools["recommend"] == pools["gate_playlists"] == "nocturne_playlists"
    assert pools["train_content"] == pools["promote_models"] == "nocturne_models"
    assert len(set(pools.values())) == len(STAGE_NAMES) - 2
    assert {task.pool_slots for task in dag.tasks} == {1}


def test_the_run_fails_when_the_last_stage_does_though_the_report_runs_in_any_case(dag):
    assert dag.get_task("report").trigger_rule == "all_done"
    assert dag.get_task("night").upstream_task_ids == {"publish", "report"}
    assert [task.task_id for task in dag.leaves] == ["night"]
    rules = {task.trigger_rule for task in dag.tasks if task.task_id != "report"}
    assert rules == {"none_failed"}


def test_outlets_are_the_checked_playlists_and_the_pointer(dag):
    outlets = {task.task_id: task.outlets for task in dag.tasks if task.outlets}
    assert outlets == {"gate_playlists": [PLAYLISTS], "publish": [POINTER]}
    assert (PLAYLISTS.name, PLAYLISTS.uri) == ("nocturne_playlists", "nocturne://lake/playlists")
    assert (PUBLISHED.name, PUBLISHED.uri) == (
        "nocturne_published",
        "nocturne://store/playlists/latest.json",
    )


@pytest.mark.parametrize(
    ("name", "good", "bad", "why"),
    [
        ("window_start", "2026-06-28", "28/06/2026", "is not a 'date'"),
        ("window_end", "2026-06-29", 20260629, "is not of type"),
        ("force", "Ada", "Ad", "is too short"),
        ("force", "x" * 500, "x" * 501, "is too long"),
        ("window_start", None, "", "is not a 'date'"),
        ("window_end", None, "29 June", "is not a 'date'"),
        ("force", None, 3, "is not of type"),
        ("stages", ["recommend"], ["recomend"], "is not one of"),
        ("stages", ["publish", "report"], [], "should be non-empty"),
    ],
)
def test_params_are_typed(dag, name, good, bad, why):
    param = deepcopy(dag.params.get_param(name))
    assert param.resolve(value=good) == good
    with pytest.raises(ValueError, match=why):
        param.resolve(value=bad)


def test_a_run_without_params_is_the_whole_night(dag):
    assert dag.params.dump() == {
        "window_start": None, "window_end": None, "force": None, "stages": STAGE_NAMES,
    }  # fmt: skip


def test_parsing_imports_no_data_library():
    code = (
        "import json, sys, dags.nightly_discover\n"
        f"print('\\n' + json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
