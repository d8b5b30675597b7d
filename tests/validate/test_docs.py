"""Data Docs as they are kept: what they look like without the net, and whom they ask."""

import re
from pathlib import Path

import great_expectations
import pytest

from jobs.validate.docs import publish_docs, self_contained
from jobs.validate.runner import open_context
from tests.store.recording import RecordingStore

TEMPLATES = Path(great_expectations.__file__).parent / "render" / "view" / "templates"
LOADS = re.compile(
    rb"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)=["'](?:https?:)?//|@import""", re.IGNORECASE
)


def test_its_style_sheet_asks_nobody_either():
    (path,) = TEMPLATES.parent.rglob("data_docs_default_styles.css")
    sheet = path.read_bytes()
    assert b"url('https://" in sheet
    kept = self_contained(b"<head><style>" + sheet + b"</style></head>")
    assert b"//" not in re.sub(rb"/\*.*?\*/", b"", kept, flags=re.DOTALL)


@pytest.mark.parametrize(
    "template", ["page.j2", "js_script_imports.j2", "top_navbar.j2", "cloud-footer.j2"]
)
def test_nothing_of_great_expectations_pages_is_loaded_from_elsewhere(template):
    page = (TEMPLATES / template).read_bytes()
    assert b"https://" in page
    kept = self_contained(page.replace(b"{{ static_images_dir }}", b"https://x.org/"))
    assert not LOADS.search(kept)
    assert b"<script" not in kept


PAGE = b"""<html><head>
<link rel="stylesheet"
  href="https://cdn.example/a.css"/><link rel="icon" href="../../static/favicon.ico"/>
<style>@import "//cdn.example/b.css"; td { background: url('https://cdn.example/x.png') red; }</style>
<script src="//cdn.example/a.js"></script><script>alert(1)
</script></head><body><img class="logo"
  src='https://cdn.example/logo.png' alt="x"><img src="../static/own.png">
<a href="https://example.org/buy">more</a> <a href="../../../index.html">Home</a>
<a href="../expectations/listens.html" id="x">suite</a>
<td>&lt;script src="https://evil.example"&gt;</td>
<td>a text of url(https://landed.example)</td>
<footer><p>Read our <a href="https://example.org/letter">letter</a></p></footer></body></html>"""


def test_what_is_our_own_stays_and_the_page_has_a_style_in_light_and_dark():
    kept = self_contained(PAGE)
    assert re.findall(rb"""(?:src|href)=["\'][^"\']*""", kept) == [
        b'href="../../static/favicon.ico',
        b'src="../static/own.png',
        b'href="../../../index.html',
        b'src="https://evil.example',  # a text that was landed, and shown as one
    ]
    assert b"more" in kept and b"suite" in kept and b"letter" not in kept
    assert b"<style> td { background:  red; }</style>" in kept
    assert b"a text of url(https://landed.example)" in kept
    head, _, _ = kept.partition(b"</head>")
    assert b"color-scheme: light dark" in head and b"alert(1)" not in kept


def test_the_first_page_is_put_last_and_pages_alone_are_made_self_contained(tmp_path):
    """Whoever finds it finds all that it links to."""
    site = tmp_path / "site"
    texts = {"index.html": PAGE, "a/z.html": PAGE, "static/style.css": b"td {}", "zoo.html": b"<p>"}
    texts |= {"static/font.otf": b"x", "static/logo.gif": b"x"}  # nobody asks for them
    for name, body in texts.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(body)
    store = RecordingStore()
    assert publish_docs(store, site, "docs/night") == "memory://docs/night/index.html"
    assert store.written() == [
        "docs/night/a/z.html", "docs/night/static/style.css", "docs/night/zoo.html",
        "docs/night/index.html",
    ]  # fmt: skip
    assert store.get("docs/night/static/style.css") == b"td {}"
    assert store.get("docs/night/a/z.html") == self_contained(PAGE)


def test_what_a_gate_prints_has_no_progress_bars(tmp_path):
    assert open_context(tmp_path).variables.progress_bars == {"globally": False}
