"""The four kinds of landing and the tables that each of them fills."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations import audio_features, feedback, listens, tracks
from expectations.rules import RowRule


@dataclass(frozen=True)
class Kind:
    """One kind: its rules, the table of everything that landed, and that of the latest word, if any.

    ``history`` is unique by ``key``; where that has the file, a word repeated in another file is one
    more word. ``newest_table`` keeps the newest row of each of its own keys. Rows of one key that differ
    only in ``merged`` columns are one row, told twice.
    """

    name: str
    rules: tuple[RowRule, ...]
    history: str
    key: tuple[str, ...]
    newest_table: str | None = None
    merged: tuple[str, ...] = ()

    @property
    def quarantine(self) -> str:
        """The table of its rejected rows."""
        return f"{self.name}_quarantine"

    @property
    def content(self) -> tuple[str, ...]:
        """The columns that make two rows with the same key the same row."""
        from jobs.ingest.contract import FIELDS

        names = [field.name for field in FIELDS[self.name] if field.name != "artist_id"]
        return tuple(name for name in names if name != "listen_id")


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "listens", listens.RULES, "listens", ("listen_id",),
            merged=("ms_played", "skipped", "source", "playlist_id", "private", "end_reason"),
        ),
        Kind("tracks", tracks.RULES, "tracks_history", ("track_id", "landing_file"), "tracks"),
        Kind(
            "audio_features", audio_features.RULES, "audio_features_history",
            ("track_id", "landing_file"), "audio_features",
        ),
        Kind(
            "feedback", feedback.RULES, "feedback_history", ("user_id", "kind", "target_id", "at"),
            "feedback",
        ),
    )
}  # fmt: skip


_BLANKABLE = ("listen_id", "source", "playlist_id", "end_reason")


def own_columns(kind: str) -> dict[str, Column]:
    """Columns of the kind's tables that its files do not name as such."""
    if kind == "listens":
        blank = {name: F.expr(f"nullif({name}, '')") for name in _BLANKABLE}
        return {**blank, "listened_on": F.to_date("listened_at")}
    if kind == "tracks":
        either = F.expr("coalesce(artist_ids, IF(artist_id IS NULL, NULL, array(artist_id)))")
        return {
            "artist_ids": either,
            "album": F.expr("nullif(album, '')"),
            "release_date": F.expr("nullif(release_date, '')"),
        }
    return {"source": F.lit("given")} if kind == "audio_features" else {}
