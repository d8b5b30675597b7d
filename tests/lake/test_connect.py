"""The session's name and lock; sessions themselves are tried with a server, in tests/embedded."""

import time

import pytest

from jobs.errors import NocturneError
from jobs.lake import connect
from jobs.lake.connect import LOCKS, lock, release, session_id
from jobs.settings import LakeSettings

URL = "sc://localhost:15002"


@pytest.fixture
def locks(tmp_path, monkeypatch):
    monkeypatch.setenv(LOCKS, str(tmp_path))
    monkeypatch.setattr(connect, "_held", {})
    return tmp_path


def test_a_sessions_name_is_that_of_its_stage_and_lake(settings):
    other = settings.model_copy(update={"lake": LakeSettings(root="/another/lake")})
    name = session_id(settings, "ingest")
    assert name == session_id(settings.model_copy(update={"seed": 5}), "ingest")
    assert len({name, session_id(settings, "recommend"), session_id(other, "ingest")}) == 3


def test_a_lock_is_one_file_handles_until_it_is_closed(tmp_path):
    first, second = ((tmp_path / "lock").open("a+") for _ in range(2))
    with second:
        with first:
            assert lock(first)
            assert not lock(second)
        assert lock(second)


def test_the_first_to_hold_a_name_finds_nothing_left_and_the_next_may(locks):
    assert connect._hold(URL, "name", "ingest") is False
    # The process died: its lock is open, its mark is there.
    connect._held.pop("name").close()
    assert connect._hold(URL, "name", "ingest") is True
    assert (locks / "name").read_text() == "openopen"


def test_a_name_that_another_process_holds_is_refused(locks, monkeypatch):
    monkeypatch.setattr(connect, "LOCK_SECONDS", 0.2)
    with (locks / "name").open("a+") as other:
        assert lock(other)
        began = time.monotonic()
        with pytest.raises(NocturneError, match=r"another process is at work on ingest .*: wait for it"):
            connect._hold(URL, "name", "ingest")
    assert time.monotonic() - began >= 0.2
    assert connect._held == {}


def test_a_server_elsewhere_may_hold_a_session_that_no_lock_tells_of(locks, monkeypatch):
    assert connect._hold("sc://spark:15002", "name", "ingest") is True
    monkeypatch.delenv(LOCKS)
    assert connect._hold(URL, "name", "ingest") is True
    assert list(locks.iterdir()) == []


def test_the_end_of_a_process_takes_its_mark_away_also_where_the_server_is_gone(locks, monkeypatch):
    def gone(url, name, patience):
        raise NocturneError("Spark's server does not answer")

    monkeypatch.setattr(connect, "release", gone)
    connect._hold(URL, "name", "ingest")
    connect._end(URL, "name")
    assert connect._hold(URL, "name", "ingest") is False
    connect._end(URL, "name")
    connect._end(URL, "never held")


def test_the_end_of_a_process_releases_its_session_and_waits_two_seconds_at_most(locks, monkeypatch):
    released = []
    monkeypatch.setattr(connect, "release", lambda *told: released.append(told))
    connect._end(URL, "name")
    assert released == [(URL, "name", 2.0)]


def test_errors_come_without_the_stacks_of_java():
    assert connect.WITHOUT_STACKS == {
        "spark.sql.connect.serverStacktrace.enabled": "false",
        "spark.sql.pyspark.jvmStacktrace.enabled": "false",
    }


def test_a_server_that_is_not_there_is_named(monkeypatch):
    monkeypatch.delenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", raising=False)
    with pytest.raises(NocturneError, match=r"Spark's server sc://localhost:1 does not answer: "):
        release("sc://localhost:1", "00000000-0000-0000-0000-000000000000", 0.3)
