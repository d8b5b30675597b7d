"""Listeners whose own upload of the night is not to be believed: who they are, why, and what they keep.

They cost nobody else anything. The list of their last night stays; who never had one gets tonight's, of
what there is. What was read of such a file stays in the tables: from the next night on it counts like
any other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pyarrow.compute as pc

from expectations.landing_files import FILE_REFUSED
from jobs.lake.arrow import night_rows, open_table, replace_night
from jobs.settings import GateSettings, Settings
from jobs.stage import Night
from jobs.validate.inputs.files import N_NAMED, JudgedFile, RuleCount

TABLE = "set_aside"


@dataclass(frozen=True)
class SetAside:
    """One rule that a file of a listener's broke: a row of set_aside without its night.

    ``user_id`` is null where nothing tells whose file it is. ``n_rows`` are the rows that the rule took,
    0 for a refused file, which was not read. ``list_of`` is the night whose list stays, null for none.
    """

    user_id: str | None
    landing_file: str
    rule: str
    reason: str
    n_rows: int
    list_of: date | None = None


@dataclass(frozen=True)
class AsideCount:
    """How many listeners are set aside and how many may be; ``told`` names some, with file and rule."""

    n_set_aside: int
    n_allowed: int
    told: str


def set_aside(files: Iterable[JudgedFile], rules: Mapping[str, Sequence[RuleCount]]) -> list[SetAside]:
    """Return a row for each rule that took rows of a faulty file of a listener's own."""
    found = []
    for file in files:
        if file.own and file.fault:
            n_rows = 0 if file.fault == FILE_REFUSED else file.n_quarantined
            untold = [RuleCount(file.fault, n_rows, file.told)]
            for count in rules.get(file.landing_file) or untold:
                n_taken = 0 if file.fault == FILE_REFUSED else count.n_rows
                found.append(
                    SetAside(file.listener, file.landing_file, count.rule, count.reason, n_taken)
                )
    return found


def count_aside(
    rows: Sequence[SetAside], settings: GateSettings, n_listeners: Callable[[], int]
) -> AsideCount:
    """Count the listeners (one for each file that nothing tells the owner of) against those who may be
    set aside: a handful, or a share of the night's ``n_listeners``, asked for only beyond that."""
    whose = {(row.user_id, row.user_id or row.landing_file) for row in rows}
    allowed = settings.set_aside_few
    if len(whose) > allowed:
        allowed = max(allowed, int(settings.set_aside_share * n_listeners()))
    return AsideCount(len(whose), allowed, _told(rows, len(whose), allowed))


def keep_set_aside(night: Night, rows: Sequence[SetAside]) -> list[SetAside]:
    """Write the night's rows of set_aside, with the nights whose lists stay, in the place of those of an
    earlier run; returns them."""
    users = {row.user_id for row in rows if row.user_id is not None}
    kept = last_lists(night.settings, users, night.window.as_of)
    found = [SetAside(**asdict(row) | {"list_of": kept.get(row.user_id or "")}) for row in rows]
    if found or open_table(night.settings, TABLE) is not None:
        as_of = night.window.as_of
        replace_night(night.settings, TABLE, [{"as_of": as_of, **asdict(row)} for row in found], as_of)
    return found


def last_lists(settings: Settings, users: set[str], night: date) -> dict[str, date]:
    """Return the newest night before this one, within the lookback, on which each of the users had a
    playlist; without those who had none."""
    table = open_table(settings, "playlists")
    if not users or table is None:
        return {}
    since = night - timedelta(days=settings.lake.lookback_days)
    nights = {date.fromisoformat(str(part["as_of"])) for part in table.partitions()}
    found: dict[str, date] = {}
    for day in sorted((day for day in nights if since <= day < night), reverse=True):
        wanted = pc.field("user_id").isin(sorted(users - found.keys()))
        rows = night_rows(settings, "playlists", day).to_table(columns=["user_id"], filter=wanted)
        found |= dict.fromkeys(pc.unique(rows["user_id"]).to_pylist(), day)
        if found.keys() == users:
            break
    return found


def sentence(row: SetAside) -> str:
    """Return one line for a person: who, which file, by which rule, and which list stays."""
    who = row.user_id or "an unknown listener"
    n_rows = f" ({row.n_rows:,} rows)" if row.n_rows else ""
    fate = f"the list of {row.list_of} stays" if row.list_of else "there is no earlier list to keep"
    return f"{who} is set aside for {row.landing_file}: {row.rule}{n_rows}: {row.reason}; {fate}"


def _told(rows: Sequence[SetAside], n: int, allowed: int) -> str:
    named: dict[str, str] = {}
    for row in rows:
        named.setdefault(row.user_id or row.landing_file, f"{row.landing_file}: {row.rule}")
    some = "; ".join(f"{who} ({why})" for who, why in sorted(named.items())[:N_NAMED])
    return f"{n:,} listeners set aside, {allowed:,} may be{f': {some}' if some else ''}"
