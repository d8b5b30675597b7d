"""Data Docs of a gate, from a local folder into the store."""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path

from jobs.store import ObjectStore
from jobs.validate.findings import GateFinding

# Great Expectations' own help films and fonts: 4 MB a night that nobody looks at.
LEFT_OUT = (".gif", ".otf")
# Pages of suites are not made (jobs.validate.runner).
TO_A_SUITE = re.compile(rb'<a href="[^"]*/expectations/[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
STYLE = """:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif;
max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; } li { margin: .4rem 0; }"""


def docs_prefix(as_of: date, gate: str) -> str:
    """Return where in the store the site of a gate is; its first page is ``index.html``."""
    return f"reports/{as_of}/data_docs/{gate}"


def write_first_page(site: Path, title: str, findings: Sequence[GateFinding]) -> None:
    """Write what did not hold, and links to the pages of results: readable where scripts may not run,
    which Great Expectations' own first page is not."""
    missed = [f"{found.severity}: {found.sentence()}" for found in findings if not found.success]
    pages = sorted(page.relative_to(site).as_posix() for page in site.glob("validations/**/*.html"))
    links = [f'<a href="{escape(page)}">{escape(page.split("/")[1])}</a>' for page in pages]
    (site / "index.html").write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        f"<p>{len(findings) - len(missed)} of {len(findings)} expectations hold.</p>\n"
        f"{_list(map(escape, missed))}<h2>All results</h2>\n{_list(links)}</body></html>\n"
    )


def _list(items: Iterable[str]) -> str:
    return "".join(["<ul>\n", *(f"<li>{item}</li>\n" for item in items), "</ul>\n"])


def publish_docs(store: ObjectStore, site: Path, prefix: str) -> str:
    """Copy the site below the prefix, its first page last; returns the first page's URL."""
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix not in LEFT_OUT]
    for path in sorted(files, key=lambda path: (path.name == "index.html", path)):
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        body = path.read_bytes()
        if path.suffix == ".html":
            body = TO_A_SUITE.sub(rb"\1", body)
        store.put(f"{prefix}/{path.relative_to(site).as_posix()}", body, kind)
    return store.url(f"{prefix}/index.html")
