"""Everything a deployment may change, from environment variables under one prefix.

``NOCTURNE__LAKE__ROOT=s3://bucket/lake`` sets ``settings.lake.root``. Built once, in ``main``.
Values that change results travel into the tables' and models' own metadata.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobs.domain.correlation import Support
from jobs.domain.lists import OtherList
from jobs.errors import UsageError

PREFIX = "NOCTURNE__"
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Format = Literal["jspf", "m3u8", "csv", "svg"]
TrackIds = Literal["own", "musicbrainz", "spotify"]
SourceName = Literal[
    "own_artists", "item_model", "similar_tracks", "similar_listeners", "latent_factors",
    "similar_artists", "new_releases", "popular",
]  # fmt: skip


class Section(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LandingSettings(Section):
    """Where logs land: a folder, or s3://bucket/prefix; ``<home>/landing`` if not said."""

    root: str = ""


class LakeSettings(Section):
    """Where the Delta tables are: ``<root>/<table>``; a folder, or s3://… (``<home>/lake``). A night
    reads what landed in the ``lookback_days`` before it; what was ever heard is known beyond that."""

    root: str = ""
    lookback_days: PositiveInt = 365


class StoreSettings(Section):
    """Where playlists, reports and models are published: a folder, or s3://bucket/prefix, to which
    ``n_threads`` objects are written at a time.

    Each list is published as JSON and in these ``formats``: jspf and m3u8 for players, csv for
    spreadsheets, svg for its cover. By ``schema_version`` 1 of the JSON, for readers of before there
    were other lists, that is discover alone. ``track_ids`` says whose ids the catalog has; of
    musicbrainz and spotify each published track names its address there. By the ``layout`` files each
    document is an object of its own; by packs those of up to some 256 listeners are one, with an index
    beside it, so that a million listeners are thousands of objects.
    """

    root: str = ""
    n_threads: PositiveInt = 16
    formats: tuple[Format, ...] = ("jspf", "svg")
    schema_version: Literal[1, 2] = 2
    track_ids: TrackIds = "own"
    layout: Literal["files", "packs"] = "files"


class TownSettings(Section):
    """The simulated town that stands in for logs: ``n_listeners`` who play ``n_tracks`` tracks in
    so many ``nights``."""

    n_listeners: PositiveInt = 500
    n_tracks: PositiveInt = 5_000
    nights: PositiveInt = 7


class S3Settings(Section):
    """How to reach S3 when a root is s3://; credentials come from the usual AWS variables or role.

    ``endpoint_url`` is for servers other than Amazon's, many of which need ``path_style`` addresses;
    ``region`` is the bucket's.
    """

    endpoint_url: str | None = None
    region: str = "us-east-1"
    path_style: bool = False


class SparkSettings(Section):
    """Spark outside Airflow, whose connection ``spark_default`` decides about the ``master`` there.

    With ``server`` a local master is one Spark Connect server that all stages share; without, each stage
    starts a Spark of its own. The server is at ``server_port``, or at a free one where that is 0 or in
    use: two houses that start at once would both find a named one free. Spark spills into
    ``scratch_dir`` (``<home>/spark/scratch``), in which nothing else may be. ``driver_memory`` is that
    of its Java machine; ``shuffle_partitions`` suit a laptop, a cluster wants two to three a core. Jars
    are fetched once, into ``jars_dir`` (the user's cache folder).
    """

    master: str = "local[*]"
    server: bool = True
    server_port: Annotated[int, Field(ge=0, le=65535)] = 0
    driver_memory: str = "1536m"
    shuffle_partitions: PositiveInt = 4
    jars_dir: str | None = None
    scratch_dir: str = ""


class ArchiveSettings(Section):
    """How much a zip archive in the landing may hold; one that holds more is refused.

    ``members``: the export of twenty years has a file a month, 240. ``mb`` unpacked: half a million
    listens are 0.7 GB of JSON. ``ratio``: logs become 5 to 30 times smaller, what shrinks a hundred
    times is no log; up to ``harmless_mb`` that does no harm.
    """

    members: PositiveInt = 1_000
    mb: PositiveInt = 4_096
    ratio: PositiveInt = 100
    harmless_mb: NonNegativeInt = 64


