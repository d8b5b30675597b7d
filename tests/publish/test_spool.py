"""What goes through the scratch file comes out as it was, and nothing stays of it."""

import pytest

from jobs.publish.spool import opened_spool

# A body may look like the line before one.
LISTS = [
    (0x8A01, [("users/8a/a.json", b"1\n"), ("users/8a/a.svg", b"")]),
    (0x0B02, [("users/0b/b.json", b"2 users/8a/a.json\n{}"), ("users/0b/b.svg", "é\0".encode())]),
    (0x8A01, [("users/8a/a.rediscover.json", b"3")]),
    (0x8F00, [("users/8f/c.json", b"4")]),
]


@pytest.fixture
def spool(tmp_path):
    with opened_spool(str(tmp_path / "home")) as opened:
        for spread, documents in LISTS:
            opened.add(spread, documents)
        yield opened


def test_documents_come_out_as_they_went_in_however_often(spool):
    everything = [document for _, documents in LISTS for document in documents]
    assert list(spool) == list(spool) == everything


@pytest.mark.parametrize(
    ("digits", "prefixes"),
    [
        (1, {"0": [1], "8": [0, 2, 3]}),
        (2, {"0b": [1], "8a": [0, 2], "8f": [3]}),
        (4, {"0b02": [1], "8a01": [0, 2], "8f00": [3]}),
    ],
)
def test_packs_are_in_order_and_so_are_the_lists_in_them(spool, digits, prefixes):
    found = {prefix: list(documents) for prefix, documents in spool.by_prefix(digits)}
    assert list(found) == list(prefixes)
    assert found == {
        prefix: [document for n in lists for document in LISTS[n][1]]
        for prefix, lists in prefixes.items()
    }


def test_nothing_is_there_by_name_even_while_it_is_open(tmp_path):
    with pytest.raises(KeyError), opened_spool(str(tmp_path)) as spool:
        spool.add(0, LISTS[0][1])
        assert list(tmp_path.iterdir()) == []
        raise KeyError
    assert list(tmp_path.iterdir()) == []
