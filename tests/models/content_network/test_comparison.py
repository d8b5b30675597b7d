import numpy as np
import pytest

from models.content_network.arrays import ListenerArrays, TrackStats
from models.content_network.comparison import decide, measure
from models.content_network.examples import Block

N_LISTENERS, N_PLAYS = 60, 30


def block(liked: np.ndarray) -> Block:
    """Plays of 60 listeners, 30 each."""
    return Block(
        ListenerArrays.unknown(N_LISTENERS, 1),
        TrackStats.unknown(1),
        np.repeat(np.arange(N_LISTENERS), N_PLAYS)[: len(liked)],
        np.zeros(len(liked), np.int64),
        liked.astype(np.float32),
        np.ones(len(liked), np.float32),
    )


@pytest.fixture
def town():
    """The probability of each play being liked, and a draw from it."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.1, 0.9, N_LISTENERS * N_PLAYS)
    return truth, block(rng.random(len(truth)) < truth)


def test_a_challenger_that_ranks_as_well_and_is_as_honest_goes_out(town):
    truth, plays = town
    decision = decide(truth, truth, plays, seed=1)
    assert (decision.promoted, decision.reason) == (True, "not worse than the champion")
    assert {name: d.value for name, d in decision.differences.items()} == {"log_loss": 0, "ndcg@10": 0}


def test_noise_alone_keeps_nobody_back(town):
    truth, plays = town
    noise = np.random.default_rng(1).normal(0, 0.01, len(truth))
    assert decide(truth + noise, truth, plays, seed=1).promoted


def test_a_challenger_that_ranks_worse_stays(town):
    truth, plays = town
    shuffled = np.random.default_rng(1).permutation(truth)
    decision = decide(shuffled, truth, plays, seed=1)
    assert decision.reason == "worse than the champion by log_loss and ndcg@10"
    assert decision.differences["ndcg@10"].high < 0 < decision.differences["log_loss"].low
    assert decide(truth, shuffled, plays, seed=1).promoted


def test_a_challenger_that_ranks_alike_but_exaggerates_stays(town):
    truth, plays = town
    sure = 1 / (1 + np.exp(-5 * np.log(truth / (1 - truth))))
    decision = decide(sure, truth, plays, seed=1, of="the share of likes")
    assert decision.reason == "worse than the share of likes by log_loss"
    assert decision.differences["ndcg@10"].value == 0


def test_the_same_seed_draws_the_same_listeners(town):
    truth, plays = town
    assert measure(truth, plays, seed=1) == measure(truth, plays, seed=1)
    assert measure(truth, plays, seed=1) != measure(truth, plays, seed=2)


def test_what_few_plays_cannot_tell_is_left_out():
    plays = block(np.ones(5))
    p = np.full(5, 0.8)
    assert set(measure(p, plays, seed=1)) == {"log_loss"}
    assert measure(p, plays, seed=1)["log_loss"].value == pytest.approx(-np.log(0.8))
    decision = decide(np.full(5, 0.4), p, plays, seed=1)
    assert set(decision.differences) == {"log_loss"}
    assert not decision.promoted