class IngestSettings(Section):
    """How landed files are read, and when a landing counts as whole.

    ``sources`` names the format of files by a pattern of their names below the landing root;
    others are looked at. ``needs_success`` waits for a ``_SUCCESS`` or a manifest in each partition of
    the night, ``quiet_s`` for that many seconds without a write. ``id_days``: a listen_id is looked for
    on other days among what landed so many days before. ``same_play_s``: rows of two logs of a listener
    that begin at most so far apart may tell of one play (a log of minutes is 60 s off, clocks and
    buffering add some); 0: each log counts by itself.
    """

    sources: dict[str, str] = {}
    needs_success: bool = False
    quiet_s: NonNegative = 0
    id_days: NonNegativeInt = 1
    same_play_s: NonNegative = 90
    archives: ArchiveSettings = ArchiveSettings()


class GateSettings(Section):
    """What a gate lets pass (docs/validation.md).

    A listener whose own upload is at fault is set aside; the night stops where that are more than
    ``set_aside_few`` listeners, so that one bad upload of a house of three does not stop it, and more
    than ``set_aside_share`` of those with plays tonight: a fifth is no coincidence, a service has
    changed its export. ``accepted`` are patterns of files (``listens/*/user=ann/*``) that a person has
    looked at and takes as they are. ``quality``: what it is when last week's lists were surely worse
    than before, or than popularity; critical stops the night, and yesterday's lists stay.
    """

    set_aside_share: Share = 0.2
    set_aside_few: NonNegativeInt = 5
    accepted: tuple[str, ...] = ()
    quality: Literal["warning", "critical"] = "warning"


