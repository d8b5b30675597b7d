"""A list's cover: a map of how its tracks sound, drawn as SVG from their features alone."""

from collections.abc import Mapping
from typing import Any

from jobs.domain.sentences import day_in_words
from jobs.publish.documents import NAMES
from jobs.publish.playlists import Playlist

SIDE, MARGIN = 640, 90
# Degrees of the color circle: acoustic tracks are warm, electric ones cold.
COLD, WARM = 250, 30
LARGEST, LEAST, SMALLER_BY = 58.0, 14.0, 1.6
# Of a track without features: in the middle.
UNKNOWN = 0.5


def cover(playlist: Playlist) -> bytes:
    """Draw a circle a track: cheerful ones on the right, energetic ones above, acoustic ones warm, and
    the first of the list largest. The same rows give the same bytes."""
    rows = playlist.rows
    ground = round(COLD + (WARM - COLD) * sum(_of(row, "acousticness") for row in rows) / len(rows))
    # The first are drawn last: nothing covers them.
    circles = "".join(_circle(place, row) for place, row in reversed(list(enumerate(rows))))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img" '
        f'aria-label="{NAMES[playlist.name]}, {day_in_words(playlist.as_of)}">'
        f'<rect width="{SIDE}" height="{SIDE}" fill="hsl({ground},35%,14%)"/>{circles}'
        f'<g fill="#fff" font-family="sans-serif"><text x="32" y="{SIDE - 62}" font-size="52" '
        f'font-weight="bold">{NAMES[playlist.name]}</text>'
        f'<text x="34" y="{SIDE - 28}" font-size="24">{day_in_words(playlist.as_of)}</text></g></svg>\n'
    ).encode()


def _circle(place: int, row: Mapping[str, Any]) -> str:
    shares = _of(row, "valence"), 1 - _of(row, "energy")
    x, y = (round(MARGIN + (SIDE - 2 * MARGIN) * share) for share in shares)
    hue = COLD + (WARM - COLD) * _of(row, "acousticness")
    radius = max(LARGEST - SMALLER_BY * place, LEAST)
    color = f'fill="hsl({hue:.0f},70%,60%)" fill-opacity=".7"'
    return f'<circle cx="{x}" cy="{y}" r="{radius:.0f}" {color}/>'


def _of(row: Mapping[str, Any], feature: str) -> float:
    value = row.get(feature)
    return UNKNOWN if value is None else float(value)
