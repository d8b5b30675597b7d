from collections import Counter

from jobs.ingest.tally import Tally


def told(n_columns: int) -> list[str]:
    """What is told of "NA" in so many columns, once in a, twice in b and so on."""
    words = {("abcdefg"[n], "NA"): n + 1 for n in reversed(range(n_columns))}
    return Tally(nothing=Counter(words)).told()


def test_a_word_for_nothing_is_told_with_its_first_five_columns_by_name():
    assert told(0) == []
    assert told(2) == ["'NA' is taken for nothing: 1 values of a, 2 values of b"]
    five = "1 values of a, 2 values of b, 3 values of c, 4 values of d, 5 values of e"
    assert told(5) == [f"'NA' is taken for nothing: {five}"]
    assert told(7) == [f"'NA' is taken for nothing: {five} and of 2 columns more"]
