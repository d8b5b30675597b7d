import json
import os
import socket
import sys
from contextlib import contextmanager
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


@contextmanager
def taken(port):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def three_ports():
    """The first of three in a row that are free, from what the system does not give away."""
    return next(
        p for p in range(21_000, 29_000, 7) if [free_port(p + n) for n in range(3)] == [p, p + 1, p + 2]
    )


def test_the_next_port_up_is_taken_if_the_wanted_one_is_in_use():
    port = three_ports()
    with taken(port), taken(port + 1):
        assert free_port(port) == port + 2
    assert free_port(port) == port


def test_the_port_that_was_taken_is_taken_again_until_another_is_wanted(airflow):
    port, home = three_ports(), airflow.home
    with taken(port):
        assert home.port(port) == port + 1
    assert home.port(port) == port + 1
    with taken(port + 1):
        assert home.port(port) == port + 2
    assert home.port(port + 1) == port + 1
    home.port_file.write_text("{")
    assert home.port(port) == port


def test_no_port_left_is_said_with_the_settings(monkeypatch):
    port = three_ports()
    monkeypatch.setattr("jobs.embedded.processes.N_PORTS", 0)
    with taken(port), pytest.raises(NocturneError, match=f"{port} to {port} .*NOCTURNE__AIRFLOW__PORT"):
        free_port(port)


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
