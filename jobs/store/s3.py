"""A store in an S3 bucket, or on any server that speaks S3 with conditional writes."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobs.errors import NocturneError
from jobs.settings import S3Settings
from jobs.store.media_types import media_type
from jobs.store.objects import ConflictError, checked, checked_prefix

# 412: the condition does not hold; 409: another conditional write is under way; 404: nothing to match.
CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"})
ABSENT = frozenset({"NoSuchKey", "404"})
# Stays in the bucket: a role may be allowed to write and not to delete.
PROBE = "probes/conditional-write"
_KEEPS_CONDITIONS: set[tuple[Any, str]] = set()


class S3Store:
    """Objects below ``s3://bucket/prefix``; its one client is shared by ``n_threads`` threads."""

    def __init__(self, root: str, s3: S3Settings, n_threads: int) -> None:
        self.root = root.replace("s3a://", "s3://", 1).rstrip("/")
        self.bucket, _, prefix = self.root.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.n_threads = n_threads
        self.client = _client(s3.endpoint_url, s3.region, s3.path_style, n_threads)

    def url(self, key: str) -> str:
        """Return ``s3://bucket/prefix/key``."""
        return f"{self.root}/{checked(key)}"

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""
        with self._explained(key):
            try:
                return bytes(self.client.get_object(**self._object(key))["Body"].read())
            except ClientError as error:
                if _code(error) in ABSENT:
                    return None
                raise

    def tag(self, key: str) -> str | None:
        """Return the object's ETag; None if there is none."""
        with self._explained(key):
            try:
                return str(self.client.head_object(**self._object(key))["ETag"])
            except ClientError as error:
                if _code(error) in ABSENT:
                    return None
                raise

    def put(self, key: str, body: bytes) -> None:
        """Write the object, over an earlier one if there is one."""
        with self._explained(key):
            self.client.put_object(**self._object(key), Body=body, ContentType=media_type(key))

    def put_many(self, objects: Iterable[tuple[str, bytes]]) -> int:
        """Write many objects, ``n_threads`` at a time; returns how many.

        The next ones are drawn while others are written, and no more than twice ``n_threads`` are in
        memory.
        """
        n, under_way = 0, deque[Future[None]]()
        with ThreadPoolExecutor(self.n_threads) as pool:
            for key, body in objects:
                n += 1
                if len(under_way) == 2 * self.n_threads:
                    under_way.popleft().result()
                under_way.append(pool.submit(self.put, key, body))
            for last in under_way:
                last.result()
        return n

    def put_new(self, key: str, body: bytes) -> None:
        """Write the object only if there is none; else ConflictError."""
        self.swap(key, body, None)

    def swap(self, key: str, body: bytes, expected_tag: str | None) -> None:
        """Write the object only if its tag is still the expected one (None: absent).

        An object that has these bytes already is written: the first answer to a write may have been
        lost, and its repetition refused. NocturneError from a server that ignores conditions.
        """
        self.require_conditions()
        condition = {"IfNoneMatch": "*"} if expected_tag is None else {"IfMatch": expected_tag}
        if not self._put_if(key, body, condition) and self.get(key) != body:
            raise ConflictError(f"{self.url(key)} was changed by another writer: run again")

    def require_conditions(self) -> None:
        """Raise NocturneError if the server writes where a condition forbids it.

        It is asked once a process.
        """
        place = (self.client, self.root)
        if place in _KEEPS_CONDITIONS:
            return
        self.put(PROBE, b"")
        forbidden = ({"IfNoneMatch": "*"}, {"IfMatch": '"another tag"'})
        if any(self._put_if(PROBE, b"", condition) for condition in forbidden):
            raise NocturneError(
                f"the S3 server of {self.root} ignores conditional writes (If-None-Match, If-Match), so "
                "two runs could overwrite each other's pointer unseen: use a server that keeps them, or "
                "a folder"
            )
        _KEEPS_CONDITIONS.add(place)

    def _put_if(self, key: str, body: bytes, condition: dict[str, str]) -> bool:
        """Write under the condition; returns whether it held."""
        with self._explained(key):
            try:
                self.client.put_object(
                    **self._object(key), Body=body, ContentType=media_type(key), **condition
                )
            except ClientError as error:
                if _code(error) in CONFLICTS:
                    return False
                raise
        return True

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        with self._explained(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=f"{self.prefix}{checked_prefix(prefix)}"
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield entry["Key"].removeprefix(self.prefix)

    def delete(self, key: str) -> None:
        """Delete the object; absent is fine."""
        with self._explained(key):
            self.client.delete_object(**self._object(key))

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{checked(key)}"}

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise NocturneError(
                f"{self.root}/{key}: {error}; check that the bucket is there and that the AWS variables "
                "or role, and NOCTURNE__S3__ENDPOINT_URL if it is not Amazon's, are right"
            ) from error


@cache
def _client(endpoint_url: str | None, region: str, path_style: bool, n_threads: int) -> Any:
    """One client for each way to reach a server: making one takes a tenth of a second."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(
            max_pool_connections=n_threads,
            retries={"mode": "standard", "max_attempts": 5},
            s3={"addressing_style": "path" if path_style else "auto"},
        ),
    )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
