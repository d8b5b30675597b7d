import json
import os
import socket
import sys
from io import StringIO

import psutil
import pytest
from rich.console import Console

from jobs.embedded.airflow import Airflow, digest
from jobs.embedded.processes import end, free_port, start
from jobs.embedded.progress import Progress
from jobs.errors import NocturneError, UsageError


@pytest.fixture
def airflow(settings):
    airflow = Airflow(settings, Progress(Console(file=StringIO())))
    airflow.home.folder.mkdir(parents=True)
    return airflow


@pytest.fixture
def component(airflow):
    """Starts a stand-in for one of Airflow's processes, as `up` notes it."""
    pids = []

    def run(code):
        process = start([sys.executable, "-c", code], airflow.log_of("scheduler"), os.environ)
        pids.append(process.pid)
        began = psutil.Process(process.pid).create_time()
        state = {
            "port": 8123,
            "settings": digest(airflow.settings),
            "processes": {"scheduler": (process.pid, began)},
        }
        airflow.home.state_file.write_text(json.dumps(state))
        return process

    yield run
    end(pids, patience=0)


def test_another_port_is_taken_if_the_wanted_one_is_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_what_runs_is_up_until_down(airflow, component):
    process = component("import time; time.sleep(600)")
    assert airflow.is_up()
    assert airflow.api().url == "http://127.0.0.1:8123"
    assert airflow.down()
    assert process.wait() != 0
    assert not airflow.is_up()
    assert not airflow.down()


def test_an_airflow_with_other_settings_is_not_taken(airflow, component):
    component("import time; time.sleep(600)")
    other = Airflow(airflow.settings.model_copy(update={"seed": 7}), airflow.progress)
    with pytest.raises(UsageError, match="up with other settings: stop it first with `nocturne down`"):
        other.is_up()


def test_up_is_not_taken_for_nightly(airflow, component):
    component("import time; time.sleep(600)")
    airflow.home.write_config(airflow.settings, "postgresql+psycopg2://", 8123, nightly=False)
    assert airflow.keep_up(nightly=False).port == 8123
    with pytest.raises(UsageError, match="up without --nightly"):
        airflow.keep_up(nightly=True)


def test_a_component_that_ends_by_itself_is_told_with_its_log(airflow, component):
    component("print('port already in use')").wait()
    assert not airflow.is_up()
    with pytest.raises(NocturneError, match=r"Airflow's scheduler has ended.*\n.*port already in use"):
        airflow.check()


def test_a_process_id_that_went_to_another_program_is_not_ended(airflow, component):
    process = component("import time; time.sleep(600)")
    state = json.loads(airflow.home.state_file.read_text())
    state["processes"]["scheduler"][1] -= 1000
    airflow.home.state_file.write_text(json.dumps(state))
    assert not airflow.down()
    assert process.poll() is None


def test_without_airflow_there_is_no_api(airflow):
    with pytest.raises(UsageError, match="start it with `nocturne up`"):
        airflow.api()


def test_two_commands_do_not_work_in_one_home(airflow):
    with (
        airflow.lock(),
        pytest.raises(UsageError, match="another nocturne is at work in"),
        airflow.lock(),
    ):
        pass
    with airflow.lock():
        pass
