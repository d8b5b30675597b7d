"""One table a source: a record as its log has it, and the row or the rule that becomes of it."""

import csv
import io
import json

import pytest

from expectations.landing_files import HANDED_OUT
from jobs.ingest.names import artist_id, name_id
from jobs.ingest.sources import SOURCES, pick
from jobs.ingest.sources.source import SCROBBLE_MS
from tests.ingest.reader import DAY, put, read

NAMED = name_id("Tool", "Parabola")
LASTFM = {"ts": "2021-05-10 12:59:22+03:00", "track": "Parabola", "artist": "Tool", "album": "Lateralus"}
UTS = {"uts": "1620640762", "utc_time": "10 May 2021, 09:59", "artist": "Tool", "track": "Parabola"}
STAMPED = {"timestamp": "1620640762", "artist": "Tool", "track": "Parabola", "album": "Lateralus"}
THOUSAND = {
    "user_id": "ann", "timestamp": "2021-05-10T09:59:22Z", "artist_mbid": "", "artist_name": "Tool",
    "track_mbid": "", "track_name": "Parabola",
}  # fmt: skip
PLAYED = STAMPED | {"tracknum": "1", "length": "183", "rating": "L", "mbid": ""}
DATED = {"artist": "Tool", "album": "Lateralus", "track": "Parabola", "date": "10 May 2021, 09:59"}
BRAINZ = {
    "listened_at": 1620640762,
    "user_name": "ann",
    "track_metadata": {"artist_name": "Tool", "track_name": "Parabola", "additional_info": {}},
}
SPOTIFY = {
    "ts": "2021-05-10T10:03:22Z", "ms_played": 240000, "master_metadata_track_name": "Parabola",
    "master_metadata_album_artist_name": "Tool", "spotify_track_uri": "spotify:track:abc",
    "episode_name": None, "spotify_episode_uri": None, "reason_end": "trackdone", "skipped": None,
}  # fmt: skip
ACCOUNT = {
    "endTime": "2021-05-10 10:03", "artistName": "Tool", "trackName": "Parabola", "msPlayed": 240000,
}  # fmt: skip
ENTRY = {
    "artist": {"#text": "Tool", "mbid": ""}, "name": "Parabola", "url": "https://x", "mbid": "",
    "date": {"uts": "1620640762", "#text": "10 May 2021, 09:59"},
}  # fmt: skip
SESSION = {
    "session_id": "0_s", "session_position": "3", "session_length": "10", "track_id_clean": "t1",
    "skip_1": "FALSE", "skip_2": "TRUE", "skip_3": "TRUE", "not_skipped": "FALSE", "hour_of_day": "9",
    "date": "10/05/2021", "context_type": "radio",
}  # fmt: skip
TRACK = {
    "track_id": "t1", "track_name": "Parabola", "artist": "Tool", "duration": "178.8933258",
    "release_date_estimate": "06/03/2006", "album_name": "Lateralus", "us_popularity_estimate": "99.9",
    "mechanism": "0.3", "mode": "minor", "key": "11", "time_signature": "4",
    **dict.fromkeys(
        ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness",
         "valence", "tempo", "loudness"), "0.5",
    ),
}  # fmt: skip
ANSWER = {
    "id": "abc", "uri": "spotify:track:abc", "key": 11, "mode": 1, "time_signature": 4,
    "duration_ms": 178893,
    **dict.fromkeys(
        ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness",
         "valence", "tempo", "loudness"), 0.5,
    ),
}  # fmt: skip
TRIPLET = {"user_id": "2", "artist_id": "51", "weight": "2"}
FAVORITE = {"user": "ann", "artist_mbid": "3bd73256", "artist": "Tool", "plays": "1"}
PLAY = {
    "user_id": "ann", "track_id": NAMED, "listened_at": "2021-05-10T09:59:22",
    "ms_played": SCROBBLE_MS, "skipped": False,
}  # fmt: skip


def csv_text(*records: dict) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def without(record: dict, *names: str) -> dict:
    return {name: value for name, value in record.items() if name not in names}


