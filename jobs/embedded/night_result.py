"""What a person is left with: one listener's playlist, the counts of the night, where everything is."""

from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from jobs.embedded.home import USER, AirflowHome
from jobs.errors import UsageError
from jobs.evaluate.night_facts import published
from jobs.lake.arrow import is_there, night_rows
from jobs.settings import Settings
from jobs.stage_record import read_record, record_key
from jobs.store import open_store

if TYPE_CHECKING:
    import pyarrow.dataset as ds

COLUMNS = ["rank", "title", "artist", "reason"]


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


def read_playlist(settings: Settings, user_id: str, night: date) -> list[dict[str, Any]]:
    """Read the listener's playlist by rank. UsageError if there is none."""
    import pyarrow.compute as pc

    rows = read_playlists(settings, night)
    tracks = rows.filter(pc.field("user_id") == user_id).to_table(COLUMNS).sort_by("rank").to_pylist()
    if not tracks:
        n = pc.count_distinct(rows.to_table(["user_id"])["user_id"]).as_py()
        raise UsageError(
            f"{user_id!r} has no playlist of {night}: of that night there are playlists of {n} listeners"
        )
    return list(tracks)


def show_playlist(console: Console, user_id: str, night: date, rows: list[dict[str, Any]]) -> None:
    """Print track, artist and why."""
    table = Table(title=f"{user_id} · {night}", title_justify="left", box=None, pad_edge=False)
    for name, options in (("", {"justify": "right"}), ("track", {}), ("artist", {}), ("why", {})):
        table.add_column(name, **options)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(str(row["rank"]), *(_plain(row[name]) for name in ("title", "artist", "reason")))
    console.print(table)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def example_listener(settings: Settings, night: date) -> str:
    """Return a listener to show: the first by name of those with the longest playlist."""
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


def places(settings: Settings, night: date, ui: str | None) -> list[tuple[str, str]]:
    """Return where tables, playlist files, Data Docs, the report and the UI are."""
    store = open_store(settings)
    manifest = published(store).get("manifest", "latest.json")
    docs = [k for k in store.list(f"reports/{night}/data_docs/") if k.count("/") == 4 and "index" in k]
    password = AirflowHome.of(settings).password_file
    return [
        ("tables", f"{settings.lake.root}/<table>"),
        ("playlists", store.url(f"playlists/{manifest}").removesuffix("/manifest.json")),
        ("night report", store.url(f"reports/{night}/index.html")),
        *(("Data Docs", store.url(key)) for key in docs),
        ("Airflow UI", f"{ui or 'make up'} (user {USER}, password in {password})"),
    ]


def show_result(console: Console, settings: Settings, night: date) -> None:
    """Print all of it."""
    user_id = example_listener(settings, night)
    console.print()
    show_playlist(console, user_id, night, read_playlist(settings, user_id, night))
    console.print(f"\n{night_counts(settings, night)}\n", markup=False, soft_wrap=True)
    for name, place in places(settings, night, None):
        console.print(f"{name:<13} {place}", markup=False, soft_wrap=True)  # to be copied
