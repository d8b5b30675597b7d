"""What stands above a header is no row, and costs none."""

import pytest

from tests.ingest.reader import read

HEADER = b"user_id,track_id,listened_at,ms_played\n"
ROW = b"u,t,2026-06-28T17:04:00Z,1000\n"


@pytest.mark.parametrize(
    ("above", "header"),
    [
        (b"# made by a tool\n", HEADER),
        (b"#one\n# two, with a comma\n\n#three\n", HEADER),
        (b"My plays\n\n", HEADER),
        (b"My plays,of 2026\n", HEADER),
        (b"sep=,\r\n# made by a tool\n", HEADER),
        (b"\xef\xbb\xbf# made by a tool\n", HEADER),
        (b'"# quoted, too"\n', HEADER),
        (b"# note\n" * 10, HEADER),
        (b"\n" * 99 + b"# note\n", HEADER),
    ],
)
def test_comments_and_titles_above_the_header_are_told_and_no_rows(tmp_path, above, header):
    (row,), census = read(tmp_path, "listens", "a.csv", above + header + ROW)
    assert (row["track_id"], row["rule"], census["n_read"]) == ("t", None, 1)
    lines = above.replace(b"sep=,\r\n", b"")
    assert row["line"] == (above + header).count(b"\n") + 1
    told = sum(bool(line.strip()) for line in lines.splitlines())
    assert census["notes"][0].startswith(f"{told} lines above the header are no rows: ")


def test_files_put_together_leave_headers_and_byte_order_marks_behind(tmp_path):
    one = b"\xef\xbb\xbf" + HEADER + ROW
    rows, census = read(tmp_path, "listens", "a.csv", one + one + b"\xef\xbb\xbf" + ROW)
    assert [(row["line"], row["user_id"]) for row in rows] == [(2, "u"), (4, "u"), (5, "u")]
    assert (census["n_read"], census["n_left_out"]) == (3, 1)


def test_a_header_may_be_a_comment_itself(tmp_path):
    (row,), census = read(tmp_path, "listens", "a.csv", b"#" + HEADER + ROW)
    assert (row["user_id"], row["line"]) == ("u", 2)
    assert "'#user_id' as user_id" in census["notes"][0]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        # A row above the header is a row: the file was sorted, or two were joined.
        (ROW + HEADER + ROW, "no header line"),
        # A title is not looked for beyond the first lines.
        (b"a title\n" * 11 + HEADER + ROW, "required columns missing"),
        (b"# nothing but this\n# and this\n", "required columns missing"),
    ],
)
def test_what_is_no_comment_above_the_header_is_not_passed_over(tmp_path, body, rule):
    _, census = read(tmp_path, "listens", "a.csv", body)
    assert census["rule"] == rule


def test_a_comment_above_an_unknown_header_is_not_shown_as_the_header(tmp_path):
    _, census = read(tmp_path, "listens", "a.csv", b"# made by a tool\none,two\n1,2\n3,4\n")
    assert "the header is one,two" in census["reason"]


def test_an_export_without_a_header_is_read_by_the_shape_of_its_rows_and_its_columns_are_told(tmp_path):
    body = b'Ravn,Lys,Lanterns,"17 Nov 2009 23:41"\nRavn,Lys,Harbour,"17 Nov 2009 23:45"\n'
    rows, census = read(tmp_path, "listens", "user=ann/a.csv", body)
    assert (len(rows), census["source"]) == (2, "lastfm_dates")
    assert census["notes"] == [
        "no header line: read as artist, album, track, date, as exports of this shape are"
    ]
