"""Read one file as a worker does, without Spark."""

import json
from datetime import date
from pathlib import Path

from jobs.ingest.landing import Root, list_landing
from jobs.ingest.reading import read_file

DAY = date(2026, 6, 28)


def put(root: Path, kind: str, name: str, body: bytes) -> Path:
    """Lay a file into a landing folder."""
    path = root / kind / f"date={DAY}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def read(root: Path, kind: str, name: str, body: bytes, configured: str | None = None):
    """The rows of a file with these bytes, and its census."""
    put(root, kind, name, body)
    return read_landed(root, f"{kind}/date={DAY}/{name}", configured)


def read_landed(root: Path, name: str, configured: str | None = None):
    """The rows and the census of a file that is there."""
    (file,) = [file for file in list_landing(Root(str(root))).files if file.name == name]
    rows = [row for batch in read_file(Root(str(root)), file, configured) for row in batch.to_pylist()]
    return rows[:-1], json.loads(rows[-1]["census"])


def listen(**changes) -> dict:
    """A sound listen."""
    row = {
        "listen_id": "a-1", "user_id": "u", "track_id": "t", "ms_played": 1000,
        "listened_at": "2026-06-28T17:04:00+02:00", "skipped": False, "source": "library",
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not ...}


def json_lines(*rows: dict | bytes) -> bytes:
    """Rows, or lines as they are, as JSON lines."""
    return (
        b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows) + b"\n"
    )
