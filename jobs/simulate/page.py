"""The comparison of policies as one self-contained HTML page, and as text."""

from collections.abc import Iterator, Sequence
from html import escape
from math import isnan

from jobs.domain.arrays import Floats
from jobs.simulate.comparison import (
    FIGURES,
    Outcome,
    TownMean,
    differences,
    mean_by_night,
    table,
)

COLORS = ("#5b6ee1", "#2b8a5a", "#c8324a", "#b07a1e", "#7a4fb5", "#1f8fa8", "#8a8f9c")
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 240, 48, 24
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --line: #dfe3ec; --page: #fbfbfd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf2; --line: #303648; --page: #161a24; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 72rem; margin: 3rem auto; padding: 0 1.5rem; }
h1, h2 { font-weight: 600; } h2 { font-size: 1.05rem; margin-top: 2.4rem; }
table { border-collapse: collapse; } td, th { padding: .3rem .8rem .3rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line); text-align: right; font-variant-numeric: tabular-nums; }
td:first-child, th:first-child { text-align: left; }
svg text { fill: var(--ink); font-size: 12px; } svg line { stroke: var(--line); }
"""


def text_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Give the figures as lines of text, then the differences to the first policy."""
    for title, rows, sign in _tables(outcomes):
        yield title
        yield f"{'':10}" + "".join(f"{name:>26}" for name in FIGURES)
        for policy, of_policy in rows.items():
            yield f"{policy:10}" + "".join(f"{_told(of_policy[name], sign):>26}" for name in FIGURES)


def page(title: str, outcomes: Sequence[Outcome]) -> str:
    """Render the page: tables, courses by night, and shares beside curiosity where these differ."""
    policies = list(dict.fromkeys(one.policy for one in outcomes))
    drawn = [
        ("Share of reached tracks that is liked, by night", {
            name: mean_by_night([one.like_rate for one in outcomes if one.policy == name])
            for name in policies}),
        ("Share of the listeners who are here, by night", {
            name: mean_by_night([one.here for one in outcomes if one.policy == name])
            for name in policies}),
    ]  # fmt: skip
    tables = "".join(f"<h2>{escape(name)}</h2>{_table(rows, sign)}"
                     for name, rows, sign in _tables(outcomes))  # fmt: skip
    curves = "".join(f"<h2>{escape(name)}</h2>{_curves(lines)}" for name, lines in drawn)
    own = "".join(_shares(one) for one in outcomes if one.seed == outcomes[0].seed)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{tables}{curves}{own}"
        "</body></html>\n"
    )


def _tables(
    outcomes: Sequence[Outcome],
) -> Iterator[tuple[str, dict[str, dict[str, TownMean]], str]]:
    yield "Each policy, mean of the towns and 95 % interval", table(outcomes), ""
    less = differences(outcomes)
    if less:
        yield f"Less {outcomes[0].policy}, town by town", less, "+"


def _told(one: TownMean, sign: str) -> str:
    form = f"{sign}.3f" if abs(one.mean) < 2 else f"{sign}.1f"
    bounds = "" if isnan(one.low) else f" [{one.low:{form}}, {one.high:{form}}]"
    return "" if isnan(one.mean) else f"{one.mean:{form}}{bounds}"


def _table(rows: dict[str, dict[str, TownMean]], sign: str) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in FIGURES)
    body = "".join(
        f"<tr><td>{escape(policy)}</td>"
        + "".join(f"<td>{_told(of_policy[name], sign)}</td>" for name in FIGURES)
        + "</tr>"
        for policy, of_policy in rows.items()
    )
    return f"<table><tr><th></th>{head}</tr>{body}</table>"


def _curves(lines: dict[str, Floats]) -> str:
    """Draw a line a policy over the nights, from 0 to the greatest value."""
    top = max([0.0, *(float(value) for line in lines.values() for value in line if not isnan(value))])
    parts = [_axes(f"{top:.2f}", "0", "night")]
    for number, (name, line) in enumerate(lines.items()):
        color = COLORS[number % len(COLORS)]
        points = " ".join(
            f"{LEFT + WIDTH * night / max(len(line) - 1, 1):.1f},{HEIGHT * (1 - value / (top or 1)):.1f}"
            for night, value in enumerate(line)
            if not isnan(value)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        at = f'x="{LEFT + WIDTH + 12}" y="{16 + 18 * number}"'
        parts.append(f'<text {at} style="fill: {color}">{escape(name)}</text>')
    return _svg("".join(parts))


def _shares(one: Outcome) -> str:
    """Draw each listener's explore share beside their true curiosity, where shares differ."""
    if not one.share or max(one.share) - min(one.share) < 0.1:
        return ""
    reach = max(abs(value) for value in one.curiosity) or 1.0
    dots = "".join(
        f'<circle cx="{LEFT + WIDTH * (curiosity / reach + 1) / 2:.1f}" cy="{HEIGHT * (1 - share):.1f}"'
        f' r="2" fill="{COLORS[0]}" fill-opacity=".5"/>'
        for share, curiosity in zip(one.share, one.curiosity, strict=True)
    )
    title = f"{one.policy}: explore share of the last week beside true curiosity, town {one.seed}"
    return f"<h2>{escape(title)}</h2>{_svg(_axes('1', '0', 'curiosity') + dots)}"


def _axes(top: str, bottom: str, along: str) -> str:
    return (
        f'<line x1="{LEFT}" y1="{HEIGHT}" x2="{LEFT + WIDTH}" y2="{HEIGHT}"/>'
        f'<line x1="{LEFT}" y1="0" x2="{LEFT}" y2="{HEIGHT}"/>'
        f'<text x="4" y="12">{top}</text><text x="4" y="{HEIGHT}">{bottom}</text>'
        f'<text x="{LEFT + WIDTH / 2:.0f}" y="{HEIGHT + 18}">{along}</text>'
    )


def _svg(body: str) -> str:
    width, height = LEFT + WIDTH + 110, HEIGHT + BOTTOM
    return (
        f'<svg role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{body}</svg>'
    )
