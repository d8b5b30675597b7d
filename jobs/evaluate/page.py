"""The night report as one self-contained HTML page. All that comes from data is escaped."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from jobs.evaluate.evaluation import below_floor
from jobs.evaluate.judgement import ALL, MAIN, Figure
from jobs.evaluate.night_facts import NightFacts
from jobs.evaluate.outcomes import STYLE as STYLE_OF_OUTCOMES
from jobs.evaluate.outcomes import drawn
from jobs.stage_record import StageRecord

# What of a table is listed one by one: a page that can be read.
MAX_LISTED = 100
BAR_WIDTH, ROW_HEIGHT = 360, 26
NUMBER = '<td class="n">'
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --dim: #6b7385; --line: #dfe3ec;
  --bar: #5b6ee1; --bad: #c8324a; --good: #2b8a5a; --page: #fbfbfd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf2; --dim: #98a0b5; --line: #303648;
  --bar: #8593f0; --bad: #f0728a; --good: #5cc294; --page: #161a24; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; }
h1 { font-weight: 600; margin-bottom: 0; } h2 { font-size: 1.05rem; margin-top: 2.4rem; }
.dim { color: var(--dim); } .bad { color: var(--bad); } .good { color: var(--good); }
table { border-collapse: collapse; margin-top: .6rem; }
td, th { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--dim); font-weight: 500; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
svg text { fill: var(--ink); font-size: 13px; } svg .dim { fill: var(--dim); }
svg rect { fill: var(--bar); } svg rect.bad { fill: var(--bad); }
"""


def page(facts: NightFacts) -> str:
    """Render the page."""
    title = f"Night of {facts.as_of}"
    sections = (
        _verdict(facts),
        _section("Stages", _bars(facts.records) + _stages(facts.records)),
        _section("What did not hold", _failed_expectations(facts.failed_expectations)),
        _section("Set aside", _set_aside(facts.set_aside)),
        _section("Landed files", _files(facts.files)),
        _section("Playlists", _strategies(facts.strategies) + _funnel(facts.funnel)),
        _section(
            f"What became of the lists of {facts.evaluated}",
            drawn(facts.outcomes) + _evaluation(facts.evaluation),
        ),
        _section("Data Docs", _links(facts.data_docs)),
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}{STYLE_OF_OUTCOMES}</style></head>\n<body><h1>{escape(title)}</h1>\n{''.join(sections)}</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}\n" if body else ""


def _verdict(facts: NightFacts) -> str:
    seconds = sum(record["seconds"] for record in facts.records)
    ran = f'<p class="dim">{len(facts.records)} stages ran, {seconds:.0f} s in all.</p>'
    notes = [
        f'<p class="bad">{_text(record["stage"])} {what}: {_text(said)}</p>'
        for what in ("failed", "was forced")
        for record in facts.records
        if (said := record["error"] if what == "failed" else record["force"])
    ]
    return ran + "".join(notes) + _published(facts)


def _published(facts: NightFacts) -> str:
    newest = _text(facts.published.get("publish_id"))
    if not newest:
        return "<p>Nothing has been published yet.</p>"
    if facts.published.get("as_of") == str(facts.as_of):
        return f'<p class="good">Published as {newest}, the newest.</p>'
    return f"<p>The newest published playlists are {newest}.</p>"


def _bars(records: Sequence[StageRecord]) -> str:
    """Seconds of each stage, drawn."""
    if not records:
        return '<p class="dim">No stage left a summary.</p>'
    longest = max(record["seconds"] for record in records) or 1.0
    rows = "".join(
        _bar(record, number * ROW_HEIGHT, BAR_WIDTH * record["seconds"] / longest)
        for number, record in enumerate(records)
    )
    height = len(records) * ROW_HEIGHT
    return f'<svg role="img" width="620" height="{height}" viewBox="0 0 620 {height}">{rows}</svg>'


def _bar(record: StageRecord, top: int, width: float) -> str:
    kind = ' class="bad"' if record["error"] else ""
    return (
        f'<text x="0" y="{top + 17}">{_text(record["stage"])}</text>'
        f'<rect{kind} x="140" y="{top + 5}" width="{max(width, 1):.1f}" height="16" rx="3"/>'
        f'<text class="dim" x="{width + 148:.1f}" y="{top + 17}">{record["seconds"]:.1f} s</text>'
    )