TABLE = [
    # source, kind, record, what becomes of it
    ("lastfm", "listens", LASTFM, PLAY | {"source": "lastfm"}),
    ("lastfm", "listens", LASTFM | {"ts": "2021-05-10 12:59:22"}, "no zone: ts"),
    ("lastfm", "listens", LASTFM | {"artist": ""}, "missing field: artist"),
    ("lastfm", "listens", LASTFM | {"track": " "}, "missing field: title"),
    ("lastfm", "listens", LASTFM | {"track": " " * 100_000 + "x"}, "too long: title"),
    ("lastfm", "listens", LASTFM | {"artist": "feat. " * 20_000}, "too long: artist"),
    ("lastfm_uts", "listens", UTS, PLAY | {"source": "lastfm"}),
    ("lastfm_dates", "listens", DATED, PLAY | {"listened_at": "2021-05-10T09:59:00"}),
    ("lastfm_dates", "listens", DATED | {"date": "10 May 2021 09:59"},
     {"listened_at": "2021-05-10T09:59:00"}),
    ("lastfm_dates", "listens", DATED | {"date": "10/05/2021 09:59"}, "not a time: date"),
    ("lastfm_dates", "listens", DATED | {"date": "31 Feb 2021, 09:59"}, "not a time: date"),
    ("lastfm", "listens", LASTFM | {"artist": "Null", "track": "NA"},
     {"track_id": name_id("Null", "NA")}),
    ("lastfm", "listens", LASTFM | {"artist": "NA", "track": "NA", "album": "NA"},
     "missing field: artist"),
    ("lastfm", "listens", LASTFM | {"artist": "NA", "track": "NA"}, {"track_id": name_id("NA", "NA")}),
    ("lastfm_uts", "listens", UTS | {"uts": "soon"}, "wrong type: uts"),
    ("lastfm_uts", "listens", UTS | {"uts": "9" * 30}, "out of range: listened_at"),
    # Milli-, micro- and nanoseconds are known by their size; a clockless player's few seconds stay.
    ("lastfm_uts", "listens", UTS | {"uts": "1620640762000"}, PLAY),
    ("lastfm_uts", "listens", UTS | {"uts": "1620640762000000"}, PLAY),
    ("lastfm_uts", "listens", UTS | {"uts": "1620640762000000999"}, PLAY),
    ("lastfm_uts", "listens", UTS | {"uts": "12"}, {"listened_at": "1970-01-01T00:00:12"}),
    ("lastfm_uts", "listens", UTS | {"uts": "99999999999"}, {"listened_at": "5138-11-16T09:46:39"}),
    ("lastfm", "listens", LASTFM | {"ts": "1620640762"}, PLAY),
    ("lastfm_timestamp", "listens", STAMPED, PLAY),
    ("lastfm_timestamp", "listens", STAMPED | {"timestamp": "2021-05-10T09:59:22Z"}, PLAY),
    ("lastfm_timestamp", "listens", STAMPED | {"timestamp": "10.05.2021 09:59"},
     "not ISO-8601: timestamp"),
    ("lastfm_dates", "listens", DATED | {"date": "2021-05-10T09:59:22Z"}, PLAY),
    ("lastfm_dates", "listens", DATED | {"date": "1620640762000"}, PLAY),
    ("lastfm_dates", "listens", DATED | {"date": "2021-05-10 09:59:22"}, "not a time: date"),
    ("lastfm_1k", "listens", THOUSAND, PLAY | {"source": "lastfm"}),
    ("lastfm_1k", "listens", THOUSAND | {"user_id": ""}, "missing field: user_id"),
    ("lastfm_1k", "listens", THOUSAND | {"track_name": ""}, "missing field: title"),
    ("player_log", "listens", PLAYED, PLAY | {"source": "player", "ms_played": 183_000}),
    ("player_log", "listens", PLAYED | {"length": "900"}, {"ms_played": SCROBBLE_MS}),
    ("player_log", "listens", PLAYED | {"length": "0"}, {"ms_played": SCROBBLE_MS}),
    ("player_log", "listens", PLAYED | {"rating": "S"}, {"ms_played": 0, "skipped": True}),
    ("player_log", "listens", PLAYED | {"rating": "X"}, "out of range: rating"),
    ("listenbrainz", "listens", BRAINZ, PLAY | {"source": "listenbrainz"}),
    ("listenbrainz", "listens", BRAINZ | {"track_metadata": "x"}, "wrong type: track_metadata"),
    ("listenbrainz", "listens", BRAINZ | {"user_name": 7}, "wrong type: user_id"),
    ("listenbrainz", "listens", BRAINZ | {"listened_at": True}, "wrong type: listened_at"),
    (
        "listenbrainz", "listens",
        BRAINZ | {"track_metadata": {"additional_info": {
            "duration_ms": 90_000, "spotify_id": "https://open.spotify.com/track/abc?si=1"}}},
        {"track_id": "abc", "ms_played": 90_000},
    ),
    (
        "listenbrainz", "listens",
        BRAINZ | {"track_metadata": BRAINZ["track_metadata"] | {"additional_info": {"duration": 9000}}},
        {"ms_played": SCROBBLE_MS},
    ),
    ("spotify", "listens", SPOTIFY,
     {"track_id": "abc", "listened_at": "2021-05-10T09:59:22", "ms_played": 240000, "skipped": None,
      "source": "spotify", "end_reason": "trackdone"}),
    ("spotify", "listens", SPOTIFY | {"reason_end": "fwdbtn"},
     {"skipped": None, "end_reason": "fwdbtn", "private": None}),
    ("spotify", "listens", SPOTIFY | {"incognito_mode": True}, {"private": True}),
    ("spotify", "listens", SPOTIFY | {"incognito_mode": False}, {"private": False}),
    ("spotify", "listens", SPOTIFY | {"reason_end": "fwdbtn", "skipped": False}, {"skipped": False}),
    ("spotify", "listens", SPOTIFY | {"spotify_track_uri": None}, {"track_id": NAMED}),
    ("spotify", "listens", SPOTIFY | {"ms_played": 0}, {"listened_at": "2021-05-10T10:03:22"}),
    ("spotify", "listens",
     SPOTIFY | {"spotify_track_uri": None, "master_metadata_track_name": None,
                "spotify_episode_uri": "spotify:episode:x", "episode_name": "News"}, None),
    ("spotify", "listens", SPOTIFY | {"ms_played": "long"}, "wrong type: ms_played"),
    ("spotify", "listens", SPOTIFY | {"skipped": "maybe"}, {"skipped": None}),
    ("spotify", "listens", SPOTIFY | {"username": "ann.k"}, {"user_id": "ann"}),
    ("spotify", "listens",
     SPOTIFY | {"spotify_episode_uri": "NA", "episode_name": "NA", "skipped": "NA"},
     {"track_id": "abc"}),
    ("spotify_account", "listens", ACCOUNT,
     {"user_id": "ann", "track_id": NAMED, "listened_at": "2021-05-10T09:59:00", "skipped": None}),
    ("spotify_account", "listens", ACCOUNT | {"podcastName": "News"}, None),
    ("spotify_account", "listens",
     ACCOUNT | {"trackName": "Unknown Track", "artistName": "Unknown Artist", "msPlayed": 0}, None),
    ("lastfm_json", "listens", ENTRY, PLAY | {"source": "lastfm"}),
    ("lastfm_json", "listens", ENTRY | {"artist": {"name": "Tool"}}, {"track_id": NAMED}),
    ("lastfm_json", "listens", ENTRY | {"@attr": {"nowplaying": "true"}, "date": None}, None),
    ("lastfm_json", "listens", ENTRY | {"date": None}, "missing field: uts"),
    ("lastfm_json", "listens", without(ENTRY, "url"), PLAY),
    ("lastfm_json", "listens", ENTRY | {"date": 1620640762}, PLAY),
    ("lastfm_json", "listens", ENTRY | {"date": "10 May 2021, 09:59"},
     {"listened_at": "2021-05-10T09:59:00"}),
    ("lastfm_json", "listens", ENTRY | {"date": {}}, "missing field: uts"),
    ("lastfm_json", "listens", ENTRY | {"date": [1]}, "unreadable record"),
    ("spotify", "listens", SPOTIFY | {"spotify_track_uri": None, "master_metadata_track_name": None},
     "missing field: title"),
    ("skip_sessions", "listens", SESSION,
     {"listen_id": "0_s-3", "user_id": "0_s", "track_id": "t1", "listened_at": "2021-05-10T09:02:00",
      "ms_played": 20_000, "skipped": True, "source": "radio"}),
    ("skip_sessions", "listens",
     SESSION | {"skip_2": "FALSE", "date": "2021-05-10"}, {"ms_played": 90_000, "skipped": False}),
    ("skip_sessions", "listens", SESSION | {"skip_2": "FALSE", "skip_3": "FALSE", "not_skipped": "TRUE"},
     {"ms_played": 200_000, "skipped": False}),
    ("skip_sessions", "listens", SESSION | {"not_skipped": "TRUE"}, "contradiction: not_skipped"),
    ("skip_sessions", "listens", SESSION | {"hour_of_day": "24"}, "out of range: hour_of_day"),
    ("skip_sessions", "listens", SESSION | {"date": "05/31/2021"}, "not a day: date"),
    ("skip_sessions", "listens", SESSION | {"session_id": ""}, "missing field: session_id"),
    ("skip_tracks", "tracks", TRACK,
     {"track_id": "t1", "title": "Parabola", "artist_id": artist_id("Tool"), "album": "Lateralus",
      "release_date": "2006-03-06", "duration_ms": 178893}),
    ("skip_tracks", "tracks", TRACK | {"duration": "long"}, "wrong type: duration"),
    ("skip_features", "audio_features", TRACK,
     {"mode": 0, "key": 11, "time_signature": 4, "tempo": 0.5, "duration_ms": 178893}),
    ("skip_features", "audio_features", TRACK | {"mode": "dorian"}, "out of range: mode"),
    ("skip_features", "audio_features", TRACK | {"key": "C"}, "wrong type: key"),
    ("skip_features", "audio_features", TRACK | {"energy": ""}, "missing field: energy"),
    ("spotify_features", "audio_features", ANSWER, {"track_id": "abc", "tempo": 0.5, "key": 11}),
    ("spotify_features", "audio_features", ANSWER | {"uri": None, "id": None}, "missing field: id"),
    ("spotify_features", "audio_features", ANSWER | {"uri": None}, {"track_id": "abc"}),
    ("spotify_features", "audio_features", without(ANSWER, "id"), {"track_id": "abc"}),
    ("spotify_features", "audio_features",
     without(ANSWER, "uri") | {"id": "x", "href": "https://open.spotify.com/track/abc"},
     {"track_id": "abc"}),
    ("spotify_features", "audio_features", without(ANSWER, "uri"), {"track_id": "abc"}),
    ("spotify_features", "audio_features", without(ANSWER, "uri", "id") | {"track_uri": ANSWER["uri"]},
     {"track_id": "abc"}),
    ("item_sessions", "listens", {"session_id": 7, "items": [51]},
     {"listen_id": "7-1", "user_id": "7", "track_id": "51", "listened_at": f"{DAY}T00:00:00"}),
    ("item_sessions", "listens", {"session_id": 7, "items": 51}, "wrong type: items"),
    ("item_sessions", "listens", {"session_id": None, "items": [51]}, "missing field: session_id"),
    ("triplets", "listens", TRIPLET | {"weight": "1"},
     {"user_id": "2", "track_id": "51", "listened_at": f"{DAY}T00:00:00", "source": "triplets"}),
    ("triplets", "listens", TRIPLET | {"weight": "0"}, "out of range: weight"),
    ("triplets", "listens", TRIPLET | {"weight": "many"}, "wrong type: weight"),
    ("triplets", "listens", FAVORITE, {"user_id": "ann", "track_id": "3bd73256"}),
    ("triplets", "listens", FAVORITE | {"artist_mbid": ""}, {"track_id": artist_id("Tool")}),
    ("triplets", "listens", FAVORITE | {"artist_mbid": "", "artist": ""}, "missing field: artist"),
]  # fmt: skip
AS_JSON = {
    "listenbrainz",
    "spotify",
    "spotify_account",
    "lastfm_json",
    "spotify_features",
    "item_sessions",
}


