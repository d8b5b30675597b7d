"""What one broken file, or one broken row, costs: told by the reader alone, without Spark."""

import gzip
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from jobs.ingest.formats import json_records, streams
from jobs.ingest.formats.records import Record
from jobs.ingest.landing import Root, list_landing
from jobs.ingest.raw import raw_rows
from tests.ingest.reader import DAY, json_lines, listen, put, read, read_landed

GOOD = listen()
LINE = json.dumps(GOOD).encode()
BODY = json_lines(GOOD, listen(listen_id="a-2"))
HEADER = b"listen_id,user_id,track_id,listened_at,ms_played,skipped\n"
CELLS = b"a-1,u,t,2026-06-28T17:04:00+02:00,1000,false\n"

ROW_FAULTS = [
    (b'{"listen_id":"a-9","user_id":"u","tra', "malformed JSON"),
    (b"not json at all", "malformed JSON"),
    (b'["a", "list"]', "malformed JSON"),
    (b"3", "malformed JSON"),
    (b"null", "malformed JSON"),
    (LINE + LINE, "malformed JSON"),
    (LINE[:-1] + b",}", "malformed JSON"),
    (LINE + b" // why", "malformed JSON"),
    (LINE[:-1] + b', "user_id": "v"}', "malformed JSON"),
    (LINE.replace(b'"u"', b'"\\ud83d"'), "malformed JSON"),
    (LINE.replace(b'"u"', b'"a\x00b"'), "malformed JSON"),
    (LINE.replace(b'"u"', b'"a\tb"'), "malformed JSON"),
    (LINE.replace(b'"', b"'"), "malformed JSON"),
    (LINE[:-1] + b', "x": {"a": 1, "a": 2}}', "malformed JSON"),
    (LINE[:-1] + b', "user\\u005fid": "v"}', "malformed JSON"),
    (b"\0" * 500, "malformed JSON"),
    (LINE.replace(b"1000", b"0x10"), "malformed JSON"),
    (LINE[:-1] + b', "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "malformed JSON"),
    (LINE[:-1] + b', "x": ' + b'{"y":' * 50_000 + b"1" + b"}" * 50_001, "malformed JSON"),
    (b"[" * 40 + b'"' + b'\\"' * 400_000, "malformed JSON"),
    (LINE.replace(b'"u"', b'"\xe9"'), "not UTF-8"),
    (LINE.replace(b'"u"', b'"\xed\xa0\x80"'), "not UTF-8"),
    (LINE[:-1] + b', "x": "' + b"x" * streams.MAX_LINE + b'"}', "line too long"),
    (listen(ms_played="abc"), "wrong type: ms_played"),
    (listen(ms_played="1000"), "wrong type: ms_played"),
    (listen(ms_played=1000.5), "wrong type: ms_played"),
    (listen(ms_played=True), "wrong type: ms_played"),
    (listen(ms_played={"ms": 1}), "wrong type: ms_played"),
    (listen(ms_played=[1]), "wrong type: ms_played"),
    (listen(ms_played=10**19), "out of range: ms_played"),
    (listen(ms_played=10**400), "out of range: ms_played"),
    (LINE.replace(b"1000", b"NaN"), "not a number: ms_played"),
    (LINE.replace(b"1000", b"-Infinity"), "not a number: ms_played"),
    (LINE.replace(b"1000", b"1e999"), "not a number: ms_played"),
    (LINE.replace(b"1000", b"9" * 5000), "malformed JSON"),
    (listen(user_id=7), "wrong type: user_id"),
    (listen(user_id=["u"]), "wrong type: user_id"),
    (listen(user_id={"id": "u"}), "wrong type: user_id"),
    (listen(user_id=True), "wrong type: user_id"),
    (listen(listened_at="2026-06-28T17:04:00"), "no zone: listened_at"),
    (listen(listened_at="2026-06-28"), "no zone: listened_at"),
    (listen(listened_at="28/06/2026 17:04"), "not ISO-8601: listened_at"),
    (listen(listened_at=1782673451), "not ISO-8601: listened_at"),
    (listen(listened_at="1782673451000"), "not ISO-8601: listened_at"),
    (listen(listened_at="yesterday"), "not ISO-8601: listened_at"),
    (listen(listened_at="2026-06-28T24:00:00Z"), "not ISO-8601: listened_at"),
    (listen(listened_at="2026-06-28T23:59:60Z"), "not ISO-8601: listened_at"),
    (listen(listened_at="2026-02-30T10:00:00Z"), "not ISO-8601: listened_at"),
    (listen(listened_at="2026-06-28T17:04:00+25:00"), "not ISO-8601: listened_at"),
    (listen(listened_at="2026-06-28T17:04:00Z\n"), "not ISO-8601: listened_at"),
    (listen(listened_at="0001-01-01T00:00:00+14:00"), "not ISO-8601: listened_at"),
    (listen(listened_at=["2026-06-28T17:04:00Z"]), "not ISO-8601: listened_at"),
]


@pytest.mark.parametrize(("row", "rule"), ROW_FAULTS, ids=range(len(ROW_FAULTS)))
def test_a_fault_of_a_row_costs_that_row(tmp_path, row, rule):
    rows, census = read(tmp_path, "listens", "f.jsonl", json_lines(GOOD, row, GOOD))
    assert [(row["line"], row["rule"]) for row in rows] == [(1, None), (2, rule), (3, None)]
    assert (census["n_read"], census["rule"]) == (3, None)
    assert [row["user_id"] for row in rows] == ["u", None, "u"]


@pytest.mark.parametrize(
    "changes",
    [
        {"ms_played": 1000.0},
        {"listened_at": "2026-06-28 15:04Z"},
        {"listened_at": "2026-06-28T17:04:00,123456789+0200"},
        {"user_id": "evil\u202egnp.exe 🎧"},
        {"user_id": "Zoe\u0301"},
        {"listen_id": ..., "skipped": ..., "source": None},
        {"source": "NaN and Infinity"},
        {"track_id": "4NaN2Infinity"},
        {"source": "[{" * 40},
        {"more": {"nested": [1, 2]}},
    ],
    ids=range(10),
)
def test_what_is_odd_but_allowed_is_read(tmp_path, changes):
    (row,), census = read(tmp_path, "listens", "f.jsonl", json_lines(listen(**changes)))
    assert row["rule"] is None
    assert row["ms_played"] == 1000
    assert row["user_id"] == listen(**changes)["user_id"]
    assert row["listened_at"].isoformat()[:16] == "2026-06-28T15:04"
    assert census["unknown_columns"] == [name for name in changes if name == "more"]


@pytest.mark.parametrize("value", ["false", "NA", 0, [True]])
def test_an_optional_field_never_costs_the_row(tmp_path, value):
    rows, census = read(tmp_path, "listens", "f.jsonl", json_lines(GOOD, listen(skipped=value)))
    assert [(row["rule"], row["skipped"]) for row in rows] == [(None, False), (None, None)]
    assert census["notes"] == ["skipped: 1 values that are none of its type, set to null"]


def test_the_fast_and_the_exact_reader_agree(tmp_path):
    """A block with a fault is read row by row: its sound rows must not change by that."""
    sound = [listen(listen_id=str(n), skipped=[True, False, None][n % 3]) for n in range(50)]
    fast, _ = read(tmp_path, "listens", "fast.jsonl", json_lines(*sound))
    exact, _ = read(tmp_path, "listens", "exact.jsonl", json_lines(*sound, b"oops"))
    without = [{k: v for k, v in row.items() if k != "landing_file"} for row in exact]
    assert without[:-1] == [{k: v for k, v in row.items() if k != "landing_file"} for row in fast]


def test_letters_of_an_id_do_not_slow_a_block_down(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "jobs.ingest.reading.line_records", lambda *_: [Record(1, b"", {"user_id": "u"})]
    )
    rows, _ = read(tmp_path, "listens", "f.jsonl", json_lines(listen(track_id="4NaN2Infinity")))
    assert [row["track_id"] for row in rows] == ["4NaN2Infinity"]


FILE_FAULTS = [
    ("cut.jsonl.gz", gzip.compress(BODY)[:-12], "truncated file"),
    ("trailer.jsonl.gz", gzip.compress(BODY)[:-4], "truncated file"),
    ("crc.jsonl.gz", gzip.compress(BODY)[:-8] + b"XXXX" + gzip.compress(BODY)[-4:], "damaged file"),
    ("tail.jsonl.gz", gzip.compress(BODY) + b"garbage", "damaged file"),
    ("empty.jsonl.gz", b"", "truncated file"),
    ("cut.jsonl.zst", zstandard.compress(BODY * 50)[:-5], "truncated file"),
    ("empty.csv.zst", b"", "truncated file"),
    ("tail.jsonl.zst", zstandard.compress(BODY) + b"garbage", "damaged file"),
    ("second.jsonl.gz", gzip.compress(BODY) + gzip.compress(BODY)[:-9], "truncated file"),
    ("twice.jsonl.gz", gzip.compress(gzip.compress(BODY)), "other content"),
    ("noise.jsonl.gz", bytes(range(256)), "damaged file"),
    ("utf16.jsonl", BODY.decode().encode("utf-16"), "not UTF-8"),
    ("utf16le.jsonl", BODY.decode().encode("utf-16-le"), "not UTF-8"),
    ("utf16be.csv", (HEADER + CELLS).decode().encode("utf-16-be"), "not UTF-8"),
    ("utf32.jsonl", BODY.decode().encode("utf-32"), "not UTF-8"),
    ("utf16.jsonl.gz", gzip.compress(BODY.decode().encode("utf-16")), "not UTF-8"),
    ("zeros.jsonl", b"\0" * 4096, "other content"),
    ("page.jsonl", b"<html>\n<body>\n502\n", "other content"),
    ("noid.jsonl", json_lines(listen(track_id=...), listen(track_id=None)), "required columns missing"),
    ("other.jsonl", json_lines({"a": 1}, {"a": 2}), "required columns missing"),
    ("other.csv", b"name,age\nann,7\n", "required columns missing"),
    ("noheader.csv", CELLS, "no header line"),
    ("twice.csv", HEADER.replace(b"skipped", b"user_id") + CELLS, "duplicate columns"),
    ("quoted.csv", b'"listen_id\n', "malformed CSV"),
    ("binary.csv", b"\xff\x00\x80listen_id\n", "malformed CSV"),
    ("zero.parquet", b"", "not a parquet file"),
    ("text.parquet", BODY, "not a parquet file"),
    ("magic.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", "not a parquet file"),
    ("list.json", b'{"payload": 3}', "required columns missing"),
    ("half.json", b'[{"user_id": "u"}, {"user', "malformed JSON"),
    ("word.json", b"oops", "malformed JSON"),
    ("notes.txt", BODY, "unknown format"),
    ("noname", BODY, "unknown format"),
]


@pytest.mark.parametrize(("name", "body", "rule"), FILE_FAULTS, ids=[name for name, *_ in FILE_FAULTS])
def test_a_fault_of_a_file_costs_the_file(tmp_path, name, body, rule):
    _, census = read(tmp_path, "listens", name, body)
    assert census["rule"] == rule
    assert census["reason"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("plain.jsonl", BODY),
        ("new\nline 100%'.jsonl", BODY),
        ("empty member.jsonl.gz", gzip.compress(BODY) + gzip.compress(b"")),
        ("bom.jsonl", b"\xef\xbb\xbf" + BODY.replace(b"\n", b"\r\n")),
        ("blank.jsonl", b"\n  \n" + BODY + b"\n\n"),
        ("open.jsonl", BODY[:-1]),
        ("bom.jsonl.gz", gzip.compress(b"\xef\xbb\xbf" + BODY)),
        ("two.jsonl.gz", gzip.compress(LINE + b"\n") + gzip.compress(LINE)),
        ("plain.jsonl.zst", zstandard.compress(BODY)),
        ("UPPER.JSONL", BODY),
        ("list.json", b"[" + LINE + b"," + LINE + b"]"),
        ("lines.json", BODY),
        ("plain.csv", HEADER + CELLS + CELLS),
        ("crlf.csv", b"\xef\xbb\xbf" + (HEADER + CELLS + CELLS).replace(b"\n", b"\r\n")),
        ("quoted.csv", HEADER + CELLS.replace(b"u,", b'"u",') * 2),
        ("plain.tsv", (HEADER + CELLS + CELLS).replace(b",", b"\t")),
        ("unnamed.csv", HEADER[:-1] + b",,\n" + (CELLS[:-1] + b",,\n") * 2),
        ("cr.csv", (HEADER + CELLS + CELLS).replace(b"\n", b"\r")),
        ("semicolon.csv", (HEADER + CELLS + CELLS).replace(b",", b";")),
        ("tabs.csv", (HEADER + CELLS + CELLS).replace(b",", b"\t")),
        ("bars.csv", (HEADER + CELLS + CELLS).replace(b",", b"|")),
        ("excel.csv", b"\xef\xbb\xbfsep=;\r\n" + (HEADER + CELLS + CELLS).replace(b",", b";")),
        ("upper.csv", HEADER.upper().replace(b"_", b" ") + CELLS + CELLS),
        ("camel.csv", b"ListenID, UserId,trackId,Listened-At,MS Played,Skipped\n" + CELLS + CELLS),
    ],
)
def test_two_rows_however_they_are_written(tmp_path, name, body):
    rows, census = read(tmp_path, "listens", name, body)
    assert [(row["user_id"], row["ms_played"], row["skipped"]) for row in rows] == [
        ("u", 1000, False)
    ] * 2
    assert rows[0]["listen_id"] == "a-1"
    assert (census["n_read"], census["rule"]) == (2, None)


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.csv", "empty.json", "blank.jsonl"])
def test_an_empty_file_has_no_rows_and_no_fault(tmp_path, name):
    rows, census = read(tmp_path, "listens", name, b"\n\n" if name.startswith("blank") else b"")
    assert (rows, census["n_read"], census["rule"]) == ([], 0, None)


