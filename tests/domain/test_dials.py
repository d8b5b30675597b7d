import pytest

from jobs.domain.dials import Dials, problem_of


def test_dials_are_read_as_they_landed():
    assert Dials.of({}) == Dials(None, None, 0.0, True)
    texts = {"list_length": "12", "adventurousness": "0", "known_share": "0.25", "explicit": "no"}
    assert Dials.of(texts) == Dials(12, 0.0, 0.25, False)
    assert Dials.of({"explicit": "yes"}).explicit


@pytest.mark.parametrize(
    ("dial", "good", "bad"),
    [
        ("list_length", ["1", "100"], ["0", "101", "-1", "2.5", "", "many", "05", "\u0661"]),
        (
            "adventurousness",
            ["0", "1", "0.5", ".25", "1.0"],
            ["-0.1", "1.1", "", "wild", "nan", "1e-1", "1d", "0.5\\n"],
        ),
        ("known_share", ["0", "1"], ["2", "half"]),
        ("explicit", ["yes", "no"], ["true", "", "No"]),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(dial, good, bad):
    assert [problem_of(dial, value) for value in good] == [""] * len(good)
    for value in bad:
        assert problem_of(dial, value).startswith("the value is ")
