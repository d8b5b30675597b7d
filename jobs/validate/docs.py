"""Data Docs of a gate, from a local folder into the store."""

import mimetypes
from datetime import date
from pathlib import Path

from jobs.store import ObjectStore

# Great Expectations' own help films and fonts: 4 MB a night that nobody looks at.
LEFT_OUT = (".gif", ".otf")


def docs_prefix(as_of: date, gate: str) -> str:
    """Where in the store the site of a gate is; its first page is ``index.html``."""
    return f"reports/{as_of}/data_docs/{gate}"


def publish_docs(store: ObjectStore, site: Path, prefix: str) -> str:
    """Copy the site below the prefix, its first page last; returns the first page's URL."""
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix not in LEFT_OUT]
    for path in sorted(files, key=lambda path: (path.name == "index.html", path)):
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        store.put(f"{prefix}/{path.relative_to(site).as_posix()}", path.read_bytes(), kind)
    return store.url(f"{prefix}/index.html")
