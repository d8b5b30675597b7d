from datetime import timedelta

import pytest

from jobs.errors import NocturneError
from jobs.lake.arrow import night_rows
from jobs.rank import learning
from jobs.rank.learning import MODEL, TREES_FILE, ranker_of
from jobs.rank.stage import rank_candidates
from jobs.settings import RankSettings
from jobs.stage import Night
from jobs.window import Window
from models.candidates.trees import Trees
from models.registry import Interval, Registry
from tests.rank.house import NIGHT, listens, write

SOME = RankSettings(n_a_source=20, n_candidates=15, min_plays=50)


@pytest.fixture
def house(settings):
    write(settings)
    return settings.model_copy(update={"rank": SOME})


def ranked(settings, night=NIGHT):
    """Run the stage; its night and its rows."""
    done = Night(Window.night(night), settings)
    rank_candidates(done)
    return done, night_rows(settings, "candidates", night).to_table().sort_by(
        [("user_id", "ascending"), ("rank", "ascending")]
    ).to_pylist()  # fmt: skip


def heard(user):
    return {row[2] for row in listens() if row[1] == user}


def test_every_listener_has_unheard_candidates_by_rank_with_the_ranker_that_ranked_them(house):
    night, rows = ranked(house)
    version = night.summary.details["learnt"]
    assert version.startswith("2026-06-14-")
    assert {row["model_version"] for row in rows} == {version}
    users = {row["user_id"] for row in rows}
    assert len(users) == night.summary.rows_in == 60
    assert night.summary.rows_out == len(rows)
    for user in users:
        own = [row for row in rows if row["user_id"] == user]
        assert [row["rank"] for row in own] == list(range(1, len(own) + 1))
        assert len(own) <= 15
        assert [row["score"] for row in own] == sorted((row["score"] for row in own), reverse=True)
        assert not {row["track_id"] for row in own} & heard(user)
        assert {row["because"] for row in own} - {None} <= heard(user)
    assert {row["source"] for row in rows} <= set(SOME.sources)


def test_what_is_likely_is_what_is_left_of_the_listeners_own_group(house):
    _, rows = ranked(house)
    own = {f"u{n:02d}": {f"t{m:02d}" for m in range(n % 4, 80, 4)} for n in range(60)}
    left = {user: tracks - heard(user) for user, tracks in own.items()}
    first = {
        row["user_id"]: row["track_id"] for row in rows if row["rank"] == 1 and left[row["user_id"]]
    }
    assert len(first) > 40
    # One in ten by chance.
    assert sum(track in left[user] for user, track in first.items()) / len(first) > 0.5


def test_a_night_again_and_on_a_house_of_its_own_gives_the_same(house, tmp_path):
    night, rows = ranked(house)
    again, same = ranked(house)
    assert same == rows
    assert again.summary.details["learnt"] == night.summary.details["learnt"]
    assert len(Registry(night.store, MODEL).versions()) == 1


def test_nothing_from_after_the_night_is_known(house):
    _, rows = ranked(house, NIGHT - timedelta(days=2))
    later = [row for row in listens(seed=9) if row[-2] > NIGHT - timedelta(days=2)]
    known = [row for row in listens() if row[-2] <= NIGHT - timedelta(days=2)]
    write(house, known + later)
    assert ranked(house, NIGHT - timedelta(days=2))[1] == rows


def test_in_its_first_week_a_house_ranks_by_all_sources_together(house):
    write(house, listens(n_nights=7))
    night, rows = ranked(house, NIGHT - timedelta(days=7))
    assert night.summary.details["learnt"] is None
    assert night.summary.details["reason"] == "no outcome is known yet"
    assert {row["model_version"] for row in rows} == {None}
    assert len({row["user_id"] for row in rows}) == 60


def test_too_little_to_learn_from_is_said(house):
    few = house.model_copy(update={"rank": SOME.model_copy(update={"min_plays": 10_000})})
    night, rows = ranked(few)
    assert night.summary.details["learnt"] is None
    assert night.summary.details["reason"].endswith("candidates were played, of 10000")
    assert rows[0]["model_version"] is None