CSV_FAULTS = [
    (b"a-1,u,t\n", "malformed CSV"),
    (CELLS.replace(b"false", b"false,more"), "malformed CSV"),
    (b'a-1,"u,t,2026-06-28T17:04:00+02:00,1000,false\n', "malformed CSV"),
    (b'a-1,"u"x,t,2026-06-28T17:04:00+02:00,1000,false\n', "malformed CSV"),
    (CELLS.replace(b"u,", b"\x00,"), "malformed CSV"),
    (CELLS.replace(b"u,", b"\xe9,"), "not UTF-8"),
    (CELLS.replace(b"1000", b'"1,5"'), "wrong type: ms_played"),
    (CELLS.replace(b"1000", b"1_000"), "wrong type: ms_played"),
    (CELLS.replace(b"1000", b"\xd9\xa1"), "wrong type: ms_played"),
    (CELLS.replace(b"1000", b"inf"), "not a number: ms_played"),
]


@pytest.mark.parametrize(("row", "rule"), CSV_FAULTS, ids=range(len(CSV_FAULTS)))
def test_a_fault_of_a_csv_row_costs_that_row(tmp_path, row, rule):
    rows, census = read(tmp_path, "listens", "f.csv", HEADER + CELLS + row + CELLS * 30)
    assert [row["rule"] for row in rows] == [None, rule, *[None] * 30]
    assert [row["line"] for row in rows] == list(range(2, 34))
    assert census["n_read"] == 32


