import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.utils.types import DagRunType

from dags.asset_events import PLAYLISTS, POINTER, PUBLISHED
from dags.stage_operators import (
    GateStage,
    PlaylistsGate,
    ProcessStage,
    PublishStage,
    ReportStage,
    SparkStage,
    failure_of,
)
from jobs.stages import REPORT, STAGES
from jobs.store import open_store
from tests.embedded.stubs import FAILS, stub_stages

START, END = datetime(2026, 6, 28, tzinfo=UTC), datetime(2026, 6, 29, tzinfo=UTC)
NAMES = [spec.name for spec in STAGES]


def context(run_type="backfill", **params):
    return {
        "params": {"window_start": None, "window_end": None, "force": None, "stages": NAMES} | params,
        "dag_run": SimpleNamespace(run_type=DagRunType(run_type)),
        "data_interval_start": START,
        "data_interval_end": END,
    }


@pytest.fixture
def stub(tmp_path, settings, monkeypatch):
    """Makes the task of a stub stage, whose store is the test's own."""
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)

    def task(name, does="pass"):
        stages, _ = stub_stages(tmp_path, {name: does})
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return ProcessStage(task_id=name, spec=next(spec for spec in stages if spec.name == name))

    return task


@pytest.mark.parametrize("code", [65, 66, 2])
def test_what_cannot_heal_is_never_retried(code):
    with pytest.raises(AirflowFailException, match=f"exit code {code}"):
        raise failure_of("ingest", code)


@pytest.mark.parametrize("code", [1, -9, 137, None])
def test_everything_else_is_retried(code):
    failure = failure_of("ingest", code, "last words")
    assert not isinstance(failure, AirflowFailException)
    assert str(failure) == f"ingest: exit code {code}\nlast words"


@pytest.mark.parametrize("spec", STAGES, ids=NAMES)
def test_argv_is_the_window_and_the_note(spec):
    task = (SparkStage if spec.spark else ProcessStage)(task_id=spec.name, spec=spec)
    argv = ["--window-start", "2026-06-28", "--window-end", "2026-06-29"]
    assert task.argv(context()) == argv
    assert task.argv(context(force="by Ada")) == [*argv, "--force", "by Ada"]


def test_a_stage_left_out_is_skipped():
    task = SparkStage(task_id="ingest", spec=STAGES[0])
    with pytest.raises(AirflowSkipException, match="ingest is not among the stages"):
        task.execute(context(stages=["publish"]))


def test_a_run_without_a_window_fails_for_good_with_what_to_pass():
    task = SparkStage(task_id="ingest", spec=STAGES[0])
    with pytest.raises(AirflowFailException, match="trigger the run with window_start and window_end"):
        task.execute(context("manual"))


def test_a_stage_returns_its_summary(stub):
    assert stub("publish").execute(context())["rows_out"] == 1190


def events_of(stub, name, kind, **details):
    """The events of a stage that leaves these details."""
    task = kind(task_id=name, spec=stub(name).spec)
    given = context() | {"outlet_events": OutletEventAccessors()}
    task.summary = lambda window: {
        "rows_in": 1200, "table_versions": {"validation_results": 3}, "details": details,
    }  # fmt: skip
    task.execute(given)
    return given["outlet_events"]


def test_a_pointer_that_has_moved_is_told_with_what_it_names(stub):
    details = {"publish_id": "2026-06-28-abc", "n_listeners": 40, "latest": "moved"}
    (event,) = events_of(stub, "publish", PublishStage, **details)[POINTER].asset_alias_events
    assert event.dest_asset_key.name == PUBLISHED.name
    assert event.extra == {
        "as_of": "2026-06-28",
        "publish_id": "2026-06-28-abc",
        "n_listeners": 40,
        "n_tracks": 1200,
    }


@pytest.mark.parametrize("became", ["kept", "unchanged"])
def test_a_pointer_that_stayed_is_no_event(stub, became):
    details = {"publish_id": "2026-06-28-abc", "n_listeners": 40, "latest": became}
    assert events_of(stub, "publish", PublishStage, **details)[POINTER].asset_alias_events == []


