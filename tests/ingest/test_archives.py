"""Zip archives as they are downloaded, and as nobody should hand them in."""

import gzip
import io
import json
import os
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.archives import read_archive
from jobs.ingest.landing import Root, list_landing
from jobs.ingest.raw import raw_rows
from jobs.settings import ArchiveSettings
from tests.ingest.reader import DAY, json_lines, listen, put, read_landed

PLACE = f"listens/date={DAY}"
LINE = {"listened_at": 1782504300, "track_metadata": {"artist_name": "Ode", "track_name": "Rain"}}
LISTENS = json_lines(LINE, LINE | {"listened_at": 1782504600})
USER = b'{"user_id": 5, "username": "noa"}'


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members, in their order."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return sink.getvalue()


EXPORT = zipped(
    ("user.json", USER), ("listens/2026/6.jsonl", LISTENS), ("listens/2026/5.jsonl", LISTENS)
)


def names(root: Path) -> list[str]:
    return [file.name.removeprefix(f"{PLACE}/") for file in list_landing(Root(str(root))).files]


def test_members_are_landed_files_in_order(tmp_path):
    put(tmp_path, "listens", "x.zip", EXPORT)
    put(tmp_path, "listens", "x.zip-notes.csv", b"")
    assert names(tmp_path) == [
        "x.zip", "x.zip-notes.csv", "x.zip/listens/2026/5.jsonl", "x.zip/listens/2026/6.jsonl",
        "x.zip/user.json",
    ]  # fmt: skip
    rows, census = read_landed(tmp_path, f"{PLACE}/x.zip/listens/2026/6.jsonl")
    assert [(row["line"], row["user_id"], row["rule"]) for row in rows] == [
        (1, "noa", None),
        (2, "noa", None),
    ]
    assert (census["source"], census["n_read"]) == ("listenbrainz", 2)
    rows, census = read_landed(tmp_path, f"{PLACE}/x.zip")
    assert (rows, census["source"], census["rule"]) == ([], "zip", None)
    assert census["notes"] == ["a zip archive: 3 files are read in it"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_however_a_member_is_compressed_its_rows_and_raw_lines_are_found(tmp_path, method):
    body = zipped(("log.jsonl", json_lines(listen(), b"oops")), method=method)
    put(tmp_path, "listens", "x.ZIP", body)
    rows, _ = read_landed(tmp_path, f"{PLACE}/x.ZIP/log.jsonl")
    assert [row["rule"] for row in rows] == [None, "malformed JSON"]
    _, member = list_landing(Root(str(tmp_path))).files
    assert raw_rows(Root(str(tmp_path)), member, {2}) == {2: b"oops"}


def test_what_is_no_log_is_passed_over_and_told(tmp_path):
    others = (
        "Read_Me_First.pdf",
        "a/.DS_Store",
        "__MACOSX/._a.csv",
        "Thumbs.db",
        "cover.jpg",
        "a/",
    )
    body = zipped(("a/log.jsonl", json_lines(listen())), *((name, b"") for name in others))
    put(tmp_path, "listens", "x.zip", body)
    assert names(tmp_path) == ["x.zip", "x.zip/a/log.jsonl"]
    _, census = read_landed(tmp_path, f"{PLACE}/x.zip")
    assert census["notes"][1] == (
        "passed over, no logs: Read_Me_First.pdf, Thumbs.db, __MACOSX/._a.csv, a/.DS_Store, cover.jpg"
    )


def test_who_listened_is_told_above_the_archive_and_by_the_export_and_never_by_its_folders(tmp_path):
    line = json_lines(LINE)
    put(tmp_path, "listens", "user=mia/x.zip", zipped(("user=bob/log.jsonl", line), ("user.json", USER)))
    rows, _ = read_landed(tmp_path, f"{PLACE}/user=mia/x.zip/user=bob/log.jsonl")
    assert rows[0]["user_id"] == "mia"
    put(tmp_path, "listens", "y.zip", zipped(("user=bob/log.jsonl", line)))
    _, census = read_landed(tmp_path, f"{PLACE}/y.zip/user=bob/log.jsonl")
    assert census["rule"] == "listener unknown"
    assert "move the archive into a folder user=<id>/" in census["reason"]


def test_the_account_data_of_spotify_tells_whose_it_is(tmp_path):
    play = {"endTime": "2026-06-27 18:43", "artistName": "Ode", "trackName": "Rain", "msPlayed": 200000}
    folder = "Spotify Account Data"
    body = zipped(
        (f"{folder}/StreamingHistory_music_0.json", json.dumps([play]).encode()),
        (f"{folder}/Userdata.json", b'{"username": "ben", "email": "x"}'),
        (f"{folder}/SomethingNew.json", b'{"a": [1]}'),
        (f"{folder}/Texts.json", b'["a"]'),
    )
    put(tmp_path, "listens", "my_spotify_data.zip", body)
    rows, _ = read_landed(
        tmp_path, f"{PLACE}/my_spotify_data.zip/{folder}/StreamingHistory_music_0.json"
    )
    assert [row["user_id"] for row in rows] == ["ben"]
    for name in ("Userdata.json", "SomethingNew.json", "Texts.json"):
        # Whether or not somebody has named the format of all that lies here.
        for source in (None, "spotify_account"):
            member = f"{PLACE}/my_spotify_data.zip/{folder}/{name}"
            rows, census = read_landed(tmp_path, member, source)
            assert (rows, census["rule"], len(census["notes"])) == ([], None, 1)


def test_a_log_beside_the_account_data_is_one_whatever_its_name(tmp_path):
    play = {"endTime": "2026-06-27 18:43", "artistName": "Ode", "trackName": "Rain", "msPlayed": 200000}
    for name in ("STREAMINGHISTORY0.JSON", "mine.json"):
        put(tmp_path, "listens", f"user=ben/MyData/{name}", json.dumps([play]).encode())
        rows, _ = read_landed(tmp_path, f"{PLACE}/user=ben/MyData/{name}")
        assert [row["user_id"] for row in rows] == ["ben"]
    put(tmp_path, "listens", "user=ben/MyData/history.json", json.dumps([play]).encode()[:-9])
    _, census = read_landed(tmp_path, f"{PLACE}/user=ben/MyData/history.json")
    assert census["rule"] == "malformed JSON"
    put(tmp_path, "listens", "user=ben/MyData/Letter.pdf", b"%PDF-1.4")
    _, census = read_landed(tmp_path, f"{PLACE}/user=ben/MyData/Letter.pdf")
    assert (census["rule"], len(census["notes"])) == (None, 1)
    # What is called as a log is one, and refused where it holds none.
    put(tmp_path, "listens", "user=ben/MyData/ENDSONG_0.JSON", b'[{"a": 1}]')
    _, census = read_landed(tmp_path, f"{PLACE}/user=ben/MyData/ENDSONG_0.JSON")
    assert census["rule"] == "required columns missing"


def encrypted(body: bytes) -> bytes:
    """The archive with the flag of encryption set for every member, in both headers."""
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = body.split(magic)
        body = magic.join([parts[0], *(p[: at - 4] + b"\x01\x00" + p[at - 2 :] for p in parts[1:])])
    return body


LOG = ("log.jsonl", json_lines(listen()))
REFUSED = [
    (zipped(LOG, ("../../etc/passwd.csv", b"")), "unsafe archive", "leads out of it"),
    (zipped(LOG, ("/etc/x.csv", b"")), "unsafe archive", "leads out of it"),
    (zipped(LOG, ("C:\\x.csv", b"")), "unsafe archive", "leads out of it"),
    (zipped(LOG, ("a\\..\\..\\x.csv", b"")), "unsafe archive", "leads out of it"),
    (zipped(LOG, ("a//b.csv", b"")), "unsafe archive", "leads out of it"),
    (zipped(LOG, ("inner.zip", zipped(LOG))), "nested archive", "unpack it here"),
    (zipped(LOG, ("inner.tar.gz", b"")), "nested archive", "unpack it here"),
    (zipped(("a.pdf", b"")), "no log in it", "a zip archive of a.pdf"),
    (zipped(("history.html", b"")), "no log in it", "ask the service for JSON or CSV"),
    (zipped(), "no log in it", "of nothing"),
    (encrypted(zipped(LOG)), "encrypted archive", "needs a password: with it, unpack it here"),
    (zipped(LOG).replace(b"\x08\x00", b"\x09\x00"), "unknown compression", "method 9"),
    (EXPORT[:-30], "no sound archive", "deliver it again"),
    (b"", "no sound archive", "an empty file"),
    (LOG[1] * 2, "no sound archive", "it looks like JSON lines: name it .jsonl"),
    (b"<!DOCTYPE html><html>login</html>", "no sound archive", "web page"),
    (zipped(*((f"{n}.csv", b"") for n in range(2_000))), "archive too large", "ARCHIVES__MEMBERS"),
    (zipped(("a.csv", b" " * (65 << 20))), "compression bomb", "ARCHIVES__RATIO"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "rule", "told"), REFUSED, ids=range(len(REFUSED)))
def test_an_archive_is_refused_as_a_whole_and_says_why(tmp_path, body, rule, told):
    put(tmp_path, "listens", "user=noa/x.zip", body)
    assert names(tmp_path) == ["user=noa/x.zip"]
    rows, census = read_landed(tmp_path, f"{PLACE}/user=noa/x.zip")
    assert (rows, census["rule"]) == ([], rule)
    assert told in census["reason"]


def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        body = zipped(LOG, LOG)
    put(tmp_path, "listens", "x.zip", body)
    _, census = read_landed(tmp_path, f"{PLACE}/x.zip")
    assert (census["rule"], "2 times" in census["reason"]) == ("unsafe archive", True)


def test_a_list_of_members_that_is_longer_than_memory_is_not_read(tmp_path):
    """Headers of a million members, of which the list itself would fill the memory."""
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, *[0] * 4, 0, 0, 0, 5, *[0] * 4, 0, 0
    )
    listing = (entry + b"x.csv") * 100_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(listing), 0, 0)
    put(tmp_path, "listens", "x.zip", listing + end)
    _, census = read_landed(tmp_path, f"{PLACE}/x.zip")
    assert (census["rule"], "too long" in census["reason"]) == ("archive too large", True)


