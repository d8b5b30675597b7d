"""One night by the same stages on a Connect server and on a Spark of their own: the same to the byte."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from jobs.embedded.environment import child_environment
from jobs.embedded.warm_spark import OTHERS, running_spark
from jobs.settings import SparkSettings
from jobs.simulate.town import write_town
from tests.e2e.nights import House

pytestmark = pytest.mark.e2e
NIGHT = date(2026, 6, 28)


def run_night(house: House, environment) -> None:
    settings = house.settings
    ours = {
        "NOCTURNE__HOME": settings.home,
        "NOCTURNE__LANDING__ROOT": settings.landing.root,
        "NOCTURNE__LAKE__ROOT": settings.lake.root,
        "NOCTURNE__STORE__ROOT": settings.store.root,
        "NOCTURNE__TRAIN__EPOCHS": str(settings.train.epochs),
        "NOCTURNE__SPARK__MASTER": "local[2]",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "tests.e2e.one_night", str(NIGHT)]
    done = subprocess.run(
        command, env={**environment, **ours}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_night_is_the_same_on_a_server_and_on_a_spark_of_its_own(tmp_path):
    landing = tmp_path / "landing"
    write_town(landing, n_listeners=40, n_tracks=600, first_day=NIGHT, nights=1, seed=3)
    alone, client = (House.below(tmp_path / name, landing) for name in ("alone", "client"))
    # Spark's own names are this test process's: the night alone is nobody's client.
    own = {name: value for name, value in os.environ.items() if name not in OTHERS}
    run_night(alone, own)
    spark = SparkSettings(master="local[2]", server=True, server_port=17012)
    settings = client.settings.model_copy(update={"spark": spark})
    with running_spark(settings, child_environment(settings)) as environment:
        run_night(client, environment)
    made, expected = client.tables(), alone.tables()
    assert list(made) == list(expected)
    assert len(made) > 10
    for name, rows in made.items():
        assert rows.equals(expected[name]), name
    assert client.published() == alone.published()
