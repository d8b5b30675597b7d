"""Responses: what listeners did with recommended tracks in the nights after a list.

A list is there from the end of its night on. What counts is what landed within ``nights`` nights after
it: so a row depends on what has landed alone, and not on the order in which nights are run. A listen
counts as ``jobs.domain.listening`` says, with its track's duration as known when it landed; private ones
and those taken back ("that was not me") do not.
"""

from datetime import date

import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.domain.feedback import EXCLUDE, LIKE, NEVER, VERDICTS, is_liked, is_taken_back
from jobs.domain.listening import decide, signals_of_columns
from jobs.domain.lists import DISCOVER, LIST_OF_ROW
from jobs.domain.responses import (
    BLOCKED,
    BLOCKS,
    DISLIKED,
    LIKED,
    NOT_REACHED,
    PLAYED,
    PLAYLIST_PATTERN,
    PLAYLIST_PREFIX,
    REPEATED,
    SKIPPED,
    STARTED,
)
from jobs.lake.arrow import table_rows
from jobs.lake.history import durations_landed, feedback_landed
from jobs.lake.tables import Lake
from jobs.window import DAY, Window

EVENT = (
    "user_id", "track_id", "kind", "at", "landed_on", "taken_back_on", "share_heard", "list_of",
    "list_name",
)  # fmt: skip


def responses_known(lake: Lake, window: Window, nights: int, play_ms: int) -> DataFrame:
    """Return the responses to the lists of the ``nights`` nights before, by what had landed by the
    window's end: for a night, which knows nothing later. Columns as ``respond`` gives them."""
    before = Window(window.start - nights * DAY, window.start)
    return respond(lists_of(lake, before), events(lake, before.start, window.end, play_ms), nights)


def any_from_lists(lake: Lake, window: Window, nights: int) -> bool:
    """Return whether a listen that landed in the ``nights`` nights before the window's end, or in it,
    says that it was played from one of our lists; without Spark."""
    days = (ds.field("landed_on") >= window.start - nights * DAY) & (ds.field("landed_on") < window.end)
    ours = pc.starts_with(ds.field("playlist_id"), PLAYLIST_PREFIX)
    rows = table_rows(lake.settings, "listens")
    return bool(rows.head(1, columns=["playlist_id"], filter=days & ours).num_rows)


def keep_responses(lake: Lake, window: Window, nights: int, play_ms: int) -> None:
    """Replace the rows of all lists that the night's landing may change: of its own and of the
    ``nights`` nights before."""
    lists = Window(window.start - nights * DAY, window.end)
    told = events(lake, lists.start, lists.end + nights * DAY, play_ms)
    rows = respond(lists_of(lake, lists), told, nights)
    lake.replace(rows, "responses", f"as_of >= DATE'{lists.start}' AND as_of < DATE'{lists.end}'")


def lists_of(lake: Lake, nights: Window) -> DataFrame:
    """Return rows (as_of, user_id, playlist, track_id, rank, strategy) of the lists of the nights."""
    as_of = F.col("as_of")
    rows = lake.read("playlists").where((as_of >= F.lit(nights.start)) & (as_of < F.lit(nights.end)))
    name = F.expr(LIST_OF_ROW).alias("playlist")
    return rows.select("as_of", "user_id", name, "track_id", "rank", "strategy")


def list_said() -> Column:
    """Return the night of our list from which a listen says it was played; null where it says none."""
    return F.try_to_date(F.regexp_extract("playlist_id", PLAYLIST_PATTERN, 1))


def _list_name_said() -> Column:
    """Return the name of that list; discover where it says none."""
    name = F.regexp_extract("playlist_id", PLAYLIST_PATTERN, 2)
    return F.when(name == "", DISCOVER).otherwise(name)


def respond(lists: DataFrame, told: DataFrame, nights: int) -> DataFrame:
    """Return one row a listed track: as_of, user_id, playlist, track_id, rank, strategy, ``outcome`` and
    when.

    ``first_played_at`` and ``share_heard`` (0 to 1, null where the duration is not known) are of the
    first play; ``liked_at`` and ``rejected_at`` are of the latest word; ``n_from_list`` counts listens
    that say they were played from this list of ``as_of``. ``told``: see ``events``.
    """
    # One join, grouped by what it is joined by and the night: Spark moves each table once.
    last = F.date_add("as_of", nights)
    counts = (
        (F.col("at") >= F.date_add("as_of", 1).cast("timestamp"))
        & (F.col("landed_on") <= last)
        & (F.col("taken_back_on").isNull() | (F.col("taken_back_on") > last))
    )
    told = told.withColumnsRenamed({"user_id": "by_user", "track_id": "of_track"})
    pair = (F.col("user_id") == F.col("by_user")) & (F.col("track_id") == F.col("of_track"))
    joined = lists.join(told, pair & counts, how="left")
    facts = joined.groupBy("as_of", "user_id", "playlist", "track_id")
    from_this = (F.col("list_of") == F.col("as_of")) & (F.col("list_name") == F.col("playlist"))
    first_play = F.min(F.when(F.col("kind") == "play", F.struct("at", "share_heard")))
    found = facts.agg(
        F.min(F.struct("rank", "strategy")).alias("slot"),
        first_play.alias("first"),
        *(F.count_if(F.col("kind") == kind).cast("int").alias(f"n_{kind}s")
          for kind in ("play", "skip", "start")),
        F.min(_at("skip")).alias("first_skipped_at"),
        F.max(_at(LIKE)).alias("liked_at"),
        F.max(_at("dislike", *BLOCKS)).alias("rejected_at"),
        F.max(_at(*BLOCKS)).alias("blocked_at"),
        F.count_if(from_this).cast("int").alias("n_from_list"),
    )  # fmt: skip
    return found.select(
        "as_of", "user_id", "playlist", "track_id", "slot.rank", "slot.strategy",
        _outcome().alias("outcome"),
        F.col("first.at").alias("first_played_at"), "first.share_heard", "n_plays", "n_skips",
        "n_starts", "first_skipped_at", "liked_at", "rejected_at", "n_from_list",
    )  # fmt: skip


