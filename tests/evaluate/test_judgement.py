"""Figures of the small night, by hand."""

import numpy as np
import pytest

from jobs.evaluate.contenders import fitted_peer, made_lists
from jobs.evaluate.judgement import judge
from jobs.lake.split import read_split
from models.peers import peer
from tests.evaluate.small_night import DAYS, NIGHT, listen, track, write

LOG3, LOG5 = np.log2(3), np.log2(5)
IDEAL4 = 1 + 1 / LOG3 + 1 / 2 + 1 / LOG5


@pytest.fixture
def split(settings):
    write(settings)
    return read_split(settings, NIGHT, DAYS)


def figures(split, *names):
    contenders = [*made_lists(split), *(fitted_peer(split, name, 30, 2) for name in names)]
    return {(f.task, f.slice, f.contender, f.metric): f for f in judge(split, contenders, seed=4)}


@pytest.fixture
def found(split):
    return figures(split, "popularity")


def test_discovery_is_of_tracks_not_heard_before(found):
    """Ada's t5 and t2 of four, at ranks 1 and 3; bob's t6 at rank 2. Cy found nothing new."""
    figure = found["discovery", "all", "published", "NDCG@10"]
    assert figure.value == pytest.approx(((1 + 1 / 2) / IDEAL4 + 1 / LOG3) / 2)
    assert figure.n_listeners == 2
    assert found["discovery", "all", "published", "recall@30"].value == pytest.approx((2 / 4 + 1) / 2)
    assert found["discovery", "all", "published", "MAP@10"].value == pytest.approx(
        ((1 + 2 / 3) / 4 + 1 / 2) / 2
    )


def test_the_tenth_rank_counts_among_ten_and_the_eleventh_among_thirty_alone(settings):
    """Of twelve tracks cy plays the tenth and eleventh; ada and bob, who find others, have no list."""
    names = [f"x{n:02}" for n in range(1, 13)]
    played = [listen(n, "cy", f"x{n}", 1, 200_000, None) for n in (10, 11)]
    lists = {"cy": [(name, "exploit") for name in names]}
    write(settings, played, [track(name, name.upper()) for name in names], lists)
    found = figures(read_split(settings, NIGHT, DAYS))
    ideal = 1 + 1 / LOG3
    tenth, eleventh = 1 / np.log2(11), 1 / np.log2(12)
    expected = {
        "NDCG@10": tenth / ideal, "MAP@10": 1 / 10 / 2,
        "NDCG@30": (tenth + eleventh) / ideal, "recall@30": 1,
    }  # fmt: skip
    for metric, of_cy in expected.items():
        figure = found["discovery", "all", "published", metric]
        assert (figure.value, figure.n_listeners) == (pytest.approx(of_cy / 3), 3), metric


def test_known_and_new_artists_are_apart(found):
    """Who skipped an artist has heard them: t4 is no new artist's for ada."""
    known = found["known artist", "all", "published", "NDCG@10"]
    assert (known.value, known.n_listeners) == (pytest.approx((1 / (1 + 1 / LOG3) + 1) / 2), 2)
    new = found["new artist", "all", "published", "NDCG@10"]
    assert (new.value, new.n_listeners) == (pytest.approx(1 / (1 + 1 / LOG3)), 1)


def test_a_strategy_alone_is_ranked_without_the_others(found):
    exploit = found["discovery", "all", "exploit", "NDCG@10"]
    assert exploit.value == pytest.approx(((1 + 1 / LOG3) / IDEAL4 + 1) / 2)
    published = found["discovery", "all", "published", "NDCG@10"].value
    assert exploit.difference == pytest.approx(exploit.value - published)
    assert exploit.difference_low <= exploit.difference <= exploit.difference_high


def test_the_first_contender_differs_from_nobody(found):
    assert found["discovery", "all", "published", "NDCG@10"].difference is None


def test_lists_of_unheard_tracks_are_not_judged_by_what_is_heard_again(found):
    """Nor is popularity compared to them there: cy's list has t1, which cy has not heard."""
    assert ("relisten", "all", "published", "NDCG@10") not in found
    again = found["relisten", "all", "popularity", "NDCG@10"]
    assert (again.value, again.difference) == (1.0, None)


def test_popularity_offers_what_was_played_and_not_heard(found):
    """Both t1 and t5 have two listeners: ada gets t5, bob nothing, cy t1."""
    assert found["discovery", "all", "popularity", "NDCG@10"].value == pytest.approx(1 / IDEAL4 / 2)
    assert found["discovery", "all", "popularity", "coverage"].value == 2 / 8


def test_breadth_is_of_what_was_listed(found):
    assert found["discovery", "all", "published", "coverage"].value == 5 / 8
    # Ada's and bob's lists share t7, of 3 and of 2 tracks.
    cosine = 1 / np.sqrt(6) / 3
    assert found["discovery", "all", "published", "personalization"].value == pytest.approx(1 - cosine)
    assert found["discovery", "all", "published", "artist diversity"].value == 1


def test_listeners_are_sliced_by_what_they_had_played(found):
    figure = found["discovery", "1-5 plays", "published", "NDCG@10"]
    assert figure.n_listeners == 2
    assert ("discovery", "0 plays", "published", "NDCG@10") not in found


def test_blocks_of_listeners_change_no_value(split, found, monkeypatch):
    monkeypatch.setattr(peer, "BLOCK_CELLS", 8)
    for key, figure in figures(split, "popularity").items():
        assert figure.value == pytest.approx(found[key].value, nan_ok=True), key
