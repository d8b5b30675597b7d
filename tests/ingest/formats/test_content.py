"""A file is what it is, whatever its name says: read as that, and told; or refused with the remedy."""

import bz2
import gzip
import io
import json
import zipfile

import pytest
import zstandard

from jobs.ingest.landing import Root, list_landing
from jobs.ingest.raw import raw_rows
from tests.ingest.reader import json_lines, listen, read

ROWS = [listen(listen_id=f"a-{n}") for n in range(3)]
LINES = json_lines(*ROWS)
LIST = json.dumps(ROWS).encode()
CSV = b"user_id,track_id,listened_at,ms_played\nu,t,2026-06-28T17:04:00+02:00,1000\n" * 1

READ = [
    # name, body, what is told of it
    ("plain.jsonl.gz", LINES, "plain text under a name that ends in .gz"),
    ("plain.csv.zst", CSV, "plain text under a name that ends in .zst"),
    ("gzip.jsonl", gzip.compress(LINES), "gzip bytes under a name that says nothing of it"),
    ("zstd.jsonl.gz", zstandard.compress(LINES), "zstd bytes under a name that ends in .gz"),
    ("bz2.json", bz2.compress(LIST), "bz2 bytes under a name that says nothing of it"),
    ("bz2.jsonl.bz2", bz2.compress(LINES), None),
    ("level.jsonl.bz2", bz2.compress(LINES, 1), None),
    ("list.jsonl", LIST, None),
    ("pretty.jsonl", json.dumps(ROWS, indent=2).encode(), None),
    ("wrapped.ndjson", json.dumps({"data": ROWS}, indent=2).encode(), None),
    ("lines.json", LINES, None),
    ("commas.jsonl", LINES.replace(b"}\n", b"},\n"), None),
    ("commas.json", LINES.replace(b"}\n", b"},\n"), None),
    (
        "inner.json",
        b'{"a": {"b": 1},\n"data": [' + LINES.replace(b"}\n", b"},\n").rstrip()[:-1] + b"]}",
        None,
    ),
    ("bom.json", b"\xef\xbb\xbf" + LINES, None),
    ("boms.jsonl", b"\xef\xbb\xbf" * 2 + LINES.replace(b"\n", b"\r\n\r\n\xef\xbb\xbf"), None),
    ("list.csv", LIST, "a JSON document under a name that ends in .csv"),
    ("lines.tsv", LINES, "JSON lines under a name that ends in .tsv"),
    ("lines.csv.gz", gzip.compress(LINES), "JSON lines under a name that ends in .csv"),
]


@pytest.mark.parametrize(("name", "body", "told"), READ, ids=[name for name, *_ in READ])
def test_read_as_what_it_is_and_told(tmp_path, name, body, told):
    rows, census = read(tmp_path, "listens", name, body)
    assert [row["rule"] for row in rows] == [None] * (1 if body == CSV else 3)
    assert census["rule"] is None
    assert census["notes"] == ([f"{told}: read as what it is"] if told else [])


def office() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return sink.getvalue()