FEATURE_NAMES = (
    "track_id", "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
    "instrumentalness", "liveness", "valence", "tempo", "duration_ms", "time_signature",
)  # fmt: skip
FEATURE_CELLS = ("t", "0.5", "0.5", "1", "-5.5", "1", *("0.5",) * 5, "90.5", "9000", "4")


@pytest.mark.parametrize(
    ("separator", "name", "text", "found"),
    [
        (";", "energy", "0,123", 0.123),
        (";", "energy", "1,01e-06", 1.01e-06),
        (";", "tempo", "120,123", 120.123),
        (";", "tempo", "120.123", 120.123),
        (";", "loudness", "-5,5", -5.5),
        (";", "duration_ms", "1.234.567", 1_234_567),
        (";", "duration_ms", "240.000,0", 240_000),
        (";", "duration_ms", "240\u00a0000", 240_000),
        (";", "duration_ms", "240'000", 240_000),
        (";", "duration_ms", "240.000", "not a number: duration_ms"),
        (";", "duration_ms", "240,000", "not a number: duration_ms"),
        (",", "duration_ms", "240,000", 240_000),
        (",", "duration_ms", "240,000.0", 240_000),
        (",", "duration_ms", "9000.000", 9_000),
        (",", "tempo", "120,5", 120.5),
        (",", "tempo", "120,123", "not a number: tempo"),
        (",", "key", "4.000", 4),
        ("\t", "energy", "0,5", 0.5),
        ("|", "tempo", "NA", None),
        (",", "key", "-", None),
        (",", "energy", "n/a", None),
    ],
)
def test_numbers_as_spreadsheets_write_them(tmp_path, separator, name, text, found):
    cells = dict(zip(FEATURE_NAMES, FEATURE_CELLS, strict=True)) | {name: text}
    quoted = (f'"{cell}"' if separator in cell else cell for cell in cells.values())
    body = f"{separator.join(cells)}\n{separator.join(quoted)}\n".encode()
    (row,), census = read(tmp_path, "audio_features", "f.csv", body)
    if name == "tempo" and isinstance(found, str):  # optional: the row stays
        assert (row["tempo"], row["rule"]) == (None, None) and census["notes"]
    elif isinstance(found, str):
        assert row["rule"] == found and "thousands" in row["reason"]
    else:
        assert (row[name], row["rule"]) == (found, None)


