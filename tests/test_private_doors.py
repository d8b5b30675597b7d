"""What we use of libraries that they do not promise: named, so that an upgrade says which went."""

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW_EXPECTATION = "expectations/row_expectation.py"
GX = "great_expectations"
DOORS = [
    ("dags/report_pages.py", "airflow.api_fastapi.core_api.security", "get_user"),
    (ROW_EXPECTATION, f"{GX}.core.metric_domain_types", "MetricDomainTypes"),
    (ROW_EXPECTATION, f"{GX}.core.metric_function_types", "MetricPartialFunctionTypes"),
    (ROW_EXPECTATION, f"{GX}.expectations.metrics.metric_provider", "metric_partial"),
    (ROW_EXPECTATION, f"{GX}.expectations.metrics.table_metric_provider", "TableMetricProvider"),
    (ROW_EXPECTATION, f"{GX}.render.components", "LegacyRendererType"),
    (ROW_EXPECTATION, f"{GX}.render.renderer.renderer", "renderer"),
    ("models/compiled.py", "numba.core.caching", "UserProvidedCacheLocator"),
    ("jobs/lake/session.py", "pyspark.sql.pandas.types", "from_arrow_schema"),
    ("jobs/ingest/frames.py", "pyspark.sql.pandas.types", "from_arrow_schema"),
]  # fmt: skip


@pytest.mark.parametrize(("user", "module", "name"), DOORS)
def test_an_internal_name_is_there_and_still_used(user, module, name):
    assert hasattr(import_module(module), name), f"{user} needs {module}.{name}"
    assert name in (ROOT / user).read_text(), f"{user} no longer needs {name}: take it off this list"


def test_spark_submits_hook_and_process_are_where_a_stage_looks_for_them():
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

    from dags.stage_operators import SparkStage
    from jobs.stages import STAGES

    assert SparkStage(task_id="ingest", spec=STAGES[0])._hook is None
    assert SparkSubmitHook()._submit_sp is None
