"""What every store must do, tried on a folder and on a server that speaks S3."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from jobs.errors import NocturneError, UsageError
from jobs.settings import S3Settings, Settings, StoreSettings
from jobs.store import ConflictError, open_store
from jobs.store.s3 import S3Store

BUCKETS = itertools.count()
N_RACES = 20


@pytest.fixture
def s3_store(s3_server, monkeypatch) -> S3Store:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bucket = f"bucket-{next(BUCKETS)}"
    boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name="us-east-1").create_bucket(
        Bucket=bucket
    )
    settings = Settings(
        store=StoreSettings(root=f"s3://{bucket}/some/prefix", n_threads=4), s3=s3_server
    )
    return open_store(settings)


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "s3":
        return request.getfixturevalue("s3_store")
    return open_store(Settings(store=StoreSettings(root=str(tmp_path / "store"))))


def test_an_object_is_read_as_written_and_replaced(store):
    assert store.get("a/b.json") is None
    assert store.tag("a/b.json") is None
    store.put("a/b.json", b"one")
    first = store.tag("a/b.json")
    store.put("a/b.json", b"two")
    assert store.get("a/b.json") == b"two"
    assert store.tag("a/b.json") != first
    store.put("a/b.json", b"one")
    assert store.tag("a/b.json") == first


def test_deleting_what_is_absent_is_fine(store):
    store.put("a", b"1")
    store.delete("a")
    store.delete("a")
    assert store.get("a") is None


def test_new_means_new(store):
    store.put_new("a", b"1")
    with pytest.raises(ConflictError, match="run again"):
        store.put_new("a", b"2")
    assert store.get("a") == b"1"


def test_a_swap_needs_the_tag_that_is_there(store):
    with pytest.raises(ConflictError):
        store.swap("a", b"2", "never-there")
    store.put("a", b"1")
    tag = store.tag("a")
    store.swap("a", b"2", tag)
    with pytest.raises(ConflictError):
        store.swap("a", b"3", tag)
    assert store.get("a") == b"2"


def test_keys_are_listed_in_order_below_a_prefix(store):
    for key in ("b/2", "a/10", "a/9", "ab", "a/sub/x"):
        store.put(key, b"")
    assert list(store.list("a/")) == ["a/10", "a/9", "a/sub/x"]
    assert list(store.list("")) == ["a/10", "a/9", "a/sub/x", "ab", "b/2"]
    assert list(store.list("none/")) == []


def test_many_objects_are_written_and_listed_over_many_pages(store):
    n = store.put_many((f"many/{i:04d}", str(i).encode()) for i in range(1100))
    assert n == 1100
    keys = list(store.list("many/"))
    assert keys == [f"many/{i:04d}" for i in range(1100)]
    assert store.get("many/1099") == b"1099"


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "..", "a/.", "a\0b"])
def test_a_key_that_could_leave_the_root_is_refused(store, key):
    with pytest.raises(UsageError, match="not a key"):
        store.put(key, b"")


def test_who_writes_between_a_look_and_its_write_has_to_wait(tmp_path, monkeypatch):
    """The first writer stops where it has looked and not yet written; the second then tries."""
    store = open_store(Settings(store=StoreSettings(root=str(tmp_path))))
    looked, write = threading.Event(), threading.Event()
    put = store.put

    def slow_put(*arguments):
        looked.set()
        assert write.wait(10)
        put(*arguments)

    monkeypatch.setattr(store, "put", slow_put)
    other = open_store(Settings(store=StoreSettings(root=str(tmp_path))))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.put_new, "race", b"first")
        assert looked.wait(10)
        second = pool.submit(other.put_new, "race", b"second")
        with pytest.raises(TimeoutError):
            second.result(0.2)
        write.set()
        first.result(10)
        with pytest.raises(ConflictError):
            second.result(10)
    assert store.get("race") == b"first"


def won(store, n_writers: int, swap) -> list[int]:
    """Numbers of the writers whose conditional write was not refused, all of them at once."""
    start = threading.Barrier(n_writers)

    def write(n: int) -> bool:
        start.wait()
        try:
            swap(store, str(n).encode())
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(n_writers) as pool:
        return [n for n, done in enumerate(pool.map(write, range(n_writers))) if done]


def test_one_of_many_writers_wins_on_a_real_s3_server(atomic_s3, monkeypatch):
    """Each writer is a thread with a connection of its own; moto's server is not atomic itself."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.client("s3", endpoint_url=atomic_s3.endpoint_url, region_name="us-east-1")
    client.create_bucket(Bucket="races")
    store = open_store(Settings(store=StoreSettings(root="s3://races/x", n_threads=8), s3=atomic_s3))
    for n_race in range(N_RACES):
        key = f"race-{n_race}"
        (first,) = won(store, 8, lambda s, body, key=key: s.put_new(key, body))
        assert store.get(key) == str(first).encode()
        tag = store.tag(key)
        (second,) = won(store, 8, lambda s, body, key=key, tag=tag: s.swap(key, b"2:" + body, tag))
        assert store.get(key) == f"2:{second}".encode()


def test_a_failed_write_among_many_is_not_lost(s3_store):
    with pytest.raises(UsageError):
        s3_store.put_many([("ok", b"1"), ("../bad", b"2")])


def test_an_s3_object_says_where_it_is(s3_store):
    assert s3_store.url("a/b").startswith("s3://bucket-")
    assert s3_store.url("a/b").endswith("/some/prefix/a/b")


def test_a_bucket_that_is_not_there_is_named_with_a_remedy(s3_store):
    absent = S3Store("s3://absent/x", S3Settings(), 2)
    absent.client = s3_store.client
    with pytest.raises(NocturneError, match=r"s3://absent/x/a.*NOCTURNE__S3__ENDPOINT_URL"):
        absent.put("a", b"")
