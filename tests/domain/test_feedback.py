import numpy as np

from jobs.domain.feedback import NEVER, VERDICTS, is_liked, is_taken_back


def test_the_latest_of_like_and_rejection_counts_and_a_tie_is_not_a_like():
    liked_at = np.array([5, 4, 5, 5, NEVER, NEVER])
    rejected_at = np.array([4, 5, 5, NEVER, 5, NEVER])
    assert is_liked(liked_at, rejected_at).tolist() == [True, False, False, True, False, False]
    assert set(VERDICTS) == {"like", "dislike", "block_track"}


def test_an_exclusion_takes_back_what_was_heard_up_to_its_instant():
    heard_at = np.array([9, 10, 11, 10, 11, 9])
    by_listen = np.array([10, 10, 10, NEVER, NEVER, NEVER])
    by_track = np.array([NEVER, NEVER, NEVER, 10, 10, NEVER])
    taken_back = is_taken_back(heard_at, by_listen, by_track)
    assert taken_back.tolist() == [True, True, False, True, False, False]