class AirflowSettings(Section):
    """Airflow on this machine (`nocturne run` and `up`): its ``port``, or another if it is in use, and
    how many tasks run at once, ``parallelism``."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    parallelism: PositiveInt = 3


class TasteSettings(Section):
    """Ratings of implicit listening and taste profiles.

    A listen is a play from ``play_ms`` or half of its track, whichever is less: from 30 s on Spotify
    counts a stream; what a shorter one is, says ``jobs.domain.listening``. A play's weight is
    halved every ``half_life_days``; a skip takes away ``skip_weight`` of a play. What was liked is rated
    ``like_rating`` at least, what was disliked ``dislike_rating``. A listener has up to ``n_tastes``
    tastes, one for every ``tracks_per_taste`` tracks.
    """

    half_life_days: Positive = 90.0
    play_ms: PositiveInt = 30_000
    skip_weight: NonNegative = 0.5
    like_rating: Positive = 3.0
    dislike_rating: NonNegative = 0.0
    n_tastes: PositiveInt = 3
    tracks_per_taste: PositiveInt = 8


class NeighborsSettings(Section):
    """Pearson neighbors; see docs/neighbors.md for how the defaults were chosen.

    ``support`` is also what recommend's prediction from them is over: all tracks, or the co-rated ones.
    The ``k`` most similar and ``k_dissimilar`` least similar are kept of those with ``min_overlap``
    tracks in common, ranked by the correlation times n / (n + ``shrinkage``). Beyond ``pair_budget``
    pair operations the most popular tracks make no pairs; ratings up to ``broadcast_mb`` go to every
    worker, and a task holds ``task_memory_mb``.
    """

    support: Support = "all"
    k: PositiveInt = 50
    k_dissimilar: NonNegativeInt = 10
    min_overlap: PositiveInt = 3
    shrinkage: NonNegative = 30.0
    pair_budget: PositiveInt = 10_000_000_000_000
    broadcast_mb: PositiveInt = 512
    task_memory_mb: PositiveInt = 512


class TrainSettings(Section):
    """The content network of the night: plays of ``window_days`` in ``n_blocks`` blocks of time, a
    play's weight halved every ``half_life_days``; under ``min_plays`` there is no model.

    It is trained for at most ``epochs``, in batches of ``batch_size`` with ``learning_rate``, until it
    has not got better ``patience`` times; ``mask_share`` of what is known is hidden, so that it learns
    to do without. Towers are ``n_hidden`` wide and end in ``n_factors``; ``warm_start`` begins with the
    champion of the nights before.
    """

    window_days: PositiveInt = 90
    n_blocks: Annotated[int, Field(ge=2)] = 8
    half_life_days: Positive = 30.0
    min_plays: PositiveInt = 200
    epochs: PositiveInt = 8
    patience: PositiveInt = 2
    batch_size: PositiveInt = 4096
    learning_rate: Positive = 3e-3
    mask_share: Share = 0.1
    n_hidden: PositiveInt = 64
    n_factors: PositiveInt = 32
    warm_start: bool = False


class RankSettings(Section):
    """Candidates and their ranker: the best ``n_a_source`` tracks of each of the ``sources`` for every
    listener, of which the ``n_candidates`` most likely played are kept. The ranker learns from what
    ``n_learning_listeners`` played in the ``days`` after an earlier night; from fewer than
    ``min_plays`` such plays it does not.
    """

    sources: tuple[SourceName, ...] = get_args(SourceName)
    n_a_source: PositiveInt = 100
    n_candidates: PositiveInt = 300
    n_learning_listeners: PositiveInt = 2000
    days: PositiveInt = 7
    min_plays: PositiveInt = 200


class RecommendSettings(Section):
    """The blend. Of artists the listener has not heard, ``new_artist_share`` of a list are the likeliest
    tracks, and from ``explore_floor`` to ``explore_ceiling`` of it are drawn by their sound: the more,
    the more of such tracks the listener liked. What was on a list of the last ``rest_nights`` nights
    rests. Ranked candidates come by how likely they are to be played, in units of the mean of the
    listener's ``n_tracks`` likeliest, plus ``like_weight`` times how likely they are to be liked then.
    By ``reach_weight`` a track counts as likelier for the listener who is likeliest of all to play it,
    by half of that for the second, a third for the third: more tracks find somebody.

    A list has ``n_tracks``, at most ``artist_cap`` of an artist; those that explore are drawn from the
    ``n_candidates`` best.

    Beside it are made the other ``lists``: what they loved and have not heard for ``rediscover_days``,
    and what was released in the last ``release_days``."""

    n_tracks: PositiveInt = 30
    artist_cap: PositiveInt = 2
    new_artist_share: Share = 0.17
    explore_floor: Share = 0.05
    explore_ceiling: Share = 0.6
    n_candidates: PositiveInt = 300
    rest_nights: NonNegativeInt = 7
    like_weight: NonNegative = 2.8
    reach_weight: NonNegative = 0.045
    lists: tuple[OtherList, ...] = get_args(OtherList)
    rediscover_days: PositiveInt = 14
    release_days: PositiveInt = 28

    @model_validator(mode="after")
    def _floor_is_below_ceiling(self) -> "RecommendSettings":
        if self.explore_floor > self.explore_ceiling:
            raise ValueError(
                f"explore_floor {self.explore_floor} is above explore_ceiling {self.explore_ceiling}: "
                "lower it, or set both to one share for every list"
            )
        return self


class ResponsesSettings(Section):
    """What became of lists, and which plays they caused.

    A list's responses are what landed in the ``nights`` nights after it (two weeks: most people come
    back within one, and some logs come once a week). A listen of a recommended track up to ``days``
    days after the list counts as recommended, if it landed at most ``nights`` - ``days`` nights late.
    """

    nights: PositiveInt = 14
    days: PositiveInt = 7

    @model_validator(mode="after")
    def _days_are_among_the_nights(self) -> "ResponsesSettings":
        if self.days > self.nights:
            raise ValueError(
                f"DAYS is {self.days}, but responses are kept for NIGHTS {self.nights}: set "
                f"{PREFIX}RESPONSES__DAYS to {self.nights} or less, or more {PREFIX}RESPONSES__NIGHTS"
            )
        return self


class EvaluateSettings(Section):
    """How lists are judged: by the plays of ``days`` days after the night (a week has every weekday)."""

    days: PositiveInt = 7


class Settings(BaseSettings):
    """All that is made here lies below ``home`` (without one, ``.nocturne``, or for another landing
    ``.nocturne/homes/<its name>``); draws and training start from ``seed``.

    With ``fork_stages`` the stages of ``nocturne run``, ``up`` and ``night`` are forks of a process that
    has imported their libraries (on Linux); without, each imports them anew.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: str = ".nocturne"
    seed: int = 20260601
    fork_stages: bool = True
    town: TownSettings = TownSettings()
    landing: LandingSettings = LandingSettings()
    lake: LakeSettings = LakeSettings()
    store: StoreSettings = StoreSettings()
    s3: S3Settings = S3Settings()
    spark: SparkSettings = SparkSettings()
    ingest: IngestSettings = IngestSettings()
    gates: GateSettings = GateSettings()
    airflow: AirflowSettings = AirflowSettings()
    taste: TasteSettings = TasteSettings()
    neighbors: NeighborsSettings = NeighborsSettings()
    train: TrainSettings = TrainSettings()
    rank: RankSettings = RankSettings()
    recommend: RecommendSettings = RecommendSettings()
    responses: ResponsesSettings = ResponsesSettings()
    evaluate: EvaluateSettings = EvaluateSettings()