def test_an_error_of_the_network_is_no_broken_archive():
    class Broken(io.BytesIO):
        reads = 0

        def read(self, size=-1):
            self.reads += 1
            if self.reads == 1:  # the next request would be answered
                raise OSError("AWS Error NETWORK_CONNECTION during GetObject operation")
            return super().read(size)

    with pytest.raises(OSError, match="NETWORK_CONNECTION"):
        read_archive(pa.PythonFile(Broken(EXPORT), mode="r"), len(EXPORT), ArchiveSettings())


def test_what_shrinks_far_is_read_while_it_does_no_harm(tmp_path):
    body = zipped(("a.csv", b"\n" * 1_000_000))
    read_archive(pa.BufferReader(body), len(body), ArchiveSettings())
    with pytest.raises(FileFault, match="times as many"):
        read_archive(pa.BufferReader(body), len(body), ArchiveSettings(harmless_mb=0))


def test_as_many_members_as_may_be_are_read():
    archive = read_archive(pa.BufferReader(EXPORT), len(EXPORT), ArchiveSettings(members=3))
    assert len(archive.logs) == 3


def test_a_path_that_begins_where_it_is_leads_nowhere_else(tmp_path):
    put(tmp_path, "listens", "x.zip", zipped(("./a/log.jsonl", LOG[1])))
    assert names(tmp_path) == ["x.zip", "x.zip/a/log.jsonl"]
    rows, _ = read_landed(tmp_path, f"{PLACE}/x.zip/a/log.jsonl")
    assert [row["rule"] for row in rows] == [None]


