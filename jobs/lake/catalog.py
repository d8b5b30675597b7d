"""Names, grain, keys, partitions and columns of every table. Standard library only.

Types are Spark SQL's: string, boolean, int, bigint, double, date, timestamp (UTC), array<…>.
"""

from dataclasses import dataclass

from expectations.audio_features import UNDETECTED
from jobs.lake.meanings import meaning
from models.features import FEATURES

LANDING_KINDS = ("listens", "tracks", "audio_features", "feedback")


@dataclass(frozen=True)
class Column:
    """One column; ``nullable`` columns are optional facts, all others are always there. ``meaning`` is
    its comment in Delta."""

    name: str
    type: str
    nullable: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """One Delta table.

    ``key`` names a row. ``partition`` is the column that one write replaces or prunes by, if any.
    ``bounded`` are the columns whose least and greatest value each file's entry tells; all if None.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    partition: str | None
    columns: tuple[Column, ...]
    bounded: tuple[str, ...] | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def columns_without(self, *names: str) -> tuple[Column, ...]:
        """Return the columns but those of these names, in order."""
        return tuple(column for column in self.columns if column.name not in names)


def _columns(table: str, text: str) -> tuple[Column, ...]:
    """Columns from ``name type`` pairs separated by commas; a ``?`` after the type means nullable."""
    parts = [part.split() for part in text.replace("\n", " ").split(",") if part.strip()]
    return tuple(
        Column(name, kind.rstrip("?"), kind.endswith("?"), meaning(table, name)) for name, kind in parts
    )


def _table(
    name: str, grain: str, key: str, partition: str | None, columns: str, bounded: str | None = None
) -> Table:
    names = tuple(bounded.split()) if bounded else None
    return Table(name, grain, tuple(key.split()), partition, _columns(name, columns), names)


_TRACK = """track_id string, title string, artist_ids array<string>, artist string, album string?,
    release_date string?, duration_ms bigint"""
_FEATURE_TYPES = dict.fromkeys(FEATURES, "double") | {
    "key": "int", "mode": "int", "duration_ms": "bigint", "time_signature": "int",
}  # fmt: skip
_FEATURES = "track_id string, " + ", ".join(
    f"{n} {t}{'?' * (n in UNDETECTED)}" for n, t in _FEATURE_TYPES.items()
)
_FEEDBACK = "user_id string, kind string, target_id string, at timestamp"
_LANDED = "landed_on date, landing_file string"
_LISTED = """as_of date, user_id string, rank int, track_id string, title string, artist string,
    score double, strategy string, reason_kind string, reason string, evidence string,
    model_version string?, play_order int?, playlist string?"""


def _quarantine(kind: str) -> Table:
    return _table(
        f"{kind}_quarantine", "one rejected row or file", "landing_file line", "landed_on",
        """landed_on date, landing_file string, line bigint?, raw binary?, rule string,
        reason string""",
    )  # fmt: skip


_ALL = (
    _table(
        "listens", "one listen, as landed", "listen_id", "listened_on",
        f"""listen_id string, user_id string, track_id string, listened_at timestamp,
        ms_played bigint, skipped boolean?, source string?, playlist_id string?,
        private boolean?, end_reason string?, listened_on date, {_LANDED}""",
        # Ids come in any order: their bounds spare no file and take a fifth of the writing.
        bounded="listened_at landed_on landing_file",
    ),
    _table("tracks", "one track, as last landed", "track_id", None,
           f"{_TRACK}, first_seen_on date, {_LANDED}, explicit boolean?"),
    _table("tracks_history", "one track as landed in a file",
           "track_id landed_on landing_file", "landed_on",
           f"{_TRACK}, {_LANDED}, explicit boolean?"),
    _table("audio_features", "one track, as last landed", "track_id", None,
           f"{_FEATURES}, source string, updated_on date, landing_file string"),
    _table("audio_features_history", "one track's features as landed in a file",
           "track_id landed_on landing_file", "landed_on", f"{_FEATURES}, source string, {_LANDED}"),
    _table("feedback", "one listener's latest feedback of a kind on a target", "user_id kind target_id",
           None, f"{_FEEDBACK}, {_LANDED}"),
    _table("feedback_history", "one feedback, as given", "user_id kind target_id at", "landed_on",
           f"{_FEEDBACK}, {_LANDED}"),
    *(_quarantine(kind) for kind in LANDING_KINDS),
    _table(
        "landing_files", "one landed file, as last ingested", "landing_file", None,
        """landing_file string, kind string, landed_on date, fingerprint string, source string,
        rows_read bigint, rows_accepted bigint, rows_quarantined bigint, rows_duplicate bigint,
        status string, reason string?, unknown_columns array<string>, rows_left_out bigint?,
        notes array<string>?, listener string?, rows_retold bigint?, rows_too_old bigint?,
        yielded_to array<string>?, forgotten array<string>?""",
    ),
    _table(
        "landed_plays", "plays heard by a landing day by source and bin of a feature of their track",
        "landed_on source feature bin", "landed_on",
        """landed_on date, source string, feature string, bin int, n_plays bigint,
        files string""",
    ),
    _table(
        "set_aside", "one rule that a listener's own upload of a night broke",
        "as_of user_id landing_file rule", "as_of",
        """as_of date, user_id string?, landing_file string, rule string, reason string,
        n_rows bigint, list_of date?""",
    ),
    _table(
        "ratings", "one listener's rating of a track on a night", "as_of user_id track_id", "as_of",
        """as_of date, user_id string, track_id string, rating double, n_plays int, n_skips int,
        last_listened_at timestamp?, first_listened_at timestamp?""",
    ),
    _table(
        "taste_profiles", "one of a listener's tastes on a night", "as_of user_id taste_no",
        "as_of",
        "as_of date, user_id string, taste_no int, weight double, n_tracks int, centroid array<double>",
    ),
    _table(
        "neighbors", "one neighbor of a listener on a night", "as_of user_id neighbor_id", "as_of",
        """as_of date, user_id string, neighbor_id string, pearson double, n_common int,
        similarity double, rank int, band string""",
    ),
    _table(
        "candidates", "one track that a listener may be recommended on a night", "as_of user_id rank",
        "as_of",
        """as_of date, user_id string, rank int, track_id string, score double, source string,
        because string?, model_version string?""",
    ),
    _table(
        "playlists_staged", "one track of one of a listener's playlists of a night, before its gate",
        "as_of user_id playlist rank", "as_of", _LISTED,
    ),
    _table(
        "playlists", "one track of one of a listener's playlists of a night",
        "as_of user_id playlist rank", "as_of", _LISTED,
    ),
    _table(
        "playlist_funnel", "what one filter left of a listener's candidates",
        "as_of user_id filter", "as_of",
        "as_of date, user_id string, step int, filter string, n_before int, n_after int",
    ),
    _table(
        "responses", "what a listener did with a track of a night's list, in the nights after",
        "as_of user_id playlist track_id", "as_of",
        """as_of date, user_id string, track_id string, rank int, strategy string, outcome string,
        first_played_at timestamp?, share_heard double?, n_plays int, n_skips int, n_starts int,
        first_skipped_at timestamp?, liked_at timestamp?, rejected_at timestamp?, n_from_list int?,
        playlist string?""",
    ),
    _table(
        "origins", "one listen that a list caused", "listen_id", "listened_on",
        """listened_on date, listen_id string, user_id string, track_id string, told_by string,
        list_of date""",
    ),
    _table(
        "evaluations", "one figure of one contender, of a night's lists by the days after",
        "as_of task slice contender metric", "as_of",
        """as_of date, n_days int, task string, slice string, contender string, metric string,
        n_listeners bigint, value double?, low double?, high double?, difference double?,
        difference_low double?, difference_high double?""",
    ),
    _table(
        "validation_results", "one expectation checked on a night",
        "as_of gate table_name expectation column_name", "as_of",
        """as_of date, gate string, table_name string, expectation string, column_name string,
        severity string, success boolean, n_rows bigint, n_unexpected bigint?, observed string?,
        threshold string?, reason string""",
    ),
    _table(
        "run_ledger", "one stage of a night, its last run", "as_of stage", "as_of",
        """as_of date, stage string, window_start date, window_end date, rows_in bigint,
        rows_out bigint, rows_rejected bigint, seconds double, peak_memory_mb double,
        table_versions string, details string, force string?, error string?""",
    ),
    _table(
        "model_versions", "the model that a night trained", "as_of model", "as_of",
        """as_of date, model string, version string, seed bigint, data_versions string,
        config string, metrics string, promoted boolean, reason string?""",
    ),
)  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _ALL}