@pytest.mark.parametrize(("source", "kind", "record", "expected"), TABLE, ids=range(len(TABLE)))
def test_a_record_of_a_log(tmp_path, source, kind, record, expected):
    name, body = (
        ("user=ann/log.jsonl", json.dumps(record).encode())
        if source in AS_JSON
        else ("user=ann/log.csv", csv_text(record))
    )
    if source == "player_log":
        body = b"#TZ/UTC\n" + body
    rows, census = read(tmp_path, kind, name, body)
    assert (census["source"], census["rule"]) == (source, None)
    if expected is None:
        assert (rows, census["n_read"], census["n_left_out"]) == ([], 0, 1)
        return
    (row,) = rows
    if isinstance(expected, str):
        assert row["rule"] == expected
        return
    found = row | ({"listened_at": row["listened_at"].isoformat()[:19]} if kind == "listens" else {})
    assert {field: found[field] for field in expected} == expected
    assert row["rule"] is None


SPOTIFY_CSV = {name: "NA" if value is None else str(value) for name, value in SPOTIFY.items()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"track_id": "abc", "skipped": None}),
        # Without addresses the names must tell, and NA in a podcast's columns is no podcast.
        ({"spotify_track_uri": "NA"}, {"track_id": NAMED}),
        ({"spotify_track_uri": "NA", "spotify_episode_uri": ""}, {"track_id": NAMED}),
        ({"spotify_track_uri": "NULL", "master_metadata_track_name": "NA"},
         {"track_id": name_id("Tool", "NA")}),
        ({"spotify_track_uri": "NA", "master_metadata_track_name": "NA",
          "master_metadata_album_artist_name": "NA"}, None),
        ({"spotify_track_uri": "NA", "master_metadata_track_name": "NA",
          "master_metadata_album_artist_name": "NA", "episode_name": "News"}, None),
        ({"username": "NA"}, {"user_id": "ann"}),
        ({"ms_played": "240000.0", "skipped": "1.0"}, {"ms_played": 240_000, "skipped": None}),
        ({"ms_played": "240 000", "skipped": "1"}, {"ms_played": 240_000, "skipped": True}),
        ({"ms_played": "240.000"}, "wrong type: ms_played"),
        # Blank cells of a spreadsheet are no row, blanks among them or not.
        (dict.fromkeys(SPOTIFY_CSV, "") | {"ts": " "}, None),
    ],
)  # fmt: skip
def test_na_in_a_csv_is_nothing_where_it_cannot_be_a_name(tmp_path, changes, expected):
    rows, census = read(tmp_path, "listens", "user=ann/h.csv", csv_text(SPOTIFY_CSV | changes))
    if expected is None:
        assert (rows, census["n_left_out"]) == ([], 1)
    elif isinstance(expected, str):
        assert [row["rule"] for row in rows] == [expected]
    else:
        assert ({name: rows[0][name] for name in expected}, rows[0]["rule"]) == (expected, None)


