"""How a server is asked, servers that ignore conditions, and answers that get lost on the way."""

import threading
from io import BytesIO

import pytest
from botocore.exceptions import ClientError

from jobs.errors import NocturneError
from jobs.settings import S3Settings
from jobs.store import ConflictError
from jobs.store.s3 import S3Store


class Server:
    """An S3 client over a dict; ``keeps`` names the conditions it keeps."""

    def __init__(self, keeps: tuple[str, ...]) -> None:
        self.objects: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.keeps = keeps
        self.n_puts = 0
        self.loses_answer_of: str | None = None

    def put_object(self, Bucket, Key, Body, ContentType, **conditions):  # noqa: N803
        self.n_puts += 1
        there = self.objects.get(Key)
        for name, value in conditions.items():
            if name in self.keeps and (there is not None if value == "*" else etag(there) != value):
                raise refused("PreconditionFailed")
        self.objects[Key], self.types[Key] = Body, ContentType
        if Key == self.loses_answer_of:  # botocore asks again, and is told that the object is there
            self.loses_answer_of = None
            self.put_object(Bucket, Key, Body, ContentType, **conditions)

    def get_object(self, Bucket, Key):  # noqa: N803
        if Key not in self.objects:
            raise refused("NoSuchKey")
        return {"Body": BytesIO(self.objects[Key])}


def etag(body: bytes | None) -> str:
    return f'"{body!r}"'


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "call")


def store_on(server: Server) -> S3Store:
    store = S3Store("s3://bucket/prefix", S3Settings(), 1)
    store.client = server
    return store


@pytest.mark.parametrize("keeps", [(), ("IfNoneMatch",), ("IfMatch",)])
def test_a_server_that_ignores_a_condition_is_refused_and_nothing_written(keeps):
    server = Server(keeps)
    with pytest.raises(NocturneError, match=r"s3://bucket/prefix ignores conditional writes"):
        store_on(server).put_new("pointer", b"1")
    assert "prefix/pointer" not in server.objects


def test_a_server_is_asked_once_a_process():
    server = Server(("IfNoneMatch", "IfMatch"))
    store_on(server).put_new("a", b"1")
    n_first = server.n_puts
    store_on(server).put_new("b", b"1")
    assert server.n_puts == n_first + 1


@pytest.mark.parametrize("expected", [None, etag(b"old")])
def test_a_write_whose_answer_was_lost_is_a_write(expected):
    server = Server(("IfNoneMatch", "IfMatch"))
    if expected:
        server.objects["prefix/pointer"] = b"old"
    server.loses_answer_of = "prefix/pointer"
    store_on(server).swap("pointer", b"new", expected)
    assert server.objects["prefix/pointer"] == b"new"


def test_another_writers_object_is_a_conflict():
    server = Server(("IfNoneMatch", "IfMatch"))
    server.objects["prefix/pointer"] = b"another's"
    with pytest.raises(ConflictError, match="run again"):
        store_on(server).put_new("pointer", b"mine")
    assert server.objects["prefix/pointer"] == b"another's"


@pytest.mark.parametrize(
    ("path_style", "address"),
    [
        (True, "https://s3.amazonaws.com/bucket/prefix/a"),
        (False, "https://bucket.s3.amazonaws.com/prefix/a"),
    ],
)
def test_a_bucket_is_part_of_the_path_or_of_the_name_as_the_settings_say(
    path_style, address, monkeypatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    s3 = S3Settings(path_style=path_style)
    store = S3Store("s3a://bucket/prefix/", s3, 3)
    place = {"Bucket": store.bucket, "Key": f"{store.prefix}a"}
    url = store.client.generate_presigned_url("get_object", Params=place)
    assert url.partition("?")[0] == address
    assert store.url("a") == "s3://bucket/prefix/a"


def test_each_thread_has_a_connection_and_a_request_is_tried_six_times():
    config = S3Store("s3://bucket", S3Settings(region="eu-west-3"), 7).client.meta.config
    assert config.max_pool_connections == 7
    assert config.retries == {"mode": "standard", "total_max_attempts": 6}
    assert config.region_name == "eu-west-3"


def test_a_bucket_alone_has_no_prefix():
    store = S3Store("s3://bucket", S3Settings(), 1)
    store.client = Server(("IfNoneMatch", "IfMatch"))
    store.put_new("a", b"1")
    assert store.client.objects["a"] == b"1"


def test_what_is_written_says_its_type():
    server = Server(("IfNoneMatch", "IfMatch"))
    store = store_on(server)
    store.put("page.html", b"1")
    store.put_many([("list.m3u8", b"1")])
    store.put_new("new.json", b"1")
    types = {key: type_ for key, type_ in server.types.items() if "probes" not in key}
    assert types == {
        "prefix/page.html": "text/html; charset=utf-8",
        "prefix/list.m3u8": "application/vnd.apple.mpegurl",
        "prefix/new.json": "application/json",
    }


def test_objects_are_drawn_while_others_are_written_and_twice_as_many_as_threads_at_most():
    n_drawn = n_written = 0
    ahead, lock = threading.Event(), threading.Lock()
    most = 0

    def objects():
        nonlocal n_drawn, most
        for n in range(100):
            with lock:
                n_drawn += 1
                most = max(most, n_drawn - n_written)
            if n_drawn == 5:  # two threads: four are handed over, and the fifth waits for one of them
                ahead.set()
            yield f"o{n}", b"1"

    class Waiting(Server):
        def put_object(self, **named):
            nonlocal n_written
            assert ahead.wait(10)
            super().put_object(**named)
            with lock:
                n_written += 1

    store = S3Store("s3://bucket", S3Settings(), 2)
    store.client = Waiting(())
    assert store.put_many(objects()) == 100
    assert sorted(store.client.objects) == sorted(f"o{n}" for n in range(100))
    assert most == 5


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_what_is_absent_is_none_and_what_is_forbidden_is_told(code):
    class Refusing(Server):
        def get_object(self, Bucket, Key):  # noqa: N803
            raise refused(self.code)

        head_object = get_object

    store = store_on(Refusing(()))
    store.client.code = code
    assert (store.get("a"), store.tag("a")) == (None, None)
    store.client.code = "AccessDenied"
    for read in (store.get, store.tag):
        with pytest.raises(NocturneError, match=r"s3://bucket/prefix/a: .*AccessDenied"):
            read("a")


def test_a_conditional_write_that_is_forbidden_is_no_conflict():
    server = Server(("IfNoneMatch", "IfMatch"))
    store = store_on(server)
    store.put_new("a", b"1")

    def forbid(**_):
        raise refused("AccessDenied")

    server.put_object = forbid
    with pytest.raises(NocturneError, match="AccessDenied") as caught:
        store.put_new("b", b"1")
    assert not isinstance(caught.value, ConflictError)
