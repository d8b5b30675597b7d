"""Objects below a folder or a bucket's prefix."""

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit


class NotPublishedError(LookupError):
    """There is nothing where Nocturne would have published it."""


class DamagedError(ValueError):
    """An object is not what was published."""


class Root(Protocol):
    """Gives objects by key."""

    def get(self, key: str) -> bytes | None:
        """Return an object; None if there is none."""
        ...

    def part(self, key: str, offset: int, length: int) -> bytes | None:
        """Return so many bytes of an object, fewer where it ends before; None if there is none."""
        ...

    def where(self, key: str) -> str:
        """Return where the object is, for people."""
        ...


class Folder:
    """A folder of this machine."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def get(self, key: str) -> bytes | None:
        """Return a file below the folder; None if there is none."""
        try:
            return self.path.joinpath(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def part(self, key: str, offset: int, length: int) -> bytes | None:
        """Return bytes of a file below the folder; None if there is none."""
        try:
            with self.path.joinpath(key).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def where(self, key: str) -> str:
        """Return its path."""
        return str(self.path / key)


class Bucket:
    """A bucket's prefix; credentials, region and endpoint come as boto3 finds them."""

    def __init__(self, url: str) -> None:
        try:
            import boto3
        except ImportError:
            raise ImportError(f"{url}: reading S3 takes boto3: pip install boto3") from None
        parts = urlsplit(url)
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        self.client = boto3.client("s3")

    def get(self, key: str) -> bytes | None:
        """Return an object below the prefix; None if there is none."""
        return self._read(key)

    def part(self, key: str, offset: int, length: int) -> bytes | None:
        """Return bytes of an object below the prefix, by one request; None if there is none."""
        return self._read(key, Range=f"bytes={offset}-{offset + length - 1}")

    def _read(self, key: str, **range: str) -> bytes | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self._key(key), **range)
        except self.client.exceptions.NoSuchKey:
            return None
        except self.client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "InvalidRange":  # the object ends before it
                return b""
            raise NotPublishedError(f"{self.where(key)}: {code}") from None
        return bytes(answer["Body"].read())

    def where(self, key: str) -> str:
        """Return its address."""
        return f"s3://{self.bucket}/{self._key(key)}"

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key


def open_root(root: str) -> Root:
    """Return the folder or bucket."""
    return Bucket(root) if root.startswith("s3://") else Folder(root)
