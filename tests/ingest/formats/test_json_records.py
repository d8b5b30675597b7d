"""Answers however they are wrapped: one document is not one row, the first record decides nothing."""

import json

import pytest

from jobs.ingest.formats.json_records import wrapped
from tests.ingest.reader import json_lines, listen, read
from tests.ingest.sources.test_sources import ACCOUNT, ANSWER, BRAINZ, ENTRY, SPOTIFY

PLAY = {name: value for name, value in BRAINZ.items() if name != "user_name"}
NOW = {"playing_now": True, "track_metadata": BRAINZ["track_metadata"]}
USER = {"@attr": {"user": "ann", "page": "1"}}

WRAPPED = [
    # kind, document, users or tracks of its rows
    ("listens", {"payload": {"count": 2, "user_id": "ann", "listens": [PLAY, PLAY]}}, ["ann", "ann"]),
    ("listens", [{"listens": [BRAINZ]}, {"listens": [BRAINZ | {"user_name": "bo"}]}], ["ann", "bo"]),
    ("listens", {"a": {"b": [[PLAY], [PLAY]], "user_name": "ann"}}, ["ann", "ann"]),
    ("listens", {"payload": {"user_id": "ann", "listens": [NOW, PLAY]}}, ["ann"]),
    ("listens", {"recenttracks": USER | {"track": [ENTRY, ENTRY]}}, ["ann", "ann"]),
    ("listens", {"recenttracks": USER | {"track": ENTRY}}, ["ann"]),
    ("listens", [{"recenttracks": USER | {"track": [ENTRY]}}, {"recenttracks": {"track": []}}], ["ann"]),
    ("listens", [USER | {"track": [ENTRY]}, {"@attr": {"user": "bo"}, "track": [ENTRY]}], ["ann", "bo"]),
    ("listens", {"anything": [SPOTIFY | {"username": "ann"}]}, ["ann"]),
    ("listens", {"0": listen(), "1": listen(user_id="v")}, ["u", "v"]),
    ("listens", {"result": {"rows": [listen(), listen()]}}, ["u", "u"]),
    ("listens", {"recenttracks": USER | {"track": []}}, []),
    ("listens", {"payload": {"count": 0, "listens": []}}, []),
    ("audio_features", {"audio_features": [ANSWER, ANSWER | {"id": "x"}]}, ["abc", "x"]),
    ("audio_features", [{"audio_features": [ANSWER]}, {"audio_features": [ANSWER]}], ["abc", "abc"]),
    ("audio_features", {"tracks": {"items": [ANSWER]}}, ["abc"]),
    ("audio_features", ANSWER, ["abc"]),
    ("listens", {"payload": {"user_id": "ann", "listens": [NOW]}}, []),
]


@pytest.mark.parametrize(("kind", "document", "expected"), WRAPPED, ids=range(len(WRAPPED)))
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "pages.jsonl"])
def test_the_records_of_an_answer(tmp_path, kind, document, expected, name):
    body = json.dumps(document).encode()
    if name == "pages.jsonl":  # an answer a line
        body, expected = (body + b"\n") * 2, expected * 2
    rows, census = read(tmp_path, kind, name, body)
    assert census["rule"] is None
    assert [row["rule"] for row in rows] == [None] * len(expected)
    assert [row["user_id" if kind == "listens" else "track_id"] for row in rows] == expected
    assert census["n_read"] == len(expected)


def test_a_folder_comes_before_what_an_answer_says(tmp_path):
    body = json.dumps({"recenttracks": USER | {"track": [ENTRY]}}).encode()
    rows, _ = read(tmp_path, "listens", "user=eve/a.json", body)
    assert [row["user_id"] for row in rows] == ["eve"]


def test_a_page_that_failed_is_one_refused_row_among_pages(tmp_path):
    pages = [
        {"payload": {"listens": [BRAINZ]}},
        {"code": 429, "error": "rate"},
        {"payload": {"listens": []}},
    ]
    rows, census = read(tmp_path, "listens", "a.json", json.dumps(pages).encode())
    assert [(row["line"], row["rule"]) for row in rows] == [
        (1, None),
        (2, "no record"),
    ]
    assert "rate" in rows[1]["reason"] and "ask for it again" in rows[1]["reason"]
    assert (census["n_read"], census["n_left_out"]) == (2, 1)


def test_the_account_that_is_named_nearest_to_a_record_is_its(tmp_path):
    page = {"user": "inner", "listens": [ENTRY]}
    document = {"user": "outer", "pages": [page, [ENTRY]]}
    assert wrapped(document, lambda fields: fields is ENTRY) == [
        (ENTRY, "inner"), (ENTRY, "outer"),
    ]  # fmt: skip


