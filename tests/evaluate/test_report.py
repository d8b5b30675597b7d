import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.evaluate.night_facts import files, set_aside, strategies
from jobs.evaluate.stage import report
from jobs.lake.arrow import replace, table_rows
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.receipts import read_receipt, settings_digest
from jobs.stage import Night, run_stage
from jobs.stages import STAGES
from jobs.window import Window

AS_OF = date(2026, 6, 28)
HOSTILE = "<script>alert('x')</script> & \"co\""


@pytest.fixture
def night(settings) -> Night:
    return Night(Window.night(AS_OF), settings)


def summary(stage: str, **changes: object) -> dict[str, object]:
    return {
        "stage": stage,
        "window_start": "2026-06-28",
        "window_end": "2026-06-29",
        "as_of": "2026-06-28",
        "rows_in": 12345,
        "rows_out": 10,
        "rows_rejected": 2,
        "table_versions": {"listens": 3},
        "details": {"n_listeners": 7, "kinds": {"a": 1}},
        "seconds": 2.5,
        "peak_memory_mb": 812.5,
        "force": None,
        "error": None,
    } | changes


def leave(night: Night, *summaries: dict[str, object]) -> None:
    for one in summaries:
        night.store.put(f"ledger/{AS_OF}/{one['stage']}.json", json.dumps(one).encode())


def write(night: Night, name: str, rows: list[dict[str, object]]) -> None:
    path = f"{night.settings.lake.root}/{name}"
    write_deltalake(path, pa.Table.from_pylist(rows, arrow_schema(TABLES[name])), partition_by=["as_of"])


def page(night: Night) -> str:
    report(night)
    html = night.store.get(f"reports/{AS_OF}/index.html").decode()
    Balanced().feed(html)
    return html