def read_settings(file: Path) -> Settings:
    """Read the settings of this process with those of a file (``NOCTURNE__LAKE__ROOT=…``, one a line) in
    their place. UsageError where the file cannot be read, or has a line of another kind."""
    try:
        lines = dotenv_values(stream=StringIO(file.read_text()))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings {file} cannot be read: {error}") from None
    wrong = [name for name, value in lines.items() if not name.startswith(PREFIX) or value is None]
    if wrong:
        raise UsageError(f"{file} has a line for {wrong[0]}: write {PREFIX}…=value, one setting a line")
    before = dict(os.environ)
    os.environ.update({name: value for name, value in lines.items() if value is not None})
    try:
        return load_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


def known_names(section: type[BaseModel] = Settings, prefix: str = PREFIX) -> dict[str, bool]:
    """Return the environment variable of every setting and section, and whether it is a map, whose
    entries have variables of their own."""
    names: dict[str, bool] = {}
    for name, field in section.model_fields.items():
        variable, kind = f"{prefix}{name.upper()}", field.annotation
        names[variable] = get_origin(kind) is dict
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= known_names(kind, f"{variable}__")
    return names


def _require_known(environment: Iterable[str]) -> None:
    """UsageError for the first variable that looks like a setting and is none: it would be ignored."""
    known = known_names()
    maps = tuple(f"{name}__" for name, is_map in known.items() if is_map)
    for name in sorted(name.upper() for name in environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(maps):
            nearest = get_close_matches(name, known, n=1, cutoff=0)
            raise UsageError(
                f"{name} is no setting; the nearest is {nearest[0]} (`nocturne settings` lists all)"
            )


def load_settings() -> Settings:
    """Read the settings of this process, roots made absolute; a wrong value, or a name that is none,
    is a UsageError."""
    _require_known(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'__'.join(str(part).upper() for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise UsageError(f"settings: {problems}") from None
    home = _home(settings)
    roots = {
        name: section.model_copy(update={"root": absolute(section.root or f"{home}/{name}")})
        for name, section in (
            ("landing", settings.landing),
            ("lake", settings.lake),
            ("store", settings.store),
        )
    }
    return settings.model_copy(update={"home": home, **roots})


def _home(settings: Settings) -> str:
    """The home that is said; else one of the landing's own, so that no two landings share tables."""
    home, landing = (
        absolute(settings.home),
        absolute(settings.landing.root or f"{settings.home}/landing"),
    )
    if "home" in settings.model_fields_set or landing == f"{home}/landing":
        return home
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", landing.rpartition("/")[2])
    return f"{home}/homes/{name}-{hashlib.sha256(landing.encode()).hexdigest()[:8]}"


def absolute(root: str) -> str:
    """Return a folder as an absolute path; s3:// roots as they are, without the last slash."""
    if "://" in root:
        return root.rstrip("/")
    return os.fspath(Path(root).expanduser().resolve())


def is_s3(root: str) -> bool:
    """Return whether the root is a bucket."""
    return root.startswith(("s3://", "s3a://"))
