"""Airflow reads its environment when it is first imported, so it is set before any test module is."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-tests-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


@pytest.fixture(scope="session")
def dag():
    """The DAG as Airflow parses it."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(Path(__file__).parents[2] / "dags"))
    assert bag.import_errors == {}
    assert list(bag.dags) == ["nightly_discover"]
    return bag.dags["nightly_discover"]