def _stages(records: Sequence[StageRecord]) -> str:
    return _table(
        ("stage", "rows in", "rows out", "rejected", "peak MiB", "details"),
        (
            (
                s["stage"],
                s["rows_in"],
                s["rows_out"],
                s["rows_rejected"],
                round(s["peak_memory_mb"]),
                _facts(s["details"]),
            )
            for s in records
        ),
    )


def _failed_expectations(failed_expectations: Sequence[dict[str, Any]]) -> str:
    if not failed_expectations:
        return '<p class="good">Every expectation that was checked held.</p>'
    return _table(
        ("severity", "table", "expectation", "observed", "threshold", "why it matters"),
        (
            (
                f["severity"],
                ".".join(filter(None, (f["table_name"], f["column_name"]))),
                f["expectation"],
                f["observed"],
                f["threshold"],
                f["reason"],
            )
            for f in failed_expectations
        ),
    )


def _set_aside(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return ""
    listed = (
        (row["user_id"] or "(unknown)", row["landing_file"], row["rule"], row["n_rows"], row["reason"],
         row["list_of"] or "none before")
        for row in rows[:MAX_LISTED]
    )  # fmt: skip
    header = ("listener", "own file", "rule", "rows", "why", "list that stays")
    return _table(header, listed) + _more(len(rows))


def _files(files: Sequence[dict[str, Any]]) -> str:
    if not files:
        return ""
    listed = (
        (str(file["landed_on"]), file["landing_file"], file["listener"], file["told"])
        for file in files[:MAX_LISTED]
    )
    return _table(("landed", "file", "of one listener", "what became of it"), listed) + _more(len(files))


def _more(n: int) -> str:
    return f'<p class="dim">And {n - MAX_LISTED:,} more.</p>' if n > MAX_LISTED else ""


def _strategies(strategies: dict[str, int]) -> str:
    total = sum(strategies.values())
    parts = [f"{n:,} {escape(name)} ({n / total:.0%})" for name, n in strategies.items()]
    return (
        f"<p>{total:,} tracks: {', '.join(parts)}.</p>"
        if parts
        else '<p class="dim">None were made.</p>'
    )


def _funnel(funnel: Sequence[dict[str, Any]]) -> str:
    if not funnel:
        return ""
    rows = ((f["filter"], round(f["n_before"], 1), round(f["n_after"], 1)) for f in funnel)
    return _table(("filter", "tracks before (mean)", "after (mean)"), rows)


def _evaluation(figures: Sequence[Figure]) -> str:
    """NDCG@10 of unheard tracks, by contender, and the slices below their floor."""
    if not figures:
        return ""
    rows = ((f.contender, f.n_listeners, *_rounded(f)) for f in figures if f.slice == ALL)
    header = ("", "listeners", f"{MAIN}", "95 % from", "to", "less published", "from", "to")
    below = "".join(
        f'<p class="bad">Below the floor of popularity: the slice “{_text(name)}”</p>'
        for name in below_floor(figures)
    )
    return _table(header, rows) + below


def _rounded(figure: Figure) -> Iterator[float | None]:
    for value in (
        figure.value, figure.low, figure.high,
        figure.difference, figure.difference_low, figure.difference_high,
    ):  # fmt: skip
        yield None if value is None else round(value, 4)


def _links(pages: dict[str, str]) -> str:
    items = (f'<li><a href="{escape(href)}">{_text(gate)}</a></li>' for gate, href in pages.items())
    return f"<ul>{''.join(items)}</ul>" if pages else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [cell.startswith(NUMBER) for cell in cells[0]] if cells else [False] * len(header)
    head = "".join(
        f"<th{' class=n' if number else ''}>{escape(name)}</th>"
        for name, number in zip(header, numeric, strict=True)
    )
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{NUMBER}{value:,}</td>"
    return f"<td>{_text(value)}</td>"


def _facts(details: dict[str, Any]) -> str:
    plain = {
        k: v
        for k, v in details.items()
        if isinstance(v, str | int | float) and k not in ("url", "data_docs")
    }
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plain.items())


def _text(value: Any) -> str:
    return "" if value is None else escape(str(value))