def test_answers_as_csv_have_numbers_too(tmp_path):
    (row,), _ = read(tmp_path, "audio_features", "f.csv", csv_text(ANSWER | {"key": "-1", "tempo": 0.0}))
    assert (row["rule"], row["energy"], row["key"], row["tempo"]) == (None, 0.5, None, None)


def test_words_for_nothing_are_told(tmp_path):
    plays = [LASTFM | {"artist": "NA", "mbid": "NA"}, LASTFM | {"track": "None", "mbid": "\\N"}]
    _, census = read(tmp_path, "listens", "user=ann/s.csv", csv_text(*plays))
    assert census["notes"] == [
        "'NA' is taken for nothing: 1 values of mbid",
        "'\\\\N' is taken for nothing: 1 values of mbid",
        "'NA' is taken for a name: 1 values of artist",
        "'None' is taken for a name: 1 values of track",
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("lastfm.csv", "Tool,Lateralus,Parabola,10 May 2021 09:59"),
        ("lastfm.csv", '"Tool";"Lateralus";"Parabola";"10 May 2021, 09:59"'),
        ("exported_tracks.tsv", "1620640762\tParabola\tTool\tLateralus\t\t\t"),
        ("lastfm-1k.tsv", "user_000001\t2021-05-10T09:59:22Z\t\tTool\t\tParabola"),
    ],
)
def test_an_export_without_a_header_is_known_by_its_shape(tmp_path, name, line):
    rows, census = read(tmp_path, "listens", f"user=ann/{name}", f"{line}\n{line}\n".encode())
    assert [(row["line"], row["track_id"]) for row in rows] == [(1, NAMED), (2, NAMED)]
    assert census["notes"][0].startswith("no header line: read as ")


