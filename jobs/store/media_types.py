"""What an object is, by the ending of its key: for object storage, and for the browser of whoever reads
our pages. In every place the same: Python's own guesses follow the files of the system it runs on."""

from pathlib import PurePosixPath

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jspf": "application/json",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    "SHA256SUMS": "text/plain; charset=utf-8",
}


def media_type(key: str) -> str:
    """Return the media type of an object; what has no known ending is to be saved, not shown."""
    path = PurePosixPath(key)
    return TYPES.get(path.suffix or path.name, "application/octet-stream")
