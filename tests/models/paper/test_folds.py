import numpy as np
import pytest

from models.paper.folds import repeated_folds, single_split
from tests.models.paper.songs import some_songs

SONGS = some_songs(200)


@pytest.mark.parametrize("groups", [SONGS.song, SONGS.artist], ids=["songs", "artists"])
def test_no_group_is_on_both_sides_of_a_fold(groups):
    folds = repeated_folds(SONGS.liked, groups, n_folds=5, n_repeats=2, seed=1)
    assert len(folds) == 10
    for fold in folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])


def test_each_repeat_tests_every_song_once_and_repeats_differ():
    folds = repeated_folds(SONGS.liked, SONGS.song, n_folds=4, n_repeats=2, seed=1)
    for repeat in (folds[:4], folds[4:]):
        assert sorted(np.concatenate([fold.test for fold in repeat])) == list(range(200))
        for fold in repeat:
            assert sorted(np.concatenate([fold.train, fold.test])) == list(range(200))
    assert {tuple(fold.test) for fold in folds[:4]}.isdisjoint(tuple(fold.test) for fold in folds[4:])


def test_folds_are_stratified():
    for fold in repeated_folds(SONGS.liked, SONGS.song, n_folds=4, n_repeats=1, seed=1):
        assert SONGS.liked[fold.test].mean() == pytest.approx(SONGS.liked.mean(), abs=0.05)


def test_a_seed_gives_the_same_folds():
    first, again = (repeated_folds(SONGS.liked, SONGS.song, 4, 1, seed=5) for _ in range(2))
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, again, strict=True))


def test_a_second_repeat_is_the_first_of_the_next_seed():
    twice = repeated_folds(SONGS.liked, SONGS.song, 4, 2, seed=5)
    after = repeated_folds(SONGS.liked, SONGS.song, 4, 1, seed=6)
    assert [fold.test.tolist() for fold in twice[4:]] == [fold.test.tolist() for fold in after]


def test_the_single_split_holds_a_fifth_out_and_keeps_repeats_together():
    split = single_split(SONGS.liked, SONGS.song, seed=0)
    assert len(split.test) == pytest.approx(40, abs=2)
    assert not set(SONGS.song[split.train]) & set(SONGS.song[split.test])