def test_lines_of_other_shape_are_no_export_without_a_header(tmp_path):
    for line in ("user_1\t2021-05-10T09:59:22Z\t\tTool\t\tParabola", "a" * 40 + "\tx\t3"):
        _, census = read(tmp_path, "listens", "a.tsv", f"{line}\n{line}\n".encode())
        assert census["rule"] == "no header line"


def test_artists_of_360_thousand_listeners_with_a_header_or_without(tmp_path):
    line = f"{'b' * 40}\t{'0' * 8}-3905-4f3a-97e2-8b341527f805\tdie Ärzte\t2\n"
    without_id = f"{'b' * 40}\t\tdie Ärzte\t1\n"
    for header in ("", "user\tartist-mbid\tartist\tplays\n"):
        rows, census = read(tmp_path, "listens", "a.tsv", f"{header}{line}{without_id}".encode())
        assert census["source"] == "triplets"
        assert [row["track_id"] for row in rows] == [
            *["00000000-3905-4f3a-97e2-8b341527f805"] * 2, artist_id("Die Arzte"),
        ]  # fmt: skip
    rows, _ = read(tmp_path, "listens", "b.tsv", without_id.encode())
    assert [row["track_id"] for row in rows] == [artist_id("Die Arzte")]


def test_triplets_of_the_million_song_dataset_have_no_header(tmp_path):
    body = f"{'b' * 40}\tSOAKIMP12A8C130995\t2\n".encode()
    rows, _ = read(tmp_path, "listens", "train_triplets.tsv", body)
    assert [(row["user_id"], row["track_id"]) for row in rows] == [("b" * 40, "SOAKIMP12A8C130995")] * 2


PLAYER = (
    "#AUDIOSCROBBLER/1.1\n#TZ/{}\n#CLIENT/Rockbox\nTool\tLateralus\tParabola\t1\t183\tL\t1620640762\t\n"
)


@pytest.mark.parametrize("name", [".scrobbler.log", "scrobbler.log", "mine.tsv", "mine.csv"])
def test_the_log_of_a_player_is_known_by_its_first_line(tmp_path, name):
    (row,), census = read(tmp_path, "listens", f"user=ann/{name}", PLAYER.format("UTC").encode())
    assert (row["line"], row["track_id"], census["source"]) == (4, NAMED, "player_log")
    assert row["listened_at"].isoformat() == "2021-05-10T09:59:22+00:00"


@pytest.mark.parametrize("zone", ["UNKNOWN", "", "+02:00"])
def test_the_log_of_a_player_whose_clock_is_of_no_zone_is_refused(tmp_path, zone):
    body = PLAYER.format(zone).encode()
    for each in (body, body.replace(b"#TZ/" + zone.encode() + b"\n", b"")):
        rows, census = read(tmp_path, "listens", "user=ann/.scrobbler.log", each)
        assert (rows, census["rule"]) == ([], "no zone")
        assert "#TZ/UTC" in census["reason"]


def test_a_log_of_several_people_names_them_in_a_column(tmp_path):
    for name in ("user_id", "User", "username"):
        body = csv_text(UTS | {name: "ann"}, UTS | {name: "bob"})
        rows, _ = read(tmp_path, "listens", "all.csv", body)
        assert [row["user_id"] for row in rows] == ["ann", "bob"]
        rows, _ = read(tmp_path, "listens", "user=cia/all.csv", body)
        assert {row["user_id"] for row in rows} == {"cia"}


def test_a_file_of_the_contract_is_one_whatever_else_it_has(tmp_path):
    record = without(ANSWER, "id") | {"track_id": "t1", "id": "7"}
    (row,), census = read(tmp_path, "audio_features", "f.jsonl", json.dumps(record).encode())
    assert (row["track_id"], census["source"]) == ("t1", "native")


@pytest.mark.parametrize(
    ("columns", "looks"),
    [
        ("Event Start Timestamp,Play Duration Milliseconds,Song Name", "Apple Music's play activity"),
        ("artist_name,track_title,entry_date,stream_duration_ms", "Tidal's streaming history"),
        ("Song Title,Artist,ISRC,Listening Time,Date", "Deezer's listening history"),
        ("titleUrl,time,title", "YouTube's watch history"),
        ("one,two,three", "near no known format"),
        ("Name,Artist,Plays", "lastfm_json"),
    ],
)
def test_what_is_not_read_is_named_and_the_remedy_works(tmp_path, columns, looks):
    _, census = read(tmp_path, "listens", "user=ann/h.csv", f"{columns}\n1,2,3,4,5\n".encode())
    assert looks in census["reason"] and "the columns ts (ISO 8601" in census["reason"]
    body = b"ts,artist,track\n2021-05-10T09:59:22Z,Tool,Parabola\n1620640762,Tool,Parabola\n"
    rows, _ = read(tmp_path, "listens", "user=ann/remedy.csv", body)
    assert [row["listened_at"].isoformat() for row in rows] == ["2021-05-10T09:59:22+00:00"] * 2


