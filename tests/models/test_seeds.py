import hashlib

import numpy as np

from models.seeds import generator_of


def test_the_generator_is_that_of_the_first_half_of_the_digest_of_the_parts_joined_by_bars():
    seed = int(hashlib.sha256(b"7|2026-06-14|listener-1").hexdigest()[:32], 16)
    expected = np.random.default_rng(seed).random(3).tolist()
    assert generator_of(7, "2026-06-14", "listener-1").random(3).tolist() == expected


def test_the_same_parts_give_the_same_draws_whatever_else_was_drawn():
    first = generator_of(7, "a").random(3).tolist()
    generator_of(7, "b").random(3)
    assert generator_of(7, "a").random(3).tolist() == first


def test_other_parts_or_another_order_or_another_cut_give_other_draws():
    parts = [(7, "a"), (8, "a"), (7, "b"), ("a", 7), ("7a",), (7, "a", "")]
    assert len({generator_of(*each).random() for each in parts}) == len(parts)