def test_a_column_too_many_or_too_few_costs_its_line(tmp_path):
    body = HEADER + CELLS + CELLS[:-1] + b",more\n" + b"a-1,u,t\n" + b'a-2,12" Mix,t' + CELLS[7:] + CELLS
    rows, _ = read(tmp_path, "listens", "f.csv", body)
    assert [(row["line"], row["rule"]) for row in rows] == [
        (2, None), (3, "malformed CSV"), (4, "malformed CSV"), (5, None), (6, None),
    ]  # fmt: skip
    assert rows[3]["user_id"] == '12" Mix'


@pytest.mark.parametrize("at", ["28/06/2026 17:04", "06-28-2026", "28.6.26 17:04"])
def test_an_order_of_day_and_month_is_not_guessed(tmp_path, at):
    body = HEADER + CELLS + CELLS.replace(b"2026-06-28T17:04:00+02:00", at.encode())
    rows, _ = read(tmp_path, "listens", "f.csv", body)
    assert rows[1]["rule"] == "not ISO-8601: listened_at"
    assert "day or the month comes first" in rows[1]["reason"]
    assert "2026-06-28T21:04:00+02:00" in rows[1]["reason"]


def test_a_file_without_a_header_says_so(tmp_path):
    for body in (CELLS * 2, b"ann;7;2026-06-28 12:00\n" * 2, b"u|2009-05-04T23:08:57Z|x\n" * 2):
        _, census = read(tmp_path, "listens", "f.csv", body)
        assert census["rule"] == "no header line"
        assert f"the first line is {body.splitlines()[0].decode()}; put a line" in census["reason"]
        assert "track_id" in census["reason"] and "user_id" in census["reason"]


def test_a_file_whose_every_line_has_other_cells_than_the_header_says_how_many(tmp_path):
    _, census = read(tmp_path, "listens", "f.csv", HEADER + (CELLS[:-1] + b",more\n") * 3)
    assert census["rule"] == "malformed file"
    assert census["reason"].endswith(
        "3 of them: 7 fields where the header has 6: a cell that holds ',' stands in quotes"
    )
    # Nothing is quoted between tabs.
    body = (HEADER + (CELLS[:-1] + b",more\n") * 3).replace(b",", b"\t")
    _, census = read(tmp_path, "listens", "f.tsv", body)
    assert census["reason"].endswith("3 of them: 7 fields where the header has 6")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.jsonl", b""),
        ("a.json", b"[]"),
        ("a.csv", HEADER),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.tsv", b"\n\n"),
    ],
)
def test_a_file_without_a_row_is_read_and_says_so(tmp_path, name, body):
    rows, census = read(tmp_path, "listens", name, body)
    assert (rows, census["rule"], census["notes"]) == ([], None, ["it holds no row"])


