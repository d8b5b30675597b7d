"""Servers that ignore conditions, and answers that get lost on the way."""

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
        self.keeps = keeps
        self.n_puts = 0
        self.loses_answer_of: str | None = None

    def put_object(self, Bucket, Key, Body, ContentType, **conditions):  # noqa: N803
        self.n_puts += 1
        there = self.objects.get(Key)
        for name, value in conditions.items():
            if name in self.keeps and (there is not None if value == "*" else etag(there) != value):
                raise refused("PreconditionFailed")
        self.objects[Key] = Body
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
