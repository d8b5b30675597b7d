import pytest

from jobs.publish.layouts import checksum_line, digits_for


@pytest.mark.parametrize(
    ("n_listeners", "digits"),
    # 256 listeners a pack: 16 packs, 256, 4,096, 65,536.
    [(0, 1), (4_096, 1), (4_097, 2), (65_536, 2), (65_537, 3), (1_048_576, 3), (1_048_577, 4),
     (10**9, 4)],
)  # fmt: skip
def test_packs_are_as_many_as_their_listeners_need(n_listeners, digits):
    assert digits_for(n_listeners) == digits


def test_a_checksum_is_as_sha256sum_says_it():
    of_nothing = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert checksum_line("a/b", b"") == of_nothing + b"  a/b\n"