SECONDS = "seconds, not milliseconds"


@pytest.mark.parametrize(
    ("kind", "lengths", "rule"),
    [
        ("tracks", [215, 190, 301, 12, 1200], SECONDS),
        # Few prove nothing; there are jingles; half may be short; a long one proves milliseconds.
        ("tracks", [215, 190, 301, 12], None),
        ("tracks", [1200, 2000, 900, 3000, 1100], None),
        ("tracks", [215, 190, 3010, 4000], None),
        ("tracks", [215, 190, 301, 12, 10_000], None),
        ("tracks", [215, 190, 301, 12, 9_999], SECONDS),
        ("listens", [200] * 20, SECONDS),
        ("listens", [200] * 19, None),
        ("tracks", [29] * 5, None),
        ("tracks", [30] * 5, SECONDS),
        ("tracks", [999] * 5, SECONDS),
        ("tracks", [1000] * 5, None),
        # Nothing was heard of a play of 0 ms, in any unit.
        ("listens", [0] * 20, None),
        ("listens", [0] * 10 + [200] * 10, None),
    ],
)
@pytest.mark.parametrize("layout", ["csv", "jsonl", "parquet"])
def test_lengths_in_seconds_are_refused(tmp_path, kind, lengths, rule, layout):
    name = {"tracks": "duration_ms", "listens": "ms_played"}[kind]
    track = {"track_id": "t", "title": "T", "artist_id": "a", "artist": "A"}
    heard = {"user_id": "u", "track_id": "t", "listened_at": "2026-06-28T17:04:00Z"}
    rows = [(track if kind == "tracks" else heard) | {name: length} for length in lengths]
    if layout == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x")
        body = (tmp_path / "x").read_bytes()
    elif layout == "csv":
        cells = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        body = "\n".join(cells).encode()
    else:
        body = json_lines(*rows)
    _, census = read(tmp_path, kind, f"f.{layout}", body)
    assert census["rule"] == rule
    if rule:
        n_songs = sum(30 <= length < 1000 for length in lengths)
        told = f"{name} is 30 to 999 in {n_songs} of {len(lengths)} rows, and {max(lengths):,} at most"
        assert told in census["reason"] and "multiply them by 1,000" in census["reason"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [("x", ["x"]), ("['x', 'y']", ["x", "y"]), ('["x", "y"]', ["x", "y"]), ("NA", None), ("x; y", None)],
)
def test_lists_of_ids_as_people_write_them(tmp_path, cell, found):
    quoted = cell.replace('"', '""')
    body = f'track_id,title,artist_ids,artist,duration_ms\nt,NA,"{quoted}",A,1\n'.encode()
    (row,), _ = read(tmp_path, "tracks", "f.csv", body)
    assert (row["title"], row["artist_ids"]) == ("NA", found)


def test_columns_spelled_otherwise_are_told_and_never_two_of_one(tmp_path):
    _, census = read(tmp_path, "listens", "f.csv", HEADER.replace(b"user_id", b" User ID ") + CELLS)
    assert census["notes"] == ["columns read by their meaning: ' User ID ' as user_id"]
    both = HEADER.replace(b"skipped", b"User ID") + CELLS
    (row,), census = read(tmp_path, "listens", "f.csv", both)
    assert (row["user_id"], census["unknown_columns"]) == ("u", ["User ID"])
    _, census = read(
        tmp_path, "listens", "f.csv", HEADER.replace(b"user_id", b"User ID,USER-ID") + CELLS
    )
    assert census["rule"] == "duplicate columns"


def test_a_quoted_field_may_hold_line_breaks(tmp_path):
    header = b"track_id,title,artist_id,artist,duration_ms\n"
    body = header + b't,"two\n\nlines, ""quoted""",a,A,1\nt2,NA,a,A,1.0\n'
    rows, _ = read(tmp_path, "tracks", "f.csv", body)
    assert [(row["line"], row["title"]) for row in rows] == [(2, 'two\n\nlines, "quoted"'), (5, "NA")]


def test_an_empty_cell_is_no_value(tmp_path):
    (row,), _ = read(tmp_path, "listens", "f.csv", HEADER + b",,t,2026-06-28T17:04:00Z,1,\n")
    assert (row["listen_id"], row["user_id"], row["skipped"], row["rule"]) == (None, None, None, None)


def parquet(**columns) -> bytes:
    sink = pa.BufferOutputStream()
    at = pa.array([0, 1], pa.timestamp("ms", tz="Europe/Berlin"))
    base = {"user_id": ["u", "v"], "track_id": ["t", "t"], "listened_at": at, "ms_played": [1, 2]}
    pq.write_table(pa.table({k: v for k, v in (base | columns).items() if v is not None}), sink)
    return sink.getvalue().to_pybytes()