def test_an_object_in_an_object_is_no_list_of_records_by_number():
    assert wrapped({"one": ENTRY, "more": {"a": 1}}, lambda fields: fields is ENTRY) == [(ENTRY, None)]


def test_objects_by_number_lose_none(tmp_path):
    rows = {"0": listen(), "1": listen(), "2": {"user_id": "u"}}
    found, _ = read(tmp_path, "listens", "a.json", json.dumps(rows).encode())
    assert [row["track_id"] for row in found] == ["t", "t", None]


def test_what_is_no_object_among_records_is_one_refused_row(tmp_path):
    rows, _ = read(tmp_path, "listens", "a.json", json.dumps([None, 3, "x", [], listen()]).encode())
    assert [row["reason"] for row in rows] == [
        "entry 2 is a number, not an object",
        "entry 3 is a text, not an object", "entry 4 is a list, not an object", None,
    ]  # fmt: skip


def test_records_are_found_wherever_the_first_of_them_stands(tmp_path):
    rows = [{"note": n} for n in range(150)] + [SPOTIFY | {"username": "ann"}] * 3
    for name, body in (("a.jsonl", json_lines(*rows)), ("a.json", json.dumps(rows).encode())):
        found, census = read(tmp_path, "listens", name, body)
        assert (census["source"], census["rule"]) == ("spotify", None)
        assert [row["user_id"] for row in found if row["rule"] is None] == ["ann"] * 3


def test_lines_without_plays_are_called_by_what_they_are(tmp_path):
    _, census = read(tmp_path, "listens", "a.jsonl", json_lines(*[{"lovedtracks": {}}] * 2))
    assert "columns are lovedtracks; Last.fm's lovedtracks: no plays, and not read" in census["reason"]


def test_columns_that_no_line_has_are_not_among_those_of_the_file(tmp_path):
    rows = [{"user_id": None, "when": 1, "source": "x"}] * 2
    _, census = read(tmp_path, "listens", "a.jsonl", json_lines(*rows))
    assert "the columns are source, user_id, when; " in census["reason"]


BY_COLUMNS = ("columns, not records", "df.to_json(FILE, orient='records')")
REFUSED = [
    ({"error": 6, "message": "User not found", "links": []}, "no log", "User not found"),
    ({"lovedtracks": USER | {"track": [ENTRY, ENTRY]}}, "no log", "lovedtracks: no plays"),
    ([ANSWER, ANSWER], "required columns missing", "lay it into audio_features/date="),
    ([{"played_at": 1, "song": 2}], "required columns missing", "near no known format"),
    (
        [{"endTime": 1, "song": 2}],
        "required columns missing",
        "the nearest known format is spotify_account",
    ),
    (
        {"track_id": "t", "artist_ids": []},
        "required columns missing",
        "the columns are artist_ids, track_id",
    ),
    ({}, "required columns missing", "the columns are none"),
    ([1, 2], "no log", "the document is a list, and holds no object"),
    (3, "no log", "the document is a number"),
    ([{"lovedtracks": {"track": [ENTRY]}}] * 2, "no log", "lovedtracks: no plays"),
    ({"weeklytrackchart": USER | {"track": [ENTRY]}}, "no log", "weeklytrackchart: no plays"),
    ({name: {"0": value} for name, value in SPOTIFY.items()}, *BY_COLUMNS),
    ({name: [value] for name, value in listen().items()}, *BY_COLUMNS),
    ({"columns": ["ts"], "index": [0], "data": [["2026-06-28"]]}, *BY_COLUMNS),
    (
        [SPOTIFY | {"ms_played": "long", "username": "u"}],
        "no usable row",
        "1 of them: wrong type: ms_played",
    ),
]


@pytest.mark.parametrize(("document", "rule", "told"), REFUSED, ids=range(len(REFUSED)))
def test_a_document_without_a_usable_record_is_refused(tmp_path, document, rule, told):
    _, census = read(tmp_path, "listens", "a.json", json.dumps(document).encode())
    assert (census["rule"], told in census["reason"]) == (rule, True), census["reason"]


def test_a_file_may_hold_logs_of_several_formats(tmp_path):
    rows, census = read(tmp_path, "listens", "user=ann/all.jsonl", json_lines(SPOTIFY, ACCOUNT, BRAINZ))
    assert [(row["rule"], row["source"]) for row in rows] == [
        (None, "spotify"), (None, "spotify"), (None, "listenbrainz"),
    ]  # fmt: skip
    assert census["source"] == "spotify"


def test_an_empty_list_in_a_row_does_not_make_it_a_page(tmp_path):
    line = json.dumps({"track_id": "t", "title": "T", "artist_ids": [], "artist": "A"}).encode()
    rows, census = read(tmp_path, "tracks", "a.jsonl", line)
    assert (len(rows), census["n_read"]) == (1, 1)