def test_a_triplet_counts_plays_but_not_without_end(tmp_path):
    body = csv_text(TRIPLET, TRIPLET | {"user_id": "3", "weight": "352698"})
    rows, census = read(tmp_path, "listens", "counts.csv", body)
    assert [row["line"] for row in rows] == [2] * 2 + [3] * 10
    assert len({(row["user_id"], row["listened_at"]) for row in rows}) == census["n_read"] == 12


def test_a_session_keeps_the_order_of_its_items(tmp_path):
    rows, _ = read(tmp_path, "listens", "s.jsonl", b'{"session_id": 1, "items": [9, 4, 9]}')
    assert [(row["track_id"], row["listened_at"].minute) for row in rows] == [
        ("9", 0),
        ("4", 1),
        ("9", 2),
    ]


def test_the_history_of_spotify_as_it_exports_it(tmp_path):
    body = json.dumps([SPOTIFY, "not an object", SPOTIFY]).encode()
    rows, _ = read(tmp_path, "listens", "user=ann/Streaming_History_Audio_2021_0.json", body)
    assert [(row["line"], row["rule"]) for row in rows] == [(1, None), (2, "malformed JSON"), (3, None)]
    assert rows[0]["user_id"] == "ann"


def test_a_files_name_is_no_listener(tmp_path):
    body = json.dumps([SPOTIFY, SPOTIFY]).encode()
    _, census = read(tmp_path, "listens", "export-ann/endsong_0.json", body)
    assert (census["rule"], "user=<id>/" in census["reason"]) == ("listener unknown", True)
    named = json.dumps([SPOTIFY | {"username": "ann.k"}]).encode()
    rows, _ = read(tmp_path, "listens", "export-ann/endsong_1.json", named)
    assert rows[0]["user_id"] == "ann.k"


def test_the_user_of_an_export_is_in_its_user_json_and_of_no_other(tmp_path):
    line = json.dumps({k: v for k, v in BRAINZ.items() if k != "user_name"}).encode()
    put(tmp_path, "listens", "lb/user.json", b'{"user_id": 1, "username": "mia"}')
    rows, _ = read(tmp_path, "listens", "lb/listens/2026/5.jsonl", line)
    assert rows[0]["user_id"] == "mia"
    _, census = read(tmp_path, "listens", "other/listens/2026/5.jsonl", line)
    assert census["rule"] == "listener unknown"
    # A partition is nobody's export.
    put(tmp_path, "listens", "user.json", b'{"username": "mia"}')
    put(tmp_path, "listens", "Userdata.json", b'{"username": "mia"}')
    for name in ("listens/2026/5.jsonl", "5.jsonl"):
        assert read(tmp_path, "listens", name, line)[1]["rule"] == "listener unknown"
    rows, census = read(tmp_path, "listens", "lb/feedback.jsonl", b'{"score": 1}\n{"score": 1}')
    assert (rows, census["rule"], len(census["notes"])) == ([], None, 1)


@pytest.mark.parametrize(
    ("length", "ms"),
    [({"duration_ms": "92000"}, 92_000), ({"duration": "92.0"}, 92_000), ({"duration": 92.4}, 92_400),
     ({"duration_ms": "92000.5"}, 92_000), ({"duration_ms": 0}, SCROBBLE_MS),
     ({"duration": -1}, SCROBBLE_MS), ({"duration": "unknown"}, SCROBBLE_MS),
     ({"duration_ms": True}, SCROBBLE_MS), ({"duration_ms": 90_000, "duration": 3}, 90_000)],
)  # fmt: skip
def test_no_form_of_a_length_costs_the_play(tmp_path, length, ms):
    track = BRAINZ["track_metadata"] | {"additional_info": length}
    (row,), _ = read(
        tmp_path, "listens", "a.jsonl", json.dumps(BRAINZ | {"track_metadata": track}).encode()
    )
    assert (row["ms_played"], row["rule"]) == (ms, None)


@pytest.mark.parametrize(
    ("address", "track_id"),
    [("https://open.spotify.com/track/abc", "abc"), ("spotify:track:abc", "abc"),
     ("http://open.spotify.com/intl-de/track/abc/?si=1", "abc"), ("", NAMED), (None, NAMED),
     ("https://open.spotify.com/episode/abc", NAMED), ("https://else.where/track/abc", NAMED)],
)  # fmt: skip
def test_a_spotify_address_however_a_player_wrote_it(tmp_path, address, track_id):
    track = BRAINZ["track_metadata"] | {"additional_info": {"spotify_id": address}}
    body = json.dumps(BRAINZ | {"track_metadata": track}).encode()
    (row,), _ = read(tmp_path, "listens", "a.jsonl", body)
    assert row["track_id"] == track_id


@pytest.mark.parametrize(
    "document",
    [
        {"recenttracks": {"track": [ENTRY, ENTRY], "@attr": {"user": "ann"}}},
        [{"track": [ENTRY], "@attr": {"page": "1"}}, {"track": [ENTRY], "@attr": {"page": "2"}}],
        [[ENTRY], [ENTRY]],
    ],
)
def test_pages_of_lastfm(tmp_path, document):
    body = json.dumps(document).encode()
    rows, census = read(tmp_path, "listens", "user=ann/pages.json", body)
    assert [row["track_id"] for row in rows] == [NAMED] * 2
    assert census["source"] == "lastfm_json"