def test_hidden_archives_and_logs_of_a_system_are_none(tmp_path):
    members = [("a.jsonl", LOG[1]), ("__MACOSX/._b.jsonl", b""), ("__MACOSX/._c.zip", b"")]
    put(tmp_path, "listens", "x.zip", zipped(*members))
    assert names(tmp_path) == ["x.zip", "x.zip/a.jsonl"]


def test_what_an_archive_may_hold_is_a_setting(tmp_path):
    put(tmp_path, "listens", "x.zip", EXPORT)
    small = Root(str(tmp_path), limits=ArchiveSettings(members=2))
    assert [file.archive for file in list_landing(small).files] == [None]


def test_a_damaged_member_costs_itself(tmp_path):
    body = zipped(("a.jsonl", LOG[1]), ("b.jsonl", LOG[1]), method=zipfile.ZIP_STORED)
    put(tmp_path, "listens", "x.zip", body.replace(b"library", b"LIBRARY", 1))
    _, census = read_landed(tmp_path, f"{PLACE}/x.zip/a.jsonl")
    assert census["rule"] == "damaged file"
    rows, census = read_landed(tmp_path, f"{PLACE}/x.zip/b.jsonl")
    assert ([row["rule"] for row in rows], census["rule"]) == ([None], None)


def test_what_cannot_be_read_of_an_export_is_the_exporters(tmp_path):
    put(tmp_path, "listens", "x.zip", zipped(("new.json", b'{"a": 1}'), ("log.jsonl", b"<html>")))
    for name in ("new.json", "log.jsonl"):
        _, census = read_landed(tmp_path, f"{PLACE}/x.zip/{name}")
        assert (census["source"], census["rule"] is None) == ("zip", False)


