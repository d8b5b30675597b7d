"""What a person is left with: one listener's playlist, the counts of the night, where everything is."""

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from jobs.domain.lists import DISCOVER, LISTS, list_of
from jobs.embedded.home import USER, AirflowHome
from jobs.errors import UsageError
from jobs.evaluate.night_facts import published
from jobs.lake.arrow import is_there, night_rows, table_rows
from jobs.settings import Settings
from jobs.stage_record import read_record, record_key
from jobs.store import open_store

if TYPE_CHECKING:
    import pyarrow.dataset as ds

# Of the last list a run shows these; the command that it prints shows all.
N_SHOWN = 10
N_NIGHTS_TOLD, N_NEAR = 5, 3
# Comparing an id with more of them takes longer than anybody waits.
MANY = 100_000


def published_night(settings: Settings) -> date:
    """Return the newest published night."""
    try:
        return date.fromisoformat(published(open_store(settings))["as_of"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"no playlists are published in {settings.store.root}: make a night first"
        ) from None


def read_playlists(settings: Settings, night: date) -> "ds.Dataset":
    """Return the night's rows of the playlists table, yet to be read: one a track of a listener."""
    if not is_there(settings, "playlists"):
        raise UsageError(f"there is no playlists table in {settings.lake.root}: make a night first")
    return night_rows(settings, "playlists", night)


def read_playlist(
    settings: Settings, user_id: str, night: date, name: str = DISCOVER
) -> list[dict[str, Any]]:
    """Read the listener's playlist of this name by rank. UsageError if there is none."""
    by_name = read_lists(settings, user_id, night)
    if name not in by_name:
        others = " and ".join(f"--list {other}" for other in by_name)
        raise UsageError(f"{user_id!r} has no list {name} of {night}, but one by {others}")
    return by_name[name]


def read_lists(settings: Settings, user_id: str, night: date) -> dict[str, list[dict[str, Any]]]:
    """Read the listener's lists by name, each by rank; discover first. UsageError if there are none."""
    import pyarrow.compute as pc

    theirs = read_playlists(settings, night).filter(pc.field("user_id") == user_id)
    rows = theirs.to_table().sort_by("rank").to_pylist()
    if not rows:
        raise UsageError(_why_none(settings, user_id, night))
    by_name = {name: [row for row in rows if list_of(row) == name] for name in LISTS}
    return {name: found for name, found in by_name.items() if found}


def _why_none(settings: Settings, user_id: str, night: date) -> str:
    """Say which nights there are, or which ids are near."""
    import pyarrow.compute as pc

    users = pc.unique(read_playlists(settings, night).to_table(["user_id"])["user_id"]).to_pylist()
    if users:
        near = get_close_matches(user_id, users if len(users) <= MANY else (), N_NEAR)
        named = f"; near: {', '.join(sorted(near))}" if near else ""
        n = "1 listener" if len(users) == 1 else f"{len(users):,} listeners"
        return f"{user_id!r} has no playlist of {night}, of which there are those of {n}{named}"
    days = pc.unique(table_rows(settings, "playlists").to_table(["as_of"])["as_of"]).to_pylist()
    newest = ", ".join(str(day) for day in sorted(days, reverse=True)[:N_NIGHTS_TOLD])
    return f"there are no playlists of {night}; the newest nights with some: {newest or 'none'}"


def show_playlist(
    console: Console, user_id: str, night: date, rows: Sequence[Mapping[str, Any]], name: str = DISCOVER
) -> None:
    """Print what list it is, and two lines a track: track and artist, and why; on a terminal cut to its
    width."""
    options: dict[str, Any] = {"markup": False, "soft_wrap": True}
    if console.is_terminal:
        options = {"markup": False, "no_wrap": True, "overflow": "ellipsis"}
    console.print(f"{user_id} · {name} · {night}", **options)
    for row in rows:
        console.print(f"{row['rank']:>2}  {row['title']} · {row['artist']}", **options)
        console.print(f"    {row['reason']}", style="dim", **options)


def typed(command: str, given: Mapping[str, str]) -> str:
    """Return the command as a person types it here, with what this one was ``given`` as options."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "nocturne" else "nocturne"
    if shutil.which("nocturne") == program:
        program = "nocturne"
    return with_settings(f"{program} {command}", given)


def with_settings(command: str, given: Mapping[str, str]) -> str:
    """Return the command with settings before it: without, it would be at work in another home."""
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in given.items()), command])


def example_listener(settings: Settings, night: date) -> str:
    """Return a listener to show: the first by name of those with the most tracks."""
    rows = read_playlists(settings, night).to_table(["user_id", "rank"])
    counts = rows.group_by("user_id").aggregate([("rank", "count")])
    ordered = counts.sort_by([("rank_count", "descending"), ("user_id", "ascending")])
    return str(ordered["user_id"][0].as_py())


def night_counts(settings: Settings, night: date) -> str:
    """Return one line on the night: landed rows, listeners, tracks by strategy."""
    rows = read_playlists(settings, night).to_table(["user_id", "strategy", "rank"])
    by_strategy = rows.group_by("strategy").aggregate([("rank", "count")]).sort_by("strategy")
    listeners = len(rows["user_id"].unique())
    shares = ", ".join(f"{row['rank_count']:,} {row['strategy']}" for row in by_strategy.to_pylist())
    landed = read_record(open_store(settings), record_key(night, "ingest"))
    n_landed, n_rejected = (landed["rows_in"], landed["rows_rejected"]) if landed else (0, 0)
    return (
        f"{night}: {n_landed:,} rows landed, {n_rejected:,} rejected; "
        f"playlists of {listeners:,} listeners, {rows.num_rows:,} tracks ({shares})"
    )


def places(settings: Settings, night: date, ui: str) -> list[tuple[str, str]]:
    """Return where tables, playlist files, Data Docs and the report are, and how one comes to the UI."""
    store = open_store(settings)
    manifest = published(store).get("manifest", "latest.json")
    docs = [k for k in store.list(f"reports/{night}/data_docs/") if k.count("/") == 4 and "index" in k]
    password = AirflowHome.of(settings).password_file
    return [
        ("tables", f"{settings.lake.root}/<table>"),
        ("playlists", store.url(f"playlists/{manifest}").removesuffix("/manifest.json")),
        ("night report", store.url(f"reports/{night}/index.html")),
        *(("Data Docs", store.url(key)) for key in docs),
        ("Airflow UI", f"{ui} (user {USER}, password in {password})"),
    ]


def show_result(
    console: Console, settings: Settings, night: date, given: Mapping[str, str] | None = None
) -> None:
    """Print all of it; ``given`` are the settings that came as options."""
    user_id = example_listener(settings, night)
    by_name = read_lists(settings, user_id, night)
    name, rows = next(iter(by_name.items()))
    console.print()
    show_playlist(console, user_id, night, rows[:N_SHOWN], name)
    command = typed(f"playlist {shlex.quote(user_id)} --date {night}", given or {})
    if len(rows) > N_SHOWN:
        console.print(f"    … all {len(rows)}: {command}", markup=False, soft_wrap=True)
    for name, others in list(by_name.items())[1:]:
        console.print(
            f"    {name}, {len(others)}: {command} --list {name}", markup=False, soft_wrap=True
        )
    console.print(f"\n{night_counts(settings, night)}\n", markup=False, soft_wrap=True)
    for name, place in places(settings, night, with_settings("make up", given or {})):
        console.print(f"{name:<13} {place}", markup=False, soft_wrap=True)  # to be copied