def test_the_export_of_a_page_of_statistics(tmp_path):
    play = {"artist": "Tool", "track": "Parabola", "album": "L", "date": 1620640762000}
    body = json.dumps({"username": "ann", "scrobbles": [play, play]}).encode()
    rows, census = read(tmp_path, "listens", "lastfmstats-ann.json", body)
    assert [(row["user_id"], row["listened_at"].isoformat()[:19]) for row in rows] == [
        ("ann", "2021-05-10T09:59:22")
    ] * 2
    assert census["source"] == "lastfm_dates"


def test_a_log_whose_every_line_has_other_cells_than_its_header_is_refused(tmp_path):
    body = b"uts,artist,track\n" + b"1620640762,Tool,Parabola,more\n" * 3
    _, census = read(tmp_path, "listens", "user=ann/s.csv", body)
    assert census["rule"] == "malformed file"
    assert census["reason"].endswith(
        "3 of them: 4 fields where the header has 3: a cell that holds ',' stands in quotes"
    )


def test_the_answer_of_listenbrainz(tmp_path):
    body = json.dumps({"payload": {"count": 1, "listens": [BRAINZ]}}).encode()
    (row,), census = read(tmp_path, "listens", "listens.json", body)
    assert (row["user_id"], census["source"]) == ("ann", "listenbrainz")


def test_a_broken_first_line_does_not_hide_the_format(tmp_path):
    body = b'{"listened_at": 16206\n' + json.dumps(BRAINZ).encode()
    rows, census = read(tmp_path, "listens", "log.jsonl", body)
    assert [row["rule"] for row in rows] == ["malformed JSON", None]
    assert census["source"] == "listenbrainz"


def test_the_listener_is_in_the_folder_and_never_in_the_name(tmp_path):
    rows, _ = read(tmp_path, "listens", "user=a%2Fb/x.csv", csv_text(LASTFM))
    _, census = read(tmp_path, "listens", "bob.csv", csv_text(LASTFM))
    assert (rows[0]["user_id"], census["rule"]) == ("a/b", "listener unknown")


def test_a_configured_source_is_not_guessed(tmp_path):
    _, census = read(tmp_path, "listens", "x.csv", csv_text(LASTFM), configured="native")
    assert census["rule"] == "required columns missing"
    _, census = read(tmp_path, "listens", "x.csv", csv_text(LASTFM), configured="spotify")
    assert (census["rule"], "spotify" in census["reason"]) == ("not of its source", True)
    rows, _ = read(tmp_path, "listens", "user=a/x.csv", csv_text(LASTFM), configured="lastfm")
    assert rows[0]["rule"] is None


def test_of_a_configured_source_too_the_first_record_that_is_one_decides(tmp_path):
    odd = [{"note": "mine"}, SPOTIFY]
    for name, body in (
        ("h.json", json.dumps(odd).encode()),
        ("h.jsonl", b"\n".join(json.dumps(record).encode() for record in odd)),
    ):
        rows, census = read(tmp_path, "listens", f"user=a/{name}", body, configured="spotify")
        assert ([row["user_id"] for row in rows], census["source"]) == ([None, "a"], "spotify")


@pytest.mark.parametrize(
    ("configured", "body", "rule", "told"),
    [
        ("spotify", [ACCOUNT], "not of its source", "they are spotify_account's"),
        ("spotify", [{"titleUrl": "u", "time": "t"}], "not of its source", "YouTube's watch history"),
        ("spotfy", [SPOTIFY], "unknown source", "no format of listens: they are item_sessions, "),
        (
            "spotify_features",
            [SPOTIFY],
            "unknown source",
            "no format of listens: they are item_sessions",
        ),
    ],
)
def test_what_is_not_of_the_configured_source_is_told_what_it_is(tmp_path, configured, body, rule, told):
    for name in ("user=a/h.json", "user=a/MyData/endsong_0.json"):
        text = json.dumps(body).encode()
        _, census = read(tmp_path, "listens", name, text, configured=configured)
        assert census["rule"] == rule
        assert told in census["reason"] and "NOCTURNE__INGEST__SOURCES" in census["reason"]


def test_a_record_that_its_source_cannot_read_costs_itself(tmp_path):
    wrong = [SPOTIFY | {"ts": "9999-12-31T23:59:59Z"}, SESSION | {"date": 7, "hour_of_day": 1}]
    rows, _ = read(
        tmp_path, "listens", "a.jsonl", b"\n".join(json.dumps(row).encode() for row in wrong[1:])
    )
    assert rows[0]["rule"] == "unreadable record"


def test_what_plays_now_does_not_decide_for_the_file(tmp_path):
    now = {"playing_now": True, "track_metadata": BRAINZ["track_metadata"]}
    body = json.dumps({"payload": {"listens": [now, BRAINZ, BRAINZ]}}).encode()
    rows, census = read(tmp_path, "listens", "answer.json", body)
    assert ([row["user_id"] for row in rows], census["n_left_out"]) == (["ann", "ann"], 1)
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in (now, BRAINZ))
    assert [row["rule"] for row in read(tmp_path, "listens", "lines.jsonl", lines)[0]] == [None]