REFUSED = [
    ("login.json", b"<!DOCTYPE html>\n<html><head>", "other content", "a web page", "logged in"),
    ("login.csv", b"\xef\xbb\xbf\n <HTML>", "other content", "a web page", "logged in"),
    ("page.jsonl", b'<?xml version="1.0"?><html>', "other content", "a web page", "logged in"),
    ("feed.csv", b'<?xml version="1.0"?><rss>', "other content", "XML", "as JSON or as CSV"),
    ("a.json", b"%PDF-1.7\n", "other content", "a PDF document", "remove it"),
    ("a.pdf", b"%PDF-1.7\n", "other content", "a PDF document", "remove it"),
    ("a.jsonl", b"\x89PNG\r\n\x1a\n\0\0", "other content", "an image", "remove it"),
    ("a.csv", b"\xff\xd8\xff\xe0\0\x10JFIF", "other content", "an image", "remove it"),
    ("a.csv.gz", gzip.compress(b"\xff\xd8\xff\xe0\0\x10JFIF"), "other content", "an image", "remove it"),
    ("a.xlsx", office(), "other content", "a spreadsheet", "save the sheet as .csv, in UTF-8"),
    ("a.csv", office(), "other content", "a spreadsheet", "save the sheet as .csv, in UTF-8"),
    ("a.json", b"PK\x03\x04" + b"\0" * 30, "other content", "a zip archive", "name it .zip"),
    ("a.tar.gz", gzip.compress(b"a" * 257 + b"ustar\0"), "other content", "a tar archive", "unpack it"),
    ("a.tgz", gzip.compress(b"a" * 257 + b"ustar\0"), "other content", "a tar archive", "unpack it"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c", "other content", "a 7z archive", "unpack it here"),
    ("a.rar", b"Rar!\x1a\x07", "other content", "a rar archive", "unpack it here"),
    ("a.jsonl.xz", b"\xfd7zXZ\0", "other content", "xz-compressed bytes", "unpack it here"),
    ("a.jsonl.gz", gzip.compress(gzip.compress(LINES)), "other content", "compressed", "unpack it once"),
    ("a.json", b"PAR1\x15\x04", "other content", "a parquet file", "name it .parquet"),
    ("a.json", b"\0" * 4096, "other content", "zeros", "deliver it again"),
    ("a.parquet", b"ARROW1\0\0" + b"\0" * 50, "not a parquet file", "Feather", "write it as .parquet"),
    ("a.csv", b"\x93NUMPY" + b"\0\0\0" * 30, "other content", "no text", "export it as .csv"),
    ("a.csv", "uts,a".encode("utf-32-be"), "not UTF-8", "UTF-16 or UTF-32", "in UTF-8"),
    ("a.json", LIST.decode().encode("utf-16"), "not UTF-8", "UTF-16", "save it as text in UTF-8"),
    ("a.csv", CSV.decode().encode("utf-16-le"), "not UTF-8", "UTF-16", "save it as text in UTF-8"),
    ("a.parquet", CSV, "not a parquet file", "with commas", "name it .csv"),
    ("a.parquet", b"PAR1" + b"\0" * 20, "not a parquet file", "its end is missing", "deliver it again"),
    ("a.txt", LINES, "unknown format", "JSON lines", "name it .jsonl"),
    ("part-0", LIST, "unknown format", "a JSON document", "name it .json"),
    ("a.log", CSV, "unknown format", "'user_id,track_id,listened_at,ms_played'", "name it .csv"),
    # What lastexport writes: it has no line of names, and needs none.
    ("a.txt", b"1620640762\tB\tA\tLP\t\t\t\nx", "unknown format", "with tabs", "name it .tsv\n"),
    ("a.txt", b"a\tb\n", "unknown format", "with tabs", "name it .tsv if that line names the columns\n"),
    ("a.txt", b"A,LP,B,10 May 2021 09:59\r\n", "unknown format", "with commas", "name it .csv\n"),
    (
        "history.html",
        b'<html><style>x</style>Watched <a href="https://music.youtube.com/watch?v=x">B</a>',
        "other content", "YouTube's watch history as a page, which is not read", "ts, artist and track",
    ),
    (
        "h.xls", b'<html xmlns:o="urn:schemas-microsoft-com:office:office"><table>', "other content",
        "a spreadsheet saved as a page", "save the sheet as .csv, in UTF-8",
    ),
    ("a.txt", b"", "unknown format", "an empty file", "remove it"),
    ("a.jsonl", CSV, "malformed file", "with commas", "name it .csv"),
    ("a.json", CSV, "malformed JSON", "with commas", "name it .csv"),
    ("a.json", LIST[:-40], "malformed JSON", "Expecting property name", "deliver the whole file"),
    ("a.json", LIST[:-1] + b",\n]", "malformed JSON", "", "remove the comma before the last bracket"),
    ("a.json", LINES.replace(b"\n", b""), "malformed JSON", "several documents", "jq -c . FILE"),
    (
        "a.jsonl", b"\n".join(json.dumps(row, indent=2).encode() for row in ROWS),
        "malformed JSON", "several documents", "jq -c . FILE",
    ),
    ("a.json", b"[[1, 2], [3, 4]]", "no log", "holds no object", "docs/ingestion.md"),
    ("a.json", repr(ROWS).encode(), "malformed JSON", "", "there it is no JSON"),
    ("a.json", b"var plays = " + LIST, "other content", "JSON within a script", "its first bracket"),
    (
        "a.csv", CSV[:39] + b"\xe9,t,2026-06-28T17:04:00Z,1000\n" * 2, "not UTF-8",
        "none of its", "save the file as UTF-8",
    ),
    (
        "a.json", json.dumps(ROWS, indent=0).encode()[:-40],
        "malformed JSON", "", "deliver the whole file",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "rule", "looks", "remedy"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_what_it_looks_like_and_the_remedy(tmp_path, name, body, rule, looks, remedy):
    _, census = read(tmp_path, "listens", name, body)
    assert census["rule"] == rule
    assert looks in census["reason"] and remedy in f"{census['reason']}\n"


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json.gz"])
def test_raw_bytes_are_found_where_the_content_was(tmp_path, name):
    rows, _ = read(tmp_path, "listens", name, json_lines(ROWS[0], listen(ms_played="long"), ROWS[1]))
    assert [row["rule"] for row in rows] == [None, "wrong type: ms_played", None]
    (file,) = list_landing(Root(str(tmp_path))).files
    assert b'"ms_played": "long"' in raw_rows(Root(str(tmp_path)), file, {2})[2]


def test_an_endless_line_is_a_document(tmp_path):
    rows = [listen(listen_id=str(n), source="x" * 400) for n in range(3_000)]
    found, census = read(tmp_path, "listens", "a.jsonl", json.dumps({"data": rows}).encode())
    assert (len(found), census["rule"]) == (3_000, None)
