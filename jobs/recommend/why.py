"""Why a track is on a listener's list of a night, or what kept it from there: for ``nocturne why``.

The same questions in the same order as the funnel (docs/playlists.md), asked of one track.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from jobs.domain.feedback import LIKE, REJECTIONS
from jobs.domain.lists import DISCOVER, list_of
from jobs.errors import UsageError
from jobs.lake.arrow import night_rows, table_rows
from jobs.recommend.tracks import Tracks, located, read_tracks
from jobs.settings import Settings
from jobs.window import Window

N_NAMED = 5
Row = Mapping[str, Any]


def why(
    settings: Settings, user_id: str, wanted: str, window: Window, lists: Mapping[str, Sequence[Row]]
) -> str:
    """Say it in one sentence; ``wanted`` is a track's id or its title, ``lists`` the listener's rows of
    ``playlists`` by the list's name. UsageError for a track that the night's catalog does not have, or
    has several of."""
    tracks = read_tracks(settings, window)
    position = _position(wanted, tracks)
    name = f"“{tracks.titles[position]}” by {tracks.artists[position]} ({tracks.ids[position]})"
    night = _Night(settings, user_id, window, tracks, lists)
    return f"{name}: {next(filter(None, (question(night, position) for question in QUESTIONS)))}"


def _position(wanted: str, tracks: Tracks) -> int:
    if wanted in tracks.ids:
        return tracks.ids.index(wanted)
    named = [n for n, title in enumerate(tracks.titles) if title.casefold() == wanted.casefold()]
    if len(named) == 1:
        return named[0]
    if not named:
        raise UsageError(f"the night's catalog has no track with the id or the title {wanted!r}")
    some = ", ".join(f"{tracks.ids[n]} by {tracks.artists[n]}" for n in named[:N_NAMED])
    raise UsageError(f"{len(named)} tracks have the title {wanted!r}, name one by its id: {some}")


class _Night:
    """What a night knew of one listener, as tracks' positions."""

    def __init__(
        self,
        settings: Settings,
        user_id: str,
        window: Window,
        tracks: Tracks,
        lists: Mapping[str, Sequence[Row]],
    ) -> None:
        self.settings, self.user_id, self.window = settings, user_id, window
        self.tracks, self.lists, self.listed = tracks, lists, lists.get(DISCOVER, ())

    def rows(self, table: str) -> Iterator[Row]:
        """Give the listener's rows of a table that had landed by the night's end."""
        landed = ds.field("landed_on") < self.window.end
        yield from table_rows(self.settings, table).to_table(filter=landed & self._theirs).to_pylist()

    @cached_property
    def feedback(self) -> list[Row]:
        """What the listener said of tracks and artists."""
        return list(self.rows("feedback_history"))

    def rows_of(self, table: str, nights_ago: int = 0) -> list[Row]:
        """Return the listener's rows of a table of this night, or of an earlier one."""
        as_of = self.window.as_of - timedelta(days=nights_ago)
        found: list[Row] = (
            night_rows(self.settings, table, as_of).filter(self._theirs).to_table().to_pylist()
        )
        return found

    def version(self, rows: Sequence[Row], column: str, position: int) -> Row | None:
        """Return the first of the rows whose track is this one or another version of its song."""
        places = located(pa.array([row[column] for row in rows], pa.string()), self.tracks)
        same = (places >= 0) & (self.tracks.song[places] == self.tracks.song[position])
        return rows[int(same.argmax())] if same.any() else None

    @property
    def _theirs(self) -> ds.Expression:
        return ds.field("user_id") == self.user_id


def _on_list(night: _Night, position: int) -> str | None:
    found = [
        f"number {row['rank']} of the list {name}, as {row['strategy']}. {row['reason']}"
        for name, rows in night.lists.items()
        for row in rows
        if row["track_id"] == night.tracks.ids[position]
    ]
    return " Also ".join(found) or None


def _heard(night: _Night, position: int) -> str | None:
    listens = sorted(night.rows("listens"), key=lambda row: row["listened_at"])
    listen = night.version(listens, "track_id", position)
    if listen:
        return f"heard on {listen['listened_on']}{_other(listen['track_id'], night, position)}."
    likes = [row for row in night.feedback if row["kind"] == LIKE]
    like = night.version(likes, "target_id", position)
    return (
        f"liked on {like['at']:%Y-%m-%d}{_other(like['target_id'], night, position)}." if like else None
    )


def _blocked(night: _Night, position: int) -> str | None:
    said = night.feedback
    row = night.version([row for row in said if row["kind"] in REJECTIONS], "target_id", position)
    if row:
        return f"turned down by {row['kind']}{_other(row['target_id'], night, position)}."
    artists = {night.tracks.artist_ids[artist] for artist in night.tracks.artists_of(position)}
    blocked = artists & {row["target_id"] for row in said if row["kind"] == "block_artist"}
    return f"its artist {min(blocked)} is blocked." if blocked else None


def _rested(night: _Night, position: int) -> str | None:
    for ago in range(1, night.settings.recommend.rest_nights + 1):
        offered = [row for row in night.rows_of("playlists", ago) if list_of(row) == DISCOVER]
        row = night.version(offered, "track_id", position)
        if row:
            return f"offered on {row['as_of']}, as number {row['rank']}: it rests for some nights."
    return None


def _beaten(night: _Night, position: int) -> str | None:
    """By the rules of the list, or by better candidates."""
    version = night.version(night.listed, "track_id", position)
    if version:
        return f"another version of it is number {version['rank']} of the list ({version['track_id']})."
    artists, cap = night.tracks.artists_of(position), night.settings.recommend.artist_cap
    places = located(pa.array([row["track_id"] for row in night.listed], pa.string()), night.tracks)
    for artist in artists.tolist():
        n = sum(artist in night.tracks.artists_of(place) for place in places[places >= 0])
        if n >= cap:
            return f"the list has {n} tracks of {night.tracks.artist_names[artist]} already."
    return None


def _candidate(night: _Night, position: int) -> str:
    ranked = [
        row for row in night.rows_of("candidates") if row["track_id"] == night.tracks.ids[position]
    ]
    if not ranked:
        n = night.settings.rank.n_candidates
        return f"not among their {n} best candidates, and not drawn by its sound."
    row = ranked[0]
    return (
        f"candidate number {row['rank']} (by {row['source']}, chance to be played {row['score']:.4f}): "
        "others were likelier to be played and liked."
    )


def _other(track_id: str, night: _Night, position: int) -> str:
    """Name the version that was meant, if it is another one."""
    same = track_id == night.tracks.ids[position]
    return "" if same else f" in another version ({track_id})"


QUESTIONS: Sequence[Callable[[_Night, int], str | None]] = (
    _on_list, _heard, _blocked, _rested, _beaten, _candidate,
)  # fmt: skip
