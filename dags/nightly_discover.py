"""The night: listening logs in, playlists out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import (
    DAG,
    BaseOperator,
    Param,
    TaskGroup,
    TriggerRule,
)

from dags.asset_events import PLAYLISTS, POINTER
from dags.night_failures import alert_dag, alert_task
from dags.nights import Nights
from dags.stage_operators import (
    GateStage,
    PlaylistsGate,
    ProcessStage,
    PublishStage,
    ReportStage,
    SparkStage,
)
from jobs.stages import REPORT, STAGES, StageSpec

STAGE_NAMES = [spec.name for spec in (*STAGES, REPORT)]
# The stage after which what consumers wait for is there to be read.
OUTLETS = {"gate_playlists": PLAYLISTS, "publish": POINTER}
# Stages that are more than their process: a link, an event.
KINDS = {
    "gate_inputs": GateStage,
    "gate_playlists": PlaylistsGate,
    "publish": PublishStage,
    "report": ReportStage,
}
DEFAULTS = {
    "owner": "nocturne",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=3),
    "depends_on_past": False,
    "on_failure_callback": alert_task,
}
PARAMS = {
    "window_start": Param(
        None,
        type=["null", "string"],
        format="date",
        title="First night",
        description="First landing day (UTC). For a run by hand; a backfill knows its night.",
    ),
    "window_end": Param(
        None,
        type=["null", "string"],
        format="date",
        title="End",
        description="The day after the last one. Together with the first night, or not at all.",
    ),
    "force": Param(
        None,
        type=["null", "string"],
        minLength=3,
        maxLength=500,
        title="Force, with a note",
        description="Lets the night through failed gates. The note (who, why) goes into the ledger.",
    ),
    "stages": Param(
        STAGE_NAMES,
        type="array",
        items={"type": "string", "enum": STAGE_NAMES},
        minItems=1,
        examples=STAGE_NAMES,
        title="Stages",
        description="Stages to run; the others are skipped, and what they left last time is used.",
    ),
}


def stage_task(spec: StageSpec, **kwargs: Any) -> BaseOperator:
    """Return the task of a stage. A stage may follow skipped ones, but no failed one."""
    kind = KINDS.get(spec.name, SparkStage if spec.spark else ProcessStage)
    options: Mapping[str, Any] = {
        "trigger_rule": TriggerRule.NONE_FAILED,
        "pool": f"nocturne_{spec.writer}",
        "outlets": [OUTLETS[spec.name]] if spec.name in OUTLETS else [],
        "doc_md": f"`python -m {spec.module} --window-start … --window-end …`",
    }
    return kind(task_id=spec.name, spec=spec, **{**options, **kwargs})


with DAG(
    "nightly_discover",
    schedule=Nights(),
    start_date=datetime(2010, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=DEFAULTS,
    params=PARAMS,
    tags=["nocturne", "playlists"],
    doc_md=Path(__file__).with_name("nightly_discover.md").read_text(),
    on_failure_callback=alert_dag,
) as dag:
    groups = {
        name: TaskGroup(name, prefix_group_id=False) for name in dict.fromkeys(s.group for s in STAGES)
    }
    tasks = {spec.name: stage_task(spec, task_group=groups[spec.group]) for spec in STAGES}
    for spec in STAGES:
        tasks[spec.name].set_upstream([tasks[name] for name in spec.after])

    # The report runs in any case, so the run is judged by the last stage too.
    report = stage_task(REPORT, trigger_rule=TriggerRule.ALL_DONE)
    night = EmptyOperator(task_id="night", trigger_rule=TriggerRule.NONE_FAILED)
    [tasks[name] for name in REPORT.after] >> report >> night
    tasks[STAGES[-1].name] >> night
