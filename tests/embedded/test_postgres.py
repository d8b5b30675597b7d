import psycopg2
import pytest

from jobs.embedded.postgres import Postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


def answer(uri):
    connection = psycopg2.connect(uri.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("select 41 + 1")
        (found,) = cursor.fetchone()
    connection.close()
    return found


def test_it_starts_once_answers_on_a_socket_and_stops(server):
    assert server.process() is None
    uri = server.start()
    assert answer(uri) == 42
    assert "@/" in uri  # no host: a socket
    process = server.process()
    assert server.start() == uri
    assert server.process().pid == process.pid
    server.stop()
    assert not process.is_running()
    assert server.process() is None
    server.stop()  # once more is fine


def test_a_dead_servers_process_id_is_not_taken_for_the_server(server):
    server.start()
    pid_file = server.folder / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join(["1", *lines[1:]]) + "\n")  # after a power cut, another program's
    assert answer(server.start()) == 42
