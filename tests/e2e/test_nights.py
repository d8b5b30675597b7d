"""Whole nights of a small town. The nights are run once for all tests of this module."""

import json
import shutil
from collections import Counter
from datetime import date, timedelta
from itertools import combinations

import duckdb
import jsonschema
import polars as pl
import pytest

from jobs.errors import BadDataError
from jobs.lake.arrow import table_rows
from jobs.simulate.town import write_town
from models.registry import Registry
from tests.e2e.nights import FUNCTIONS, House
from tests.publish.test_documents import SCHEMA

pytestmark = pytest.mark.e2e
FIRST = date(2026, 6, 26)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
LAST = DAYS[-1]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    root = tmp_path_factory.mktemp("town") / "landing"
    write_town(root, n_listeners=40, n_tracks=800, first_day=FIRST, nights=len(DAYS), seed=7)
    return root


@pytest.fixture(scope="module")
def house(_session, tmp_path_factory, landing):
    """The nights in their order."""
    house = House.below(tmp_path_factory.mktemp("in_order"), landing)
    for day in DAYS:
        house.run(day)
    return house


def all_lists(house: House, day: date) -> pl.DataFrame:
    return house.rows("playlists").filter(pl.col("as_of") == day)


def lists(house: House, day: date) -> pl.DataFrame:
    return all_lists(house, day).filter(pl.col("playlist") == "discover")


def test_every_listener_gets_thirty_unheard_tracks_with_a_reason(house):
    listens = house.rows("listens")
    tracks = lists(house, LAST)
    assert set(tracks["user_id"]) == set(listens["user_id"])
    assert tracks.group_by("user_id").len()["len"].unique().to_list() == [30]
    heard = tracks.join(listens, on=["user_id", "track_id"], how="semi")
    assert len(heard) == 0
    assert tracks["reason"].str.len_chars().min() > 10
    assert set(tracks["strategy"]) == {"exploit", "new_artists", "explore"}


def test_new_releases_landed_in_the_last_nights_and_nobody_has_heard_theirs(house):
    """The town's later tracks come out on the day they land; nothing of three nights is due again."""
    tracks = all_lists(house, LAST).filter(pl.col("playlist") != "discover")
    assert set(tracks["playlist"]) == {"new_releases"}
    known = house.rows("tracks").select("track_id", "release_date", "first_seen_on")
    dated = tracks.join(known, on="track_id")
    assert (dated["release_date"] == dated["first_seen_on"].cast(pl.String)).all()
    heard = tracks.join(house.rows("listens"), on=["user_id", "track_id"], how="semi")
    assert len(tracks) > 0 and len(heard) == 0


def test_no_list_has_three_tracks_of_an_artist(house):
    artists = dict(house.rows("tracks").select("track_id", "artist_ids").iter_rows())
    for _, tracks in all_lists(house, LAST).group_by("user_id", "playlist"):
        counts = Counter(artist for track in tracks["track_id"] for artist in artists[track])
        assert max(counts.values()) <= 2


def test_lists_are_personal(house):
    tracks = lists(house, LAST).group_by("user_id").agg("track_id")["track_id"].to_list()
    overlaps = [len(set(one) & set(other)) / 30 for one, other in combinations(tracks, 2)]
    # Forty listeners of a few scenes share more than real ones, who are over 0.9 (docs/playlists.md):
    # one epoch of training knows little of them but their scene.
    assert 1 - sum(overlaps) / len(overlaps) > 0.8


def test_explore_goes_by_the_network_that_serves_the_night(house):
    card = Registry(house.store, "content").for_night(LAST)
    by_sound = pl.col("strategy").is_in(["explore", "new_releases"])
    explored = all_lists(house, LAST).filter(by_sound)
    assert set(explored["model_version"]) == {card.version if card else None}