def test_parquet_with_wider_or_narrower_types_of_the_same_meaning(tmp_path):
    body = parquet(
        ms_played=pa.array([1, 2], pa.int16()),
        user_id=pa.array(["u", "v"], pa.dictionary(pa.int8(), pa.large_string())),
        device=["phone", "web"],
        skipped=pa.nulls(2),
    )
    rows, census = read(tmp_path, "listens", "f.parquet", body)
    assert [(row["user_id"], row["ms_played"], row["line"]) for row in rows] == [
        ("u", 1, 1),
        ("v", 2, 2),
    ]
    assert census["unknown_columns"] == ["device"]


@pytest.mark.parametrize(
    ("columns", "rule", "named"),
    [
        ({"user_id": [1, 2]}, "column types differ", "user_id is int64, not string"),
        ({"user_id": [1, 2]}, "column types differ", 'pandas: df["user_id"].astype("string")'),
        ({"ms_played": ["1", "2"]}, "column types differ", "ms_played is string"),
        ({"ms_played": ["1", "2"]}, "column types differ", 'pandas: pd.to_numeric(df["ms_played"])'),
        ({"ms_played": [True, False]}, "column types differ", "ms_played is bool"),
        ({"listened_at": pa.array([0, 1], pa.timestamp("us"))}, "column types differ", "tz_localize"),
        ({"listened_at": [0, 1]}, "column types differ", "pandas: pd.to_datetime("),
        ({"listened_at": ["2026-06-28", "soon"]}, "no usable row", "listened_at is '2026-06-28'"),
        ({"user_id": [{"id": "u"}, {"id": "v"}]}, "column types differ", "user_id is struct"),
        ({"user_id": [["u"], ["v"]]}, "column types differ", "user_id is list"),
        ({"user_id": None}, "required columns missing", "user_id"),
        ({"user_id": pa.nulls(2)}, "required columns missing", "user_id in all 2 rows"),
        ({"user_id": pa.array([b"u", b"v"], pa.binary(1))}, "column types differ", "fixed_size_binary"),
    ],
)
def test_parquet_types_are_the_files(tmp_path, columns, rule, named):
    _, census = read(tmp_path, "listens", "f.parquet", parquet(**columns))
    assert census["rule"] == rule
    assert named in census["reason"]


INSTANT = pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("ms_played", pa.array([1.0, 2.5]), [1, "wrong type: ms_played"]),
        ("ms_played", pa.array([1.0, float("nan")]), [1, "not a number: ms_played"]),
        ("ms_played", pa.array([1.0, 1e19]), [1, "out of range: ms_played"]),
        ("ms_played", pa.array([1, 2**64 - 1], pa.uint64()), [1, "out of range: ms_played"]),
        ("ms_played", pa.array([1, 2]).cast(pa.decimal128(20, 0)), [1, 2]),
        ("ms_played", pa.array([1.0, None]).dictionary_encode(), [1, None]),
        ("user_id", pa.array([b"u", "é".encode()]), ["u", "é"]),
        ("user_id", pa.array([b"u", b"\xff"], pa.large_binary()), ["u", "wrong type: user_id"]),
        ("user_id", pa.array(["u", "v"], pa.large_string()), ["u", "v"]),
        ("listened_at", pa.array(["2026-06-28T19:00:00+02:00", "2026-06-28 17:00"]),
         ["2026-06-28T17:00:00+00:00", "no zone: listened_at"]),
        ("listened_at", pa.array([0, 1_782_666_000_000_000_999], pa.timestamp("ns", "Asia/Tokyo")),
         ["1970-01-01T00:00:00+00:00", "2026-06-28T17:00:00+00:00"]),
    ],
)  # fmt: skip
def test_parquet_columns_of_another_type_whose_values_are_meant(tmp_path, name, values, found):
    rows, census = read(tmp_path, "listens", "f.parquet", parquet(**{name: values}))
    shown = [value.isoformat() if hasattr(value, "isoformat") else value
             for value in (row["rule"] or row[name] for row in rows)]  # fmt: skip
    assert (shown, census["rule"], census["n_read"]) == (found, None, 2)
    assert [row["line"] for row in rows] == [1, 2]
    (file,) = list_landing(Root(str(tmp_path))).files
    assert raw_rows(Root(str(tmp_path)), file, {2})[2].startswith(b"{")


def test_parquet_of_an_export_is_read_as_the_export(tmp_path):
    sink = pa.BufferOutputStream()
    columns = {
        "ts": pa.array([0, None], pa.timestamp("ns", "UTC")),
        "ms_played": [1000.0, 2000.0],
        "master_metadata_track_name": ["T", "T"],
        "master_metadata_album_artist_name": ["A", "A"],
        "episode_name": pa.array([None, float("nan")]),
        "skipped": [True, None],
    }
    pq.write_table(pa.table(columns), sink)
    rows, census = read(tmp_path, "listens", "user=ann/h.parquet", sink.getvalue().to_pybytes())
    assert [(row["user_id"], row["ms_played"], row["skipped"], row["rule"]) for row in rows] == [
        ("ann", 1000, True, None), (None, None, None, "missing field: ts"),
    ]  # fmt: skip
    assert rows[0]["listened_at"].isoformat() == "1969-12-31T23:59:59+00:00"
    assert (census["source"], census["rule"]) == ("spotify", None)


