"""Which listens a list caused, by hand: lists of seven days before, five days of late landings."""

import random

import pytest

from jobs.domain.responses import playlist_id
from jobs.lake.origins import keep_origins, with_origin
from jobs.window import Window
from tests.lake.test_responses import day, heard, lists
from tests.validate.rows import NIGHT, write

pytestmark = pytest.mark.spark
NIGHTS, DAYS = 12, 7


def kept(lake, *nights):
    for n in nights:
        keep_origins(lake, Window.night(day(n)), NIGHTS, DAYS)
    return {row.listen_id: (row.told_by, row.list_of) for row in lake.read("origins").collect()}


def land(lake, listens, playlists):
    write(lake.settings, "listens", listens)
    write(lake.settings, "playlists", playlists)


OTHERS = "spotify:playlist:37i9dQ"
CASES = {
    "the day after": (heard("", "t", 1), ("track", NIGHT)),
    "a week after": (heard("", "t", 7), ("track", NIGHT)),
    "eight days after": (heard("", "t", 8), None),
    "before it was there": (heard("", "t", 0), None),
    "another track": (heard("", "u", 1), None),
    "another listener": (heard("", "t", 1, user="bob"), None),
    "started": (heard("", "t", 1, ms_played=0), ("track", NIGHT)),
    "from the list": (heard("", "u", 3, playlist_id=playlist_id(NIGHT)), ("playlist_id", NIGHT)),
    "long after, from the list": (
        heard("", "t", 9, playlist_id=playlist_id(NIGHT)), ("playlist_id", NIGHT),
    ),
    "from the list before, which is no guess": (
        heard("", "t", 3, playlist_id=playlist_id(day(-5))), ("playlist_id", day(-5)),
    ),
    "from a list of later": (heard("", "u", 1, playlist_id=playlist_id(day(1))), None),
    "from another playlist": (heard("", "u", 1, playlist_id=OTHERS), None),
    "in a player's copy of the list": (heard("", "t", 1, playlist_id=OTHERS), ("track", NIGHT)),
    "no day": (heard("", "u", 1, playlist_id="urn:nocturne:playlist:2026-99-99"), None),
    "late": (heard("", "t", 1, landed=6), ("track", NIGHT)),
    "too late": (heard("", "t", 1, landed=7), None),
}  # fmt: skip


def test_each_listen_is_recommended_or_organic(lake):
    listens = [listen | {"listen_id": name} for name, (listen, _) in CASES.items()]
    land(lake, listens, lists(NIGHT, "t"))
    assert kept(lake, 3, 8) == {name: why for name, (_, why) in CASES.items() if why}
    flags = with_origin(lake.read("listens"), lake.read("origins")).collect()
    assert {row.listen_id: row.origin for row in flags} == {
        name: "recommended" if why else "organic" for name, (_, why) in CASES.items()
    }


def test_of_several_lists_the_latest_before_the_listen_caused_it(lake):
    playlists = [row for n in (0, 2, 5) for row in lists(day(n), "t")]
    land(lake, [heard("a", "t", 5), heard("b", "t", 6), heard("c", "t", 2)], playlists)
    assert kept(lake, 6) == {
        "la": ("track", day(2)), "lb": ("track", day(5)), "lc": ("track", NIGHT),
    }  # fmt: skip


def test_nights_in_any_order_give_the_same_table(lake):
    """Lists are made night by night, and plays land up to three days late, some of them too late."""
    rng = random.Random(3)
    listens = []
    for number in range(60):
        n = rng.randrange(0, 5)
        name, late = rng.choice("tuv"), rng.choice([0, 1, 2])
        said = playlist_id(day(rng.randrange(-2, 5))) if number % 4 == 0 else None
        listens.append(heard(number, name, n, min(n + late, 4), playlist_id=said))
    nights = range(5)
    lists_of = {n: lists(day(n), *rng.sample("tuv", 1)) for n in nights}
    tables = []
    for order in (list(nights), [4, 1, 3, 0, 2]):
        lake.delete("origins", "true")
        for place, n in enumerate(order):
            last = day(max(order[: place + 1]))
            made = [row for d in order[: place + 1] for row in lists_of[d]]
            land(lake, [row for row in listens if row["landed_on"] <= last], made)
            keep_origins(lake, Window.night(day(n)), 3, 2)
        tables.append(kept(lake))
    assert 15 < len(tables[0]) < 60
    assert tables[0] == tables[1]