class Balanced(HTMLParser):
    """Fails on a tag that is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def ledger(night: Night) -> list[dict[str, object]]:
    rows = table_rows(night.settings, "run_ledger").to_table().to_pylist()
    return sorted(rows, key=lambda row: row["stage"])


def test_summaries_become_the_ledger_once_however_often(night):
    leave(night, summary("recommend"), summary("ingest", force="late files", seconds=1))
    report(night)
    report(night)
    ingest, recommend = ledger(night)
    assert (ingest["stage"], ingest["force"], ingest["seconds"]) == ("ingest", "late files", 1.0)
    assert json.loads(recommend["details"]) == {"n_listeners": 7, "kinds": {"a": 1}}
    assert (recommend["rows_in"], recommend["window_end"]) == (12345, date(2026, 6, 29))


def test_stages_are_told_in_the_order_of_the_night_with_their_seconds(night):
    leave(night, summary("publish", seconds=1.0), summary("ingest", seconds=4.0), summary("zebra"))
    html = page(night)
    assert re.findall(r'<text x="0"[^>]*>(\w+)<', html) == ["ingest", "publish", "zebra"]
    assert re.findall(r'<rect[^>]*width="([\d.]+)"', html) == ["360.0", "90.0", "225.0"]
    assert "12,345" in html


def test_a_night_whose_stages_failed_is_told_too(night):
    with pytest.raises(ZeroDivisionError):
        run_stage("ingest", lambda _: 1 / 0, night)
    html = page(night)
    assert "ingest failed: division by zero" in html
    assert "Nothing has been published yet." in html
    assert night.summary.details["failed"] == ["ingest"]
    assert ledger(night)[0]["error"] == "division by zero"


def test_a_night_without_any_stage_has_a_report(night):
    assert "No stage left a summary." in page(night)
    assert not Path(night.settings.lake.root, "run_ledger").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff", b'{"stage": "recommend"}',
        json.dumps(summary("recommend")).encode()[:-40],
        json.dumps(summary("recommend", rows_in="many")).encode(),
        json.dumps(summary("recommend", window_start="yesterday")).encode(),
        json.dumps(summary("recommend", details=None)).encode(),
    ],
)  # fmt: skip
def test_what_is_half_written_or_no_record_is_left_out(night, body):
    leave(night, summary("ingest"))
    night.store.put(f"ledger/{AS_OF}/recommend.json", body)
    assert "1 stages ran" in page(night)
    assert [row["stage"] for row in ledger(night)] == ["ingest"]


def test_the_record_of_the_report_before_is_left_out(night):
    leave(night, summary("ingest"), summary("report"))
    report(night)
    assert [row["stage"] for row in ledger(night)] == ["ingest"]


def test_a_record_becomes_a_row_field_by_field(night):
    leave(night, summary("ingest", rows_in=5, rows_out=3, rows_rejected=2, seconds=1.5, force="by Ada"))
    report(night)
    assert ledger(night) == [
        {
            "as_of": AS_OF, "stage": "ingest", "window_start": date(2026, 6, 28),
            "window_end": date(2026, 6, 29), "rows_in": 5, "rows_out": 3, "rows_rejected": 2,
            "seconds": 1.5, "peak_memory_mb": 812.5, "table_versions": '{"listens": 3}',
            "details": '{"kinds": {"a": 1}, "n_listeners": 7}', "force": "by Ada", "error": None,
        }
    ]  # fmt: skip


def test_findings_funnel_and_strategies_are_shown(night):
    result = {
        "as_of": AS_OF, "gate": "inputs", "table_name": "listens", "expectation": "volume",
        "column_name": "", "severity": "warning", "success": False, "n_rows": 5, "n_unexpected": 1,
        "observed": "z = 9", "threshold": "|z| < 4", "reason": HOSTILE,
    }  # fmt: skip
    held = result | {"expectation": "kept", "success": True}
    write(night, "validation_results", [result, held])
    step = {"as_of": AS_OF, "step": 1, "filter": "heard", "n_before": 10, "n_after": 8}
    write(night, "playlist_funnel", [step | {"user_id": "a"}, step | {"user_id": "b", "n_after": 5}])
    track = dict.fromkeys(("title", "artist", "reason_kind", "reason", "evidence"), "x")
    tracks = [("a", 1, "exploit"), ("a", 2, "explore"), ("b", 1, "exploit"), ("b", 2, "exploit")]
    rows = [
        track | {"as_of": AS_OF, "user_id": u, "rank": r, "track_id": "t", "score": 1.0, "strategy": s}
        for u, r, s in tracks
    ]
    write(night, "playlists_staged", rows)
    html = page(night)
    assert "z = 9" in html
    assert "kept" not in html
    assert '<td>heard</td><td class="n">10.0</td><td class="n">6.5</td>' in html
    assert "4 tracks: 3 exploit (75%), 1 explore (25%)." in html


def test_strategies_of_a_night_without_staged_lists_are_those_of_its_public_ones(night):
    track = dict.fromkeys(("title", "artist", "reason_kind", "reason", "evidence"), "x")
    rows = [
        track
        | {"as_of": day, "user_id": "a", "rank": rank, "track_id": "t", "score": 1.0, "strategy": name}
        for day, names in ((AS_OF, ["popular"]), (AS_OF - timedelta(days=1), ["exploit", "explore"]))
        for rank, name in enumerate(names, 1)
    ]
    write(night, "playlists", rows)
    assert strategies(night.settings, AS_OF) == {"popular": 1}
    staged = [row | {"strategy": "blend", "as_of": AS_OF - timedelta(days=1)} for row in rows[1:]]
    write(night, "playlists_staged", staged)
    assert strategies(night.settings, AS_OF) == {"popular": 1}
    assert strategies(night.settings, AS_OF - timedelta(days=1)) == {"blend": 2}


def test_whatever_data_say_is_escaped(night):
    leave(
        night,
        summary("ingest", error=HOSTILE, force=HOSTILE, details={HOSTILE: HOSTILE}),
        summary(HOSTILE.replace("/", "")),
    )
    html = page(night)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ({"as_of": "2026-06-28", "publish_id": "p1"}, "Published as p1, the newest."),
        ({"as_of": "2026-06-27", "publish_id": "p0"}, "The newest published playlists are p0."),
        ("not an object", "Nothing has been published yet."),
    ],
)
def test_what_is_published_is_said(night, pointer, said):
    night.store.put("playlists/latest.json", json.dumps(pointer).encode())
    assert said in page(night)


def test_data_docs_are_linked(night):
    for key in ("data_docs/inputs/index.html", "data_docs/inputs/expectations/index.html"):
        night.store.put(f"reports/{AS_OF}/{key}", b"")
    assert re.findall(r'<a href="([^"]+)">', page(night)) == ["data_docs/inputs/index.html"]


def landed(name: str, day: date = AS_OF, **changes: object) -> dict[str, object]:
    counts = dict.fromkeys(("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate"), 9)
    return {
        "landing_file": name, "kind": "listens", "landed_on": day, "fingerprint": "f", "source": "s",
        "status": "ingested", "unknown_columns": [], "notes": [], **counts, "rows_quarantined": 0,
    } | changes  # fmt: skip


def test_what_no_list_is_made_of_is_told_for_a_week_and_a_refused_file_while_it_is_missing(night):
    days = {n: AS_OF - timedelta(days=n) for n in (-1, 0, 6, 7, 364, 365)}
    note, missing = {"notes": ["3 records left out"]}, {"status": "refused", "reason": "cut: off"}
    rows = [
        landed("quiet"), landed("b", listener=HOSTILE, rows_quarantined=2, **note), landed("a", **note),
        landed("week", days[6], **note), landed("older", days[7], **note),
        landed("lost", days[364], **missing), landed("beyond", days[365], **missing),
        landed("tomorrow", days[-1], **missing),
    ]  # fmt: skip
    replace(night.settings, "landing_files", rows, "true")
    assert [(row["landing_file"], row["told"]) for row in files(night.settings, AS_OF)] == [
        ("a", "3 records left out"),
        ("b", "2 of 9 rows quarantined; 3 records left out"),
        ("week", "3 records left out"),
        ("lost", "refused: cut: off"),
    ]
    html = page(night)
    assert "<h2>Landed files</h2>" in html and "refused: cut: off" in html
    assert "&lt;script&gt;" in html and "<script" not in html


def test_who_is_set_aside_is_told_with_file_rule_and_the_list_that_stays(night):
    row = {"as_of": AS_OF, "user_id": "bob", "landing_file": "b.csv", "rule": "old", "reason": HOSTILE,
           "n_rows": 1_234, "list_of": date(2026, 6, 27)}  # fmt: skip
    others = [
        row | {"user_id": None, "landing_file": "a.csv", "list_of": None},
        row | {"user_id": "ann"},
        row | {"as_of": date(2026, 6, 27), "user_id": "yesterday"},
    ]
    write(night, "set_aside", [row, *others])
    assert [one["user_id"] for one in set_aside(night.settings, AS_OF)] == [None, "ann", "bob"]
    html = page(night)
    assert "<h2>Set aside</h2>" in html and "yesterday" not in html and "<script" not in html
    assert "<td>bob</td><td>b.csv</td><td>old</td>" in html and ">1,234</td>" in html
    assert "<td>2026-06-27</td>" in html and "<td>none before</td>" in html
    assert "<td>(unknown)</td><td>a.csv</td>" in html


def test_what_became_of_the_tracks_of_a_week_ago_is_drawn_by_strategy(night):
    """Of five explored tracks four were reached, no popular one. Parts are as wide as shares."""
    told = ["not_reached", "liked", "skipped", "skipped", "blocked"]
    rows = [
        {"as_of": AS_OF - timedelta(days=7), "user_id": "a", "track_id": f"t{n}", "rank": n,
         "outcome": one, "strategy": strategy, "n_plays": 0, "n_skips": 0, "n_starts": 0}
        for n, (strategy, one) in enumerate(
            [*(("<explore>", one) for one in told), ("popular", "not_reached")])
    ]  # fmt: skip
    write(night, "responses", [*rows, rows[1] | {"as_of": AS_OF - timedelta(days=6)}])
    html = page(night)
    assert "What became of the lists of 2026-06-21" in html
    assert "&lt;explore&gt;" in html and "4 of 5 tracks reached (80.0%)" in html
    assert 'viewBox="0 0 760 52"' in html  # the legend and one bar, 26 high each
    drawn = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="31" width="([\d.]+)"', html)
    assert drawn == [
        ("liked", "140.0", "90.0"),
        ("skipped", "230.0", "180.0"),
        ("blocked", "410.0", "90.0"),
    ]
    assert "popular" not in html


def test_of_many_the_first_hundred_are_listed(night):
    replace(
        night.settings, "landing_files", [landed(f"f{n:03}", notes=["x"]) for n in range(102)], "true"
    )
    html = page(night)
    assert "<td>f099</td>" in html and "f100" not in html and "And 2 more." in html
    assert "Set aside" not in html


def test_the_report_of_a_whole_night_leaves_its_receipt_however_it_ran(night):
    inputs = {"settings": settings_digest(night.settings), "files": "f"}
    details = {"ingest": {"made_of": inputs}}
    leave(night, *(summary(spec.name, details=details.get(spec.name, {})) for spec in STAGES))
    report(night)
    assert read_receipt(night.store, AS_OF) == inputs
    leave(night, summary("publish", error="no space"))
    report(night)
    assert read_receipt(night.store, AS_OF) is None