def test_an_optional_column_of_another_type_costs_its_values(tmp_path):
    body = parquet(skipped=["NA", None], source=[1, 2], playlist_id=["p\n", "q"])
    rows, census = read(tmp_path, "listens", "f.parquet", body)
    assert [(row["skipped"], row["source"], row["playlist_id"], row["rule"]) for row in rows] == [
        (None, None, None, None), (None, None, "q", None),
    ]  # fmt: skip
    assert census["notes"] == [
        f"{name}: {n} values that are none of its type, set to null"
        for name, n in (("playlist_id", 1), ("skipped", 1), ("source", 2))
    ]


def test_whole_numbers_and_days_of_optional_columns_however_parquet_has_them(tmp_path):
    sink = pa.BufferOutputStream()
    table = {"track_id": ["a", "b", "c"], **{name: [0.5] * 3 for name in FLOATS}, **WHOLE}
    table |= {"key": [4.0, float("nan"), 4.5], "tempo": [float("inf"), 0.0, 90.0]}
    pq.write_table(pa.table(table), sink)
    rows, _ = read(tmp_path, "audio_features", "f.parquet", sink.getvalue().to_pybytes())
    assert [(row["key"], row["tempo"]) for row in rows] == [(4, None), (None, None), (None, 90.0)]
    sink = pa.BufferOutputStream()
    tracks = {"track_id": ["a"], "title": ["T"], "artist": ["A"], "artist_ids": [["x"]],
              "duration_ms": [9], "release_date": pa.array([10_000], pa.date32())}  # fmt: skip
    pq.write_table(pa.table(tracks), sink)
    (row,), _ = read(tmp_path, "tracks", "t.parquet", sink.getvalue().to_pybytes())
    assert row["release_date"] == "1997-05-19"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1999", "1999"), ("1999-12", "1999-12"), ("1999-12-31", "1999-12-31"), ("", ""),
     ("1999-12-31 00:00:00", "1999-12-31"), ("1999-12-31T00:00:00Z", "1999-12-31"),
     ("1999-02-30", None), ("1999-13", None), ("0000", None), ("06/1999", None), ("soon", None)],
)  # fmt: skip
def test_a_release_date_that_is_none_is_null(tmp_path, given, kept):
    track = {"track_id": "t", "title": "T", "artist": "A", "artist_id": "a", "duration_ms": 9}
    rows, census = read(
        tmp_path, "tracks", "f.jsonl", json_lines(track | {"release_date": given}, track)
    )
    assert [(row["release_date"], row["rule"]) for row in rows] == [(kept, None), (None, None)]
    told = ["release_date: 1 values that are none of its type, set to null"]
    assert census["notes"] == (told if kept is None else [])


@pytest.mark.parametrize("cut", [slice(0, -8), slice(0, 300)])
def test_a_broken_parquet_file_is_refused(tmp_path, cut):
    _, census = read(tmp_path, "listens", "f.parquet", parquet()[cut])
    assert census["rule"] == "not a parquet file"


def test_parquet_pages_that_cannot_be_read_cost_the_file(tmp_path):
    body = parquet()
    for broken in (body[:4] + b"\xff" * 56 + body[60:], body[4:]):
        _, census = read(tmp_path, "listens", "f.parquet", broken)
        assert census["rule"] == "damaged file"


@pytest.mark.parametrize("at", [2**63 - 1, -(2**62)])
def test_a_time_beyond_the_calendar_costs_its_row(tmp_path, at):
    body = parquet(listened_at=pa.array([at, 0], pa.timestamp("ms", tz="UTC")))
    rows, _ = read(tmp_path, "listens", "f.parquet", body)
    assert [row["rule"] for row in rows] == ["out of range: listened_at", None]
    (file,) = list_landing(Root(str(tmp_path))).files
    assert str(at).encode() in raw_rows(Root(str(tmp_path)), file, {1})[1]


def test_parquet_numbers_that_are_none(tmp_path):
    sink = pa.BufferOutputStream()
    table = {"track_id": ["a", "b", "c"], **{name: [0.5] * 3 for name in FLOATS}, **WHOLE}
    table["energy"] = [0.5, float("nan"), None]
    pq.write_table(pa.table(table), sink)
    rows, _ = read(tmp_path, "audio_features", "f.parquet", sink.getvalue().to_pybytes())
    assert [row["rule"] for row in rows] == [None, "not a number: energy", None]


FLOATS = (
    "danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness",
    "liveness", "valence", "tempo",
)  # fmt: skip
WHOLE = {"key": [1] * 3, "mode": [1] * 3, "duration_ms": [1] * 3, "time_signature": [4] * 3}


