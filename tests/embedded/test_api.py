import json
import threading
from contextlib import nullcontext
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jobs.embedded import api
from jobs.embedded.api import Api, ApiError

TOKEN = {"access_token": "token"}


@pytest.fixture
def server(monkeypatch):
    """A server that gives the scripted answers (status, document), and notes what it was asked."""
    monkeypatch.setattr(api, "REPEAT_SECONDS", 0)
    asked, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            asked.append((self.command, self.path, body))
            status, document = (201, TOKEN) if self.path == "/auth/token" else answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - names of the base class

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        client = Api(http.server_address[1], "admin", "secret")
        yield client, answers, asked
        http.shutdown()


def test_a_login_comes_first_and_once(server):
    client, answers, asked = server
    answers += [(200, {"a": 1}), (200, {"a": 2})]
    assert [client.call("GET", "pools"), client.call("GET", "pools")] == [{"a": 1}, {"a": 2}]
    login = ("POST", "/auth/token", {"username": "admin", "password": "secret"})
    assert asked == [login, *[("GET", "/api/v2/pools", None)] * 2]


def test_a_client_shows_neither_its_password_nor_its_token(server):
    client, answers, _ = server
    answers += [(200, {})]
    client.call("GET", "pools")
    assert repr(client) == f"Api(port={client.port}, user='admin')"


def test_a_question_that_the_server_drops_is_repeated(server):
    client, answers, _ = server
    answers += [(500, {}), (503, {}), (200, {"ok": True})]
    assert client.call("GET", "pools") == {"ok": True}


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 500)])
def test_a_refusal_or_a_deed_is_not_repeated(server, method, status):
    client, answers, asked = server
    answers += [(status, {"detail": "no such pool"})]
    with pytest.raises(ApiError, match=f"{status} .*no such pool") as caught:
        client.call(method, "pools/x")
    assert caught.value.status == status
    assert len(asked) == 2


def test_pools_that_are_missing_are_made_with_one_slot(server):
    client, answers, asked = server
    answers += [(200, {"pools": [{"name": "nocturne_landed"}]}), *[(201, {})] * 8]
    client.ensure_pools()
    made = [body for method, _, body in asked[2:] if method == "POST"]
    assert {pool["slots"] for pool in made} == {1}
    assert "nocturne_landed" not in {pool["name"] for pool in made}
    assert len(made) == 8


@pytest.mark.parametrize(
    ("status", "host", "changes"),
    [
        (200, "yarn", None),
        (200, "local[4]", None),
        (200, "local[*]", "PATCH"),
        (200, "sc://localhost", "PATCH"),
        (404, None, "POST"),
    ],
)
def test_sparks_connection_is_made_where_there_is_none_or_our_own(server, status, host, changes):
    client, answers, asked = server
    answers += [(status, {"host": host}), (201, {})]
    client.ensure_spark({"host": "sc://localhost", "port": 15003, "password": None}, "local[*]")
    assert [method for method, _, _ in asked[2:]] == ([changes] if changes else [])
    if changes:
        assert asked[-1][2] == {
            "connection_id": "spark_default",
            "conn_type": "spark",
            "host": "sc://localhost",
            "port": 15003,
            "password": None,
        }


def test_what_an_interrupted_run_left_is_cancelled(server):
    client, answers, asked = server
    answers += [
        (200, {"backfills": [{"id": 3, "completed_at": None}, {"id": 2, "completed_at": "2026"}]}),
        (200, {}),
        (200, {"dag_runs": [{"dag_run_id": "backfill__2026-06-28T00:00:00+00:00"}]}),
        (200, {}),
        (200, {"dag_runs": []}),
    ]
    client.cancel_unfinished()
    changes = [
        (method, path.split("v2/")[1], body)
        for method, path, body in asked
        if method in ("PUT", "PATCH")
    ]
    run = "dags/nightly_discover/dagRuns/backfill__2026-06-28T00%3A00%3A00%2B00%3A00"
    assert changes == [("PUT", "backfills/3/cancel", None), ("PATCH", run, {"state": "failed"})]


@pytest.mark.parametrize(("status", "fine"), [(200, True), (409, True), (404, False)])
def test_a_backfill_is_ended_unless_it_has_ended(server, status, fine):
    client, answers, _ = server
    answers += [(status, {})]
    with nullcontext() if fine else pytest.raises(ApiError):
        client.end_backfill(3)


@pytest.mark.parametrize(("force", "conf"), [(None, {}), ("ada: late", {"force": "ada: late"})])
def test_a_backfill_forgets_the_note_of_its_last_time(server, force, conf):
    client, answers, asked = server
    answers += [(200, {"id": 3})]
    assert client.backfill(date(2026, 6, 27), date(2026, 6, 28), force) == 3
    body = asked[-1][2]
    assert body["dag_run_conf"] == conf
    assert (body["from_date"], body["to_date"]) == (
        "2026-06-27T00:00:00+00:00",
        "2026-06-28T00:00:00+00:00",
    )


def test_nights_at_work_are_those_of_their_windows(server):
    client, answers, _ = server
    runs = [
        {"conf": {"window_start": "2026-06-20"}, "logical_date": "2026-07-01T00:00:00Z"},
        {"conf": {"force": "x"}, "logical_date": "2026-06-28T00:00:00Z"},
        {"conf": None, "logical_date": "2026-06-27T00:00:00Z"},
    ]
    answers += [(200, {"dag_runs": runs})]
    assert client.running_nights() == {"2026-06-20", "2026-06-28", "2026-06-27"}


def test_an_airflow_that_does_not_answer_is_not_healthy():
    assert not Api(1, "admin", "secret").healthy()
    assert not Api(1, "admin", "secret").answers()
