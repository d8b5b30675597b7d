"""Data Docs of a gate, from a local folder into the store."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path

from jobs.store import ObjectStore
from jobs.validate.findings import GateFinding

# Great Expectations' own help films and fonts: 4 MB a night that nobody looks at.
LEFT_OUT = (".gif", ".otf")
# Pages of suites are not made (jobs.validate.runner), and what is elsewhere is not asked for.
TO_NOWHERE = re.compile(rb'<a href="(?:[^"]*/expectations/|https?:)[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
# Great Expectations' pages load styles, fonts, scripts and pictures from seven other hosts, which would
# learn who reads what; without the net they stay bare.
FROM_OTHERS = re.compile(
    rb"<script\b.*?</script>|<(?:link|img)\b[^>]*?\b(?:href|src)=[\"'](?:https?:)?//[^>]*>|"
    rb"<footer\b.*?</footer>",
    re.DOTALL | re.IGNORECASE,
)
SHEET = re.compile(rb"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
IN_A_SHEET = re.compile(rb"@import[^;]*;|\burl\(\s*[\"']?(?:https?:)?//[^)]*\)", re.IGNORECASE)
STYLE = """:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif;
max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; } li { margin: .4rem 0; }"""
# What their classes mean, in light and in dark; filters that need scripts are not shown.
PAGE_STYLE = """<style>:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 0 auto; padding: 1rem 1.5rem; }
body, .alert, .card, .bg-light, .navbar { background: Canvas; color: CanvasText; }
a { color: LinkText; } .row { display: block; } .collapse { display: block; }
.breadcrumb, .nav { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1rem; }
table { border-collapse: collapse; width: 100%; } .sticky > .card.mb-3, thead[hidden] { display: none; }
td, th { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
vertical-align: top; overflow-wrap: anywhere; }
.alert { border-left: 3px solid var(--line); padding: .3rem .8rem; margin: 1.5rem 0 .5rem; }
.text-success::before { content: "\\2713"; color: #2b8a5a; }
.text-danger::before, .text-warning::before { content: "\\2717"; color: #c8324a; }</style>"""


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


def self_contained(page: bytes) -> bytes:
    """Return the page without anything that is loaded from elsewhere, with a style of its own."""
    page = FROM_OTHERS.sub(b"", TO_NOWHERE.sub(rb"\1", page))
    page = SHEET.sub(lambda sheet: IN_A_SHEET.sub(b"", sheet[0]), page)
    return page.replace(b"</head>", PAGE_STYLE.encode() + b"</head>", 1)


def publish_docs(store: ObjectStore, site: Path, prefix: str) -> str:
    """Copy the site below the prefix, its first page last; returns the first page's URL."""
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix not in LEFT_OUT]
    for path in sorted(files, key=lambda path: (path.name == "index.html", path)):
        body = path.read_bytes()
        if path.suffix == ".html":
            body = self_contained(body)
        store.put(f"{prefix}/{path.relative_to(site).as_posix()}", body)
    return store.url(f"{prefix}/index.html")