def test_a_features_file_as_it_is_passed_around(tmp_path):
    """An index without a name, a row for each genre, and 0 for what was not detected."""
    header = (
        ",track_id,artists,track_name,duration_ms,danceability,energy,key,loudness,mode,speechiness,"
        "acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre"
    )
    row = "{},{},A,T,{},0.2453,0.8162,0,{},1,0.2415,0.2714,1.01e-06,0.2808,0.288,{},{},{}"
    lines = [
        row.format(0, "a", 200_000, -11.3, 135.7, 4, "pop"),
        row.format(1000, "a", 200_000, -11.3, 135.7, 4, "folk"),
        row.format(3, "b", 200_000, 1.23, 0.0, 0, "noise"),
        row.format(65900, "c", 0, -9.46, 138.4, 4, "none"),
    ]
    rows, census = read(tmp_path, "audio_features", "dataset.csv", "\n".join([header, *lines]).encode())
    assert [row["rule"] for row in rows] == [None] * 4
    assert rows[0] | {"line": 3} == rows[1]
    assert [(row["key"], row["tempo"], row["time_signature"], row["loudness"]) for row in rows[1:]] == [
        (0, 135.7, 4, -11.3), (0, None, None, 1.23), (0, 138.4, 4, -9.46),
    ]  # fmt: skip
    assert rows[0]["instrumentalness"] == 1.01e-06 and rows[3]["duration_ms"] == 0
    assert census["unknown_columns"] == ["", "artists", "track_genre", "track_name"]
    assert "tempo: not detected in 1 rows: null" in census["notes"]


@pytest.mark.parametrize("name", ["f.jsonl", "f.csv", "f.parquet"])
def test_what_was_not_detected_is_null_and_counted(tmp_path, name):
    columns = {"track_id": ["a", "b", "c"], **{name: [0.5] * 3 for name in FLOATS}, **WHOLE}
    columns |= {"tempo": [0.0, 90.0, None], "key": [-1, 0, 11], "time_signature": [0, 0, 4]}
    columns["mode"] = [0, 0, 0]
    records = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    text = [
        ",".join(columns),
        *(",".join("" if v is None else str(v) for v in r.values()) for r in records),
    ]
    bodies = {
        "f.jsonl": json_lines(*records), "f.csv": "\n".join(text).encode(),
        "f.parquet": sink.getvalue().to_pybytes(),
    }  # fmt: skip
    rows, census = read(tmp_path, "audio_features", name, bodies[name])
    assert [row["rule"] for row in rows] == [None] * 3
    assert [(row["tempo"], row["key"], row["time_signature"], row["mode"]) for row in rows] == [
        (None, None, None, 0), (90.0, 0, None, 0), (None, 11, 4, 0),
    ]  # fmt: skip
    assert census["notes"] == [
        "key: not detected in 1 rows: null",
        "tempo: not detected in 2 rows: null",
        "time_signature: not detected in 2 rows: null",
    ]


def test_an_unpacking_bomb_stops_early(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BOMB_BYTES", 1 << 20)
    body = gzip.compress(b" " * (1 << 25))
    _, census = read(tmp_path, "listens", "bomb.jsonl.gz", body)
    assert census["rule"] == "compression bomb"


def test_a_document_too_long_for_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "MAX_DOCUMENT", 100)
    _, census = read(tmp_path, "listens", "f.json", b"[" + LINE + b"," + LINE + b"]")
    assert census["rule"] == "document too long"


def test_lines_across_blocks_keep_their_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 64)
    sound = [listen(listen_id=str(n)) for n in range(20)]
    rows, _ = read(tmp_path, "listens", "f.jsonl", json_lines(*sound[:10], b"oops", *sound[10:]))
    assert [row["line"] for row in rows] == list(range(1, 22))
    assert [row["line"] for row in rows if row["rule"]] == [11]


def test_links_pipes_and_folders(tmp_path):
    here = put(tmp_path, "listens", "real.jsonl", BODY).parent
    (here / "link.jsonl").symlink_to(here / "real.jsonl")
    (here / "lost.jsonl").symlink_to(here / "nowhere")
    (here / "loop").symlink_to(here)
    os.mkfifo(here / "pipe.jsonl")
    put(tmp_path, "listens", "spark.jsonl/part-0.jsonl", BODY)
    place = f"listens/date={DAY}"
    names = [file.name for file in list_landing(Root(str(tmp_path))).files]
    assert names == [
        f"{place}/{name}"
        for name in ("link.jsonl", "lost.jsonl", "pipe.jsonl", "real.jsonl", "spark.jsonl/part-0.jsonl")
    ]  # fmt: skip
    assert [read_landed(tmp_path, name)[1]["rule"] for name in names] == [
        None, "unreadable file", "unreadable file", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["f.jsonl", "f.jsonl.gz", "f.csv", "f.json", "f.parquet"])
def test_raw_bytes_of_a_row_are_found_again(tmp_path, name):
    bodies = {
        "f.jsonl": BODY, "f.jsonl.gz": gzip.compress(BODY), "f.csv": HEADER + CELLS,
        "f.json": b"[" + LINE + b"," + LINE + b"]", "f.parquet": parquet(),
    }  # fmt: skip
    put(tmp_path, "listens", name, bodies[name])
    (file,) = list_landing(Root(str(tmp_path))).files
    raw = raw_rows(Root(str(tmp_path)), file, {2})
    assert list(raw) == [2]
    assert raw[2] == {
        "f.csv": CELLS.strip(), "f.json": LINE,
        "f.parquet": b'{"user_id": "v", "track_id": "t", "listened_at":'
        b' "1970-01-01 01:00:00.001000+01:00", "ms_played": 2}',
    }.get(name, BODY.splitlines()[1])  # fmt: skip