def test_playlists_are_read_without_spark(house):
    n = len(all_lists(house, LAST))
    table = pl.scan_delta(f"{house.settings.lake.root}/playlists")
    assert len(table.filter(pl.col("as_of") == LAST).collect()) == n
    connection = duckdb.connect()
    connection.register("playlists", table_rows(house.settings, "playlists"))
    night = connection.execute("select count(*) from playlists where as_of = ?", [LAST])
    assert night.fetchone() == (n,)


def test_what_is_published_is_what_the_table_says(house):
    objects = house.published()
    latest = json.loads(objects["playlists/latest.json"])
    assert latest["as_of"] == str(LAST)
    folder = f"playlists/runs/{latest['publish_id']}/users/"
    documents = [
        json.loads(body)
        for key, body in objects.items()
        if key.startswith(folder) and key.endswith(".json")
    ]
    for document in documents:
        jsonschema.validate(document, SCHEMA)
    found = {
        (d["user_id"], d["playlist"]): [track["track_id"] for track in d["tracks"]] for d in documents
    }
    key = ("user_id", "playlist")
    rows = all_lists(house, LAST).sort(*key, "rank").group_by(*key, maintain_order=True)
    assert found == {of: tracks["track_id"].to_list() for of, tracks in rows}


def test_the_report_and_the_ledger_tell_the_night(house):
    ledger = house.rows("run_ledger").filter(pl.col("as_of") == LAST)
    assert ledger["error"].null_count() == len(ledger) == 10
    page = house.store.get(f"reports/{LAST}/index.html").decode()
    assert "the newest" in page
    assert "data_docs/" in page


def test_the_same_night_again_changes_nothing(house):
    tables, objects = house.tables(), house.published()
    house.run(LAST)
    again = house.tables()
    assert [name for name in tables if not tables[name].equals(again[name])] == []
    assert house.published() == objects


def test_nights_in_any_order_give_the_same_tables_and_objects(house, _session, tmp_path, landing):
    """A night rests what earlier lists offered, so it is made again once they are there."""
    other = House.below(tmp_path, landing)
    stages = [name for name in FUNCTIONS if name != "gate_inputs"]
    for day in (DAYS[2], DAYS[0], DAYS[1]):
        other.run(day, stages)
    stale = json.loads(other.store.get(f"ledger/{DAYS[1]}/gate_playlists.json"))["details"][
        "to_make_again"
    ]
    assert stale == [str(DAYS[2])]
    other.run(DAYS[2], stages)
    tables, others = house.tables(), other.tables()
    assert tables.keys() - others.keys() == {"landed_plays"}
    # A gate tells what it saw when it looked: lists of a night before, say.
    compared = others.keys() - {"validation_results"}
    assert [name for name in compared if not tables[name].equals(others[name])] == []
    assert len(tables["responses"]) == len(tables["playlists"])
    assert len(tables["origins"]) > 0
    assert house.published().items() <= other.published().items()


def test_a_failed_gate_publishes_nothing_and_leaves_the_last_lists(house, _session, tmp_path):
    root = tmp_path / "house"
    shutil.copytree(house.settings.home + "/..", root)
    landing = tmp_path / "landing"
    shutil.copytree(house.settings.landing.root, landing)
    (root / "lake" / "landing.json").unlink()  # the same logs at another place
    copy, bad_day = House.below(root, landing), LAST + timedelta(days=1)
    for kind in ("listens", "tracks", "audio_features", "feedback"):
        shutil.copytree(landing / kind / f"date={LAST}", landing / kind / f"date={bad_day}")
    cut = landing / "listens" / f"date={bad_day}" / "part-00000.jsonl.gz"
    cut.write_bytes(cut.read_bytes()[:200])
    before = copy.published()
    with pytest.raises(BadDataError):
        copy.run(bad_day)
    assert copy.published() == before
    assert set(copy.rows("playlists")["as_of"]) == set(DAYS)
    assert "gate_inputs failed" in copy.store.get(f"reports/{bad_day}/index.html").decode()