def test_an_answer_wraps_many_features(tmp_path):
    body = json.dumps({"audio_features": [ANSWER, ANSWER | {"id": "x"}, None]}).encode()
    rows, census = read(tmp_path, "audio_features", "answer.json", body)
    assert [(row["track_id"], row["rule"]) for row in rows] == [("abc", None), ("x", None)]
    # A track of which the service knows nothing is null in its answer.
    assert (census["source"], census["n_left_out"]) == ("spotify_features", 1)


def test_a_file_of_which_no_row_can_be_used_is_refused_and_says_why(tmp_path):
    body = json.dumps([SPOTIFY | {"ms_played": "long"}] * 2).encode()
    _, census = read(tmp_path, "listens", "user=ann/endsong_0.json", body)
    assert census["rule"] == "no usable row"
    assert "2 of them: wrong type: ms_played: ms_played is 'long'" in census["reason"]


def test_every_source_is_in_the_table():
    assert {source.name for source in SOURCES} == {source for source, *_ in TABLE}


def test_logs_that_know_names_alone_are_handed_out_to_one_listener_but_for_last_fm_1k():
    named = {source.name for source in SOURCES if source.named and source.kind == "listens"}
    assert named ^ HANDED_OUT == {"lastfm_1k", "zip"}


def test_no_source_takes_the_native_contract():
    from jobs.ingest.contract import FIELDS
    from jobs.ingest.landing import LandedFile

    for kind, fields in FIELDS.items():
        file = LandedFile("x", kind, DAY, 1, "1")
        assert pick(file, [field.name for field in fields]) is None


def test_a_record_that_names_nothing_is_no_play_and_one_that_is_broken_is_no_such(tmp_path):
    """Of songs that are gone the service tells neither names nor an address."""
    names = ("master_metadata_track_name", "master_metadata_album_artist_name")
    nothing = dict.fromkeys((*names, "spotify_track_uri"))
    gone, broken = SPOTIFY | nothing, SPOTIFY | nothing | {"ms_played": None}
    rows, census = read(
        tmp_path, "listens", "user=ann/a.json", json.dumps([gone, SPOTIFY, broken, gone]).encode()
    )
    assert [row["rule"] for row in rows] == [None, "missing field: ms_played"]
    assert census["n_left_out"] == 2
    # A file of nothing else is no fault of its listener's.
    rows, census = read(tmp_path, "listens", "user=ann/b.json", json.dumps([gone]).encode())
    assert (rows, census["rule"], census["n_left_out"]) == ([], None, 1)
    unnamed = ACCOUNT | {"artistName": None, "trackName": None}
    rows, census = read(tmp_path, "listens", "user=ann/c.json", json.dumps([unnamed]).encode())
    assert (rows, census["rule"], census["n_left_out"]) == ([], None, 1)


def test_lastfmstats_names_the_listener_in_its_header(tmp_path):
    body = (
        b'\xef\xbb\xbfArtist;Album;AlbumId;Track;Date#ann b\n"Tool";"LP";"";"Parabola";"1620640762000"\n'
    )
    (row,), census = read(tmp_path, "listens", "stats.csv", body)
    assert (row["user_id"], row["track_id"], str(row["listened_at"])) == (
        "ann b", NAMED, "2021-05-10 09:59:22+00:00",
    )  # fmt: skip
    (row,), _ = read(tmp_path, "listens", "user=bob/stats.csv", body)
    assert (row["user_id"], census["source"]) == ("bob", "lastfm_dates")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1620640762.5", "2021-05-10 09:59:22+00:00"),
        ("1620640762.0", "2021-05-10 09:59:22+00:00"),
        ("1620640762123.25", "2021-05-10 09:59:22.123000+00:00"),
    ],
)
def test_fractions_of_a_number_since_1970_are_cut(tmp_path, text, at):
    for record in (STAMPED | {"timestamp": text}, UTS | {"uts": text}, DATED | {"date": text}):
        (row,), _ = read(tmp_path, "listens", "user=ann/s.csv", csv_text(record))
        assert str(row["listened_at"]) == at


def test_what_a_spreadsheet_does_to_numbers_and_days_is_told(tmp_path):
    for text in ("1,62064E+09", "1.62064e+9"):
        (row,), _ = read(tmp_path, "listens", "user=ann/s.csv", csv_text(UTS | {"uts": text}))
        assert row["rule"] == "wrong type: uts"
        assert row["reason"].endswith("cut its digits off; take the log as it was downloaded")
    # Days since 1900 are no seconds.
    for record in (STAMPED | {"timestamp": "44326.416"}, DATED | {"date": "44326.416"}):
        (row,), _ = read(tmp_path, "listens", "user=ann/s.csv", csv_text(record))
        assert row["rule"].startswith("not ")


def test_rows_that_break_one_rule_with_different_values_are_counted_together(tmp_path):
    bodies = [DATED | {"date": f"{day}/05/2021 09:59"} for day in (10, 11)] + [DATED | {"track": ""}]
    lines = [csv_text(body).splitlines() for body in bodies]
    body = b"\n".join([lines[0][0], *(line[1] for line in lines)])
    _, census = read(tmp_path, "listens", "user=ann/s.csv", body)
    assert census["rule"] == "no usable row"
    assert (
        "none of its 3 rows can be used; 2 of them: not a time: date: date is '10/05" in census["reason"]
    )