def test_checked_playlists_are_told_with_their_night(stub, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", "sc://localhost:15002")  # no Spark is started
    event = events_of(stub, "gate_playlists", PlaylistsGate)[PLAYLISTS]
    assert event.extra == {"as_of": "2026-06-28", "table_versions": {"validation_results": 3}}


def test_a_stages_command_and_output_are_in_the_tasks_log(stub, capsys):
    stub("publish", "print('1,190 rows'); print('of 1,200', file=sys.stderr)").execute(context())
    logged = capsys.readouterr().out
    for line in ("-m stubs.publish --window-start 2026-06-28 --window-end", "1,190 rows", "of 1,200"):
        assert line in logged


def test_the_last_twenty_lines_are_said_in_their_order(stub):
    with pytest.raises(AirflowException) as caught:
        stub("publish", "print(*range(25), sep=chr(10)); sys.exit(1)").execute(context())
    lines = ["publish: exit code 1", *map(str, range(5, 25))]
    assert str(caught.value).splitlines() == lines


def test_a_failed_stage_says_its_last_lines(stub):
    with pytest.raises(AirflowFailException, match="17 of 20 rows are bad"):
        stub("publish", FAILS).execute(context())


def test_a_stage_without_a_summary_is_a_failure(stub):
    with pytest.raises(AirflowException, match="publish left no summary of 2026-06-28"):
        stub("publish", "sys.exit(0)").execute(context())


def test_half_a_summary_is_a_failure(stub, settings):
    open_store(settings).put("ledger/2026-06-28/publish.json", b'{"stage": "publish", "rows_out": 11')
    with pytest.raises(AirflowException, match="publish left no summary of 2026-06-28"):
        stub("publish", "sys.exit(0)").execute(context())


def test_a_summary_is_of_texts_and_numbers(stub):
    summary = stub("publish").execute(context())
    assert (summary["window_start"], summary["rows_in"], summary["force"]) == ("2026-06-28", 1200, None)


@pytest.mark.parametrize(("code", "final"), [(65, True), (1, False)])
def test_spark_submits_exit_code_decides_too(code, final, tmp_path, monkeypatch):
    submit = tmp_path / "spark-submit"
    submit.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\nsys.exit({code})\n")
    submit.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    connection = {"conn_type": "spark", "host": "local[1]"}
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps(connection))
    task = SparkStage(task_id="gate_inputs", spec=STAGES[1])
    with pytest.raises(AirflowException) as caught:
        task.execute(context())
    assert isinstance(caught.value, AirflowFailException) == final
    assert "submit.py validate.inputs --window-start 2026-06-28 --window-end 2026-06-29" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("base_url", "below"),
    [("http://127.0.0.1:8080/", ""), ("https://proxy.example/airflow", "/airflow")],
)
@pytest.mark.parametrize(
    ("kind", "spec", "page"),
    [
        (GateStage, STAGES[1], "reports/2026-06-28/data_docs/gate_inputs/index.html"),
        (ReportStage, REPORT, "reports/2026-06-28/index.html"),
    ],
)
def test_a_link_leads_to_its_page_once_there_is_one_on_whatever_host_it_is_read(
    kind, spec, page, base_url, below, settings, monkeypatch
):
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    task = kind(task_id=spec.name, spec=spec)
    (link,) = task.operator_extra_links
    ended = SimpleNamespace(get_template_context=context)
    assert link.get_link(task, ti_key=ended) == ""
    open_store(settings).put(page, b"<html>")
    assert link.get_link(task, ti_key=ended) == f"{below}/nocturne/{page}"


@pytest.mark.parametrize(
    ("connection", "remote"),
    [
        ({"conn_type": "spark", "host": "sc://localhost", "port": 15002}, "sc://localhost:15002"),
        ("sc://spark.example:15009", "sc://spark.example:15009"),
        ({"conn_type": "spark", "host": "sc://spark.example"}, "sc://spark.example"),
    ],
)
def test_a_connection_to_a_connect_server_makes_the_stage_its_client(
    connection, remote, stub, tmp_path, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", as_text(connection))
    says = "import pathlib; pathlib.Path(r'{}').write_text(os.environ['SPARK_REMOTE'])"
    spec = stub("gate_inputs", says.format(tmp_path / "remote")).spec
    task = SparkStage(task_id="gate_inputs", spec=spec)
    assert task.execute(context())["rows_out"] == 1190
    assert (tmp_path / "remote").read_text() == remote


def test_a_connect_servers_token_is_the_password_and_never_an_argument(stub, tmp_path, monkeypatch):
    connection = {"conn_type": "spark", "host": "sc://localhost", "password": "s3cret"}
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", as_text(connection))
    says = (
        "print(os.environ['SPARK_CONNECT_AUTHENTICATE_TOKEN'], 's3cret' in str(sys.argv)); sys.exit(1)"
    )
    task = SparkStage(task_id="gate_inputs", spec=stub("gate_inputs", says).spec)
    with pytest.raises(AirflowException, match="s3cret False"):
        task.execute(context())


def as_text(connection):
    return connection if isinstance(connection, str) else json.dumps(connection)