def test_a_ranker_of_other_sources_does_not_rank(house):
    night, _ = ranked(house, NIGHT - timedelta(days=1))
    learnt = night.summary.details["learnt"]
    fewer = SOME.model_copy(update={"sources": ("own_artists", "popular"), "min_plays": 10_000})
    night, rows = ranked(house.model_copy(update={"rank": fewer}))
    assert night.summary.details["reason"] == f"{learnt} was learnt from other sources than tonight's"
    assert {row["source"] for row in rows} <= {"own_artists", "popular"}
    assert {row["model_version"] for row in rows} == {None}


def compared(low, high):
    return lambda *_: {"difference": Interval(value=(low + high) / 2, low=low, high=high)}


@pytest.mark.parametrize(
    ("low", "high", "promoted"), [(-0.2, -0.1, False), (-0.2, 0.0, True), (-0.2, 0.1, True)]
)
def test_a_ranker_that_is_surely_worse_than_the_champion_is_not_promoted(
    house, monkeypatch, low, high, promoted
):
    before, _ = ranked(house, NIGHT - timedelta(days=1))
    champion = before.summary.details["learnt"]
    monkeypatch.setattr(learning, "compare", compared(low, high))
    night, rows = ranked(house)
    details = night.summary.details
    assert (details["champion"], details["promoted"]) == (champion, promoted)
    assert details["reason"] == (None if promoted else "worse than the champion")
    assert rows[0]["model_version"] == (details["learnt"] if promoted else champion)


def test_one_listener_in_five_is_measured_on_and_none_of_them_learnt_from(house, monkeypatch):
    fit, measure, seen = learning.fit_ranker, learning.compare, {}

    def fitted(rows, played, seed):
        seen["learnt"] = set(rows.listener.tolist())
        return fit(rows, played, seed)

    def measured(trees, champion, found, seed):
        seen["measured"] = set(found.rows.listener.tolist())
        return measure(trees, champion, found, seed)

    monkeypatch.setattr(learning, "fit_ranker", fitted)
    monkeypatch.setattr(learning, "compare", measured)
    ranked(house)
    assert seen["measured"] == set(range(0, 60, 5))
    assert seen["learnt"] == set(range(60)) - seen["measured"]


def test_a_night_again_is_compared_with_the_champion_of_the_night_before_not_with_its_own(house):
    before, _ = ranked(house, NIGHT - timedelta(days=1))
    first, again = ranked(house)[0], ranked(house)[0]
    assert first.summary.details["learnt"] == again.summary.details["learnt"]
    champions = [night.summary.details["champion"] for night in (first, again)]
    assert champions == [before.summary.details["learnt"]] * 2


def test_what_an_operator_withdrew_stays_withdrawn(house):
    night, _ = ranked(house)
    registry = Registry(night.store, MODEL)
    registry.withdraw(night.summary.details["learnt"])
    night, rows = ranked(house)
    assert night.summary.details["reason"] == "withdrawn by an operator"
    assert registry.champion() is None
    assert rows[0]["model_version"] is None


def test_a_damaged_ranker_is_named_with_the_remedy(house):
    night, _ = ranked(house, NIGHT - timedelta(days=1))
    version = night.summary.details["learnt"]
    night.store.put(f"models/{MODEL}/{version}/{TREES_FILE}", b"broken")
    with pytest.raises(NocturneError, match=f"ranker version {version}: trees.npz does not match"):
        ranked(house)


def test_the_ranker_of_a_night_is_that_of_the_newest_night_before_it(house):
    first, _ = ranked(house, NIGHT - timedelta(days=1))
    second, _ = ranked(house)
    earlier = Night(Window.night(NIGHT - timedelta(days=1)), house)
    assert ranker_of(earlier).version == first.summary.details["learnt"]
    assert ranker_of(Night(Window.night(NIGHT), house)).version == second.summary.details["learnt"]
    assert ranker_of(Night(Window.night(NIGHT - timedelta(days=9)), house)) is None


def test_two_rankers_are_compared_on_the_same_listeners(house):
    night = Night(Window.night(NIGHT), house)
    found = learning.examples(learning.outcome(night), night)
    trees = learning.fit_ranker(found.rows, found.played, 1)
    same = learning.compare(trees, trees, found, seed=1)
    assert same["difference"].value == same["difference"].low == same["difference"].high == 0
    assert 0 < same["ndcg@10"].value == same["champion"].value <= 1
    upside_down = Trees(**vars(trees) | {"value": -trees.value})
    worse = learning.compare(upside_down, trees, found, seed=1)
    assert worse["difference"].high < 0
    assert "difference" not in learning.compare(trees, None, found, seed=1)