def test_parquet_and_compressed_logs_within_an_archive(tmp_path):
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"track_id": ["t"], "title": ["T"], "artist": ["A"], "duration_ms": [1]}), sink
    )
    track = b"track_id,title,artist,duration_ms\nt,T,A,1\n"
    put(
        tmp_path,
        "tracks",
        "x.zip",
        zipped(("a.parquet", sink.getvalue()), ("b.csv.gz", gzip.compress(track))),
    )
    for name in ("a.parquet", "b.csv.gz"):
        rows, census = read_landed(tmp_path, f"tracks/date={DAY}/x.zip/{name}")
        assert ([row["title"] for row in rows], census["rule"]) == (["T"], None)


def test_a_pipe_that_is_called_an_archive_is_not_waited_for(tmp_path):
    folder = put(tmp_path, "listens", "a.csv", b"").parent
    os.mkfifo(folder / "x.zip")
    assert names(tmp_path) == ["a.csv", "x.zip"]
    assert read_landed(tmp_path, f"{PLACE}/x.zip")[1]["rule"] == "unreadable file"


def test_an_archive_in_a_bucket_is_read_where_it_is(s3_server, settings, monkeypatch):
    import boto3

    from jobs.ingest.reading import read_file
    from jobs.settings import LandingSettings

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name=s3_server.region)
    client.create_bucket(Bucket="zips")
    client.put_object(Bucket="zips", Key=f"in/{PLACE}/x.zip", Body=EXPORT)
    landed = {"landing": LandingSettings(root="s3://zips/in"), "s3": s3_server}
    root = Root.of(settings.model_copy(update=landed))
    (member,) = [file for file in list_landing(root).files if file.name.endswith("6.jsonl")]
    rows = [row for batch in read_file(root, member) for row in batch.to_pylist()]
    assert [row["user_id"] for row in rows] == ["noa", "noa", None]


@pytest.mark.spark
def test_a_members_rows_go_with_its_archive(settings, land, ingest, spark):
    from jobs.ingest.landing_commands import forgotten
    from tests.ingest.test_stage import rows

    bad = json_lines(*(LINE | {"listened_at": 1782500000 + n} for n in range(2)), b"oops")
    path = land("listens", zipped(("listens/2026/6.jsonl", LISTENS)), "user=noa/a.zip")
    other = land("listens", zipped(("listens/2026/6.jsonl", bad), ("me.pdf", b"")), "user=ben/b.zip")
    details = ingest()["details"]
    assert [user for (user,) in rows(settings, "listens", "user_id")] == ["ben"] * 2 + ["noa"] * 2
    place = f"{PLACE}/user=ben/b.zip"
    assert rows(settings, "listens_quarantine", "landing_file", "line", "raw") == [
        (f"{place}/listens/2026/6.jsonl", 3, b"oops")
    ]
    assert details["notes"][place] == [
        "a zip archive: 1 files are read in it",
        "passed over, no logs: me.pdf",
    ]
    # Delivered again with less in it, and one taken away.
    other.write_bytes(zipped(("listens/2026/5.jsonl", LISTENS)))
    path.unlink()
    gone = ingest()["details"]["files_gone"]
    assert gone == {
        f"{place}/listens/2026/6.jsonl": 2, f"{PLACE}/user=noa/a.zip": 0,
        f"{PLACE}/user=noa/a.zip/listens/2026/6.jsonl": 2,
    }  # fmt: skip
    assert rows(settings, "listens", "user_id") == [("ben",)] * 2
    told = forgotten(settings, place)
    assert f"{place}/listens/2026/5.jsonl: 2 rows removed" in told
    assert rows(settings, "listens", "user_id") == []