def _at(*kinds: str) -> Column:
    return F.when(F.col("kind").isin(*kinds), F.col("at"))


def _outcome() -> Column:
    liked, rejected = (
        F.coalesce(F.unix_micros(name), F.lit(NEVER)) for name in ("liked_at", "rejected_at")
    )
    spoken = F.col("liked_at").isNotNull() | F.col("rejected_at").isNotNull()
    return (
        F.when(spoken & is_liked(liked, rejected), LIKED)
        .when(F.col("blocked_at").isNotNull(), BLOCKED)
        .when(spoken, DISLIKED)
        .when(F.col("n_plays") > 1, REPEATED)
        .when(F.col("n_plays") == 1, PLAYED)
        .when(F.col("n_skips") > 0, SKIPPED)
        .when(F.col("n_starts") > 0, STARTED)
        .otherwise(NOT_REACHED)
    )


def events(lake: Lake, since: date, end: date, play_ms: int) -> DataFrame:
    """Return what listeners did from ``since`` on and what landed before ``end``: rows of ``EVENT``.

    ``kind`` is play, skip, start, or that of the feedback; ``taken_back_on`` is the day on which it
    landed that a listen was not the listener's, null if it never did; ``list_of`` and ``list_name`` the
    night and the name of the list that a listen says it was played from, null where it says none of
    ours.
    """
    window = Window(end - DAY, end)
    words = feedback_landed(lake, window)
    recent = words.where(F.col("at") >= F.lit(since).cast("timestamp"))
    of_tracks = recent.where(F.col("kind").isin(*VERDICTS))
    said = of_tracks.withColumnRenamed("target_id", "track_id").union(
        _by_artist(recent.select(of_tracks.columns), lake, end)
    )
    types = {
        "taken_back_on": "date", "share_heard": "double", "list_of": "date", "list_name": "string",
    }  # fmt: skip
    nothing = {name: F.lit(None).cast(type_) for name, type_ in types.items()}
    listens = _listens(lake, words, window, since, play_ms)
    return listens.select(*EVENT).union(said.withColumns(nothing).select(*EVENT))


def _listens(lake: Lake, words: DataFrame, window: Window, since: date, play_ms: int) -> DataFrame:
    rows = lake.read("listens").where(
        (F.col("listened_on") >= F.lit(since))
        & (F.col("listened_on") < F.lit(window.end))
        & (F.col("landed_on") < F.lit(window.end))
    )
    rows = _taken_back(_with_durations(rows, durations_landed(lake, window)), words)
    decision = decide(signals_of_columns(), play_ms)
    kind = F.when(decision.play, "play").when(decision.skip, "skip").when(decision.start, "start")
    share = F.col("ms_played") / F.col("duration_ms")
    share = F.when(share > 1, 1.0).otherwise(share)  # least() would make 1 of an unknown one
    told = {
        "kind": kind, "at": F.col("listened_at"), "share_heard": share, "list_of": list_said(),
        "list_name": _list_name_said(),
    }  # fmt: skip
    return rows.withColumns(told).where("kind IS NOT NULL")


def _with_durations(listens: DataFrame, durations: DataFrame) -> DataFrame:
    """Listens with the ``duration_ms`` of their track as known when they landed."""
    # Structs are ordered field by field: by what says which duration counts.
    fields = [name for name in durations.columns if name != "track_id"]
    known = durations.groupBy("track_id").agg(F.collect_set(F.struct(*fields)).alias("known"))
    by_then = F.filter("known", lambda one: one["landed_on"] <= F.col("landed_on"))
    joined = listens.join(known, "track_id", how="left")
    return joined.withColumn("duration_ms", F.array_max(by_then)["duration_ms"])


def _taken_back(listens: DataFrame, words: DataFrame) -> DataFrame:
    """Listens with ``taken_back_on``."""
    excluded = words.where(F.col("kind") == EXCLUDE)
    word = F.struct(F.unix_micros("at").alias("at"), "landed_on")
    by_target = excluded.groupBy("user_id", "target_id").agg(F.collect_set(word).alias("words"))
    at, days = F.unix_micros("listened_at"), []
    for target in ("listen", "track"):
        said = by_target.select(
            "user_id", F.col("target_id").alias(f"{target}_id"), F.col("words").alias(f"{target}_words")
        )
        listens = listens.join(said, ["user_id", f"{target}_id"], how="left")
        meant = F.filter(f"{target}_words", lambda one: is_taken_back(at, one["at"], F.lit(NEVER)))
        days.append(F.array_min(F.transform(meant, lambda one: one["landed_on"])))
    return listens.withColumn("taken_back_on", F.least(*days))


def _by_artist(words: DataFrame, lake: Lake, end: date) -> DataFrame:
    """Blocks of artists as words about each track that was credited to them when the word landed."""
    tracks = lake.read("tracks_history").where(F.col("landed_on") < F.lit(end))
    credits = tracks.select("track_id", F.explode("artist_ids").alias("target_id"), "landed_on")
    since = credits.groupBy("track_id", "target_id").agg(F.min("landed_on").alias("credited_on"))
    blocks = words.where(F.col("kind") == "block_artist")
    hit = blocks.join(since, "target_id").where("credited_on <= landed_on")
    return hit.select(*(F.col("track_id" if c == "target_id" else c) for c in words.columns))
