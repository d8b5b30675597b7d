"""An S3 server of this machine."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from jobs.settings import S3Settings

BUCKET = "publish"


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Settings]:
    """Serve an empty bucket: by versitygw out of the folder if it is on PATH, else by moto, in memory,
    which takes three times as long for an object."""
    os.environ.update(AWS_ACCESS_KEY_ID="benchmark", AWS_SECRET_ACCESS_KEY="benchmark")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(parents=True)
    server = subprocess.Popen(
        _command(port, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        settings = S3Settings(endpoint_url=f"http://127.0.0.1:{port}", path_style=True)
        _wait(port, server)
        client = boto3.client("s3", endpoint_url=settings.endpoint_url, region_name=settings.region)
        client.create_bucket(Bucket=BUCKET)
        yield settings
    finally:
        server.terminate()
        server.wait(10)


def _command(port: int, folder: Path) -> list[str]:
    binary = shutil.which("versitygw")
    if binary is None:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    keys = ["--access", "benchmark", "--secret", "benchmark"]
    return [binary, *keys, "--port", f"127.0.0.1:{port}", "posix", str(folder)]


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the S3 server did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the S3 server does not answer")
