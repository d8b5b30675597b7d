"""What became of the tracks of a night's lists: table ``responses``, counted and drawn."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from html import escape

import pyarrow as pa

from jobs.domain.responses import NOT_REACHED, OUTCOMES
from jobs.lake.arrow import night_rows
from jobs.settings import Settings

Outcomes = Mapping[str, Mapping[str, int]]
WIDTH, ROW_HEIGHT, LEFT = 360, 26, 140
# From what speaks for a track to what speaks against it.
DRAWN = ("liked", "repeated", "played", "started", "skipped", "disliked", "blocked")
STYLE = """
svg .liked { fill: #1f7a4d; } svg .repeated { fill: #49a877; } svg .played { fill: #93d0b0; }
svg .started { fill: #9aa3b8; } svg .skipped { fill: #eab37d; } svg .disliked { fill: #d9714f; }
svg .blocked { fill: #b3263e; }
"""


def outcomes(settings: Settings, night: date) -> dict[str, dict[str, int]]:
    """Count the tracks of the night's lists by strategy (in order of their names) and outcome; empty
    without lists."""
    counts: Counter[tuple[str, str]] = Counter()
    for batch in night_rows(settings, "responses", night).to_batches(columns=["strategy", "outcome"]):
        pairs = (
            pa.Table.from_batches([batch])
            .group_by(["strategy", "outcome"])
            .aggregate([([], "count_all")])
        )
        for row in pairs.to_pylist():
            counts[row["strategy"], row["outcome"]] += row["count_all"]
    strategies = sorted({strategy for strategy, _ in counts})
    return {name: {outcome: counts[name, outcome] for outcome in OUTCOMES} for name in strategies}


def drawn(found: Outcomes) -> str:
    """Draw one bar a strategy: the outcomes of the tracks that were reached, and how many were; a legend
    above. Empty where nothing was."""
    rows = [(name, of_tracks) for name, of_tracks in found.items() if _reached(of_tracks)]
    if not rows:
        return ""
    height = (len(rows) + 1) * ROW_HEIGHT
    bars = "".join(_bar(name, of, (place + 1) * ROW_HEIGHT) for place, (name, of) in enumerate(rows))
    size = f'width="760" height="{height}" viewBox="0 0 760 {height}"'
    return f'<svg role="img" {size}>{_legend()}{bars}</svg>'


def _reached(of_tracks: Mapping[str, int]) -> int:
    return sum(of_tracks.values()) - of_tracks[NOT_REACHED]


def _legend() -> str:
    return "".join(
        f'<rect class="{outcome}" x="{LEFT + 80 * place}" y="7" width="12" height="12" rx="3"/>'
        f'<text class="dim" x="{LEFT + 80 * place + 17}" y="18">{outcome}</text>'
        for place, outcome in enumerate(DRAWN)
    )


def _bar(name: str, of_tracks: Mapping[str, int], top: int) -> str:
    n, total = _reached(of_tracks), sum(of_tracks.values())
    parts = "".join(
        f'<rect class="{outcome}" x="{x:.1f}" y="{top + 5}" width="{width:.1f}" height="16">'
        f"<title>{of_tracks[outcome]:,} {outcome}</title></rect>"
        for outcome, x, width in _parts(of_tracks, WIDTH / n)
    )
    told = f"{n:,} of {total:,} tracks reached ({n / total:.1%})"
    return (
        f'<text x="0" y="{top + 17}">{escape(name)}</text>{parts}'
        f'<text class="dim" x="{LEFT + WIDTH + 8}" y="{top + 17}">{told}</text>'
    )


def _parts(of_tracks: Mapping[str, int], scale: float) -> Iterator[tuple[str, float, float]]:
    """Outcome, left end and width of each part."""
    x = float(LEFT)
    for outcome in DRAWN:
        if of_tracks[outcome]:
            yield outcome, x, of_tracks[outcome] * scale
            x += of_tracks[outcome] * scale
