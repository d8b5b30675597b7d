"""The least that could write the same bytes: documents made before, each by one write."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

from jobs.publish.spool import Document
from jobs.settings import Settings, is_s3

Put = Callable[[str, bytes], object]


def write_raw(documents: Iterator[Document], root: str, settings: Settings) -> int:
    """Write the documents below a root by as many threads as publish has; returns how many.

    Into a folder by one, as publish does, and with one wait for the disk.
    """
    if not is_s3(root):
        n = _write_all(documents, _put_file(Path(root)), threading.Lock())
        os.sync()
        return n
    put, lock = _put_object(root, settings), threading.Lock()
    n_threads = settings.store.n_threads
    with ThreadPoolExecutor(n_threads) as pool:
        return sum(pool.map(lambda _: _write_all(documents, put, lock), range(n_threads)))


def _write_all(documents: Iterator[Document], put: Put, lock: threading.Lock) -> int:
    n = 0
    while True:
        with lock:
            document = next(documents, None)
        if document is None:
            return n
        put(*document)
        n += 1


def _put_file(folder: Path) -> Put:
    def put(key: str, body: bytes) -> None:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    return put


def _put_object(root: str, settings: Settings) -> Put:
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3.endpoint_url,
        region_name=settings.s3.region,
        config=Config(max_pool_connections=settings.store.n_threads, s3={"addressing_style": "path"}),
    )
    return lambda key, body: client.put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=body)
