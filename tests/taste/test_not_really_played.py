"""A history that holds every start: errors, logouts and seconds before another song are no liking.

After what Spotify's exports really hold; all names are invented.
"""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.ingest.stage import ingest_landing
from jobs.stage import Night
from jobs.taste.stage import build_taste
from jobs.window import Window
from tests.train.lake import at, vector

pytestmark = pytest.mark.spark
DAY = date(2026, 6, 28)
SONGS = ("Broken", "Brief", "Anthem", "Epic", "Jingle", "Secret", "Passed Over")


def heard(song, ended, ms, reason, *, skipped=False, private=False):
    return {
        "ts": f"{ended:%Y-%m-%dT%H:%M:%SZ}", "ms_played": ms, "skipped": skipped,
        "master_metadata_track_name": song, "master_metadata_album_artist_name": "Vela Moss",
        "spotify_track_uri": f"spotify:track:{song.replace(' ', '')}", "reason_end": reason,
        "incognito_mode": private,
    }  # fmt: skip


def each(times, hour, *fields, **more):
    """So many listens that end ten minutes apart."""
    song, *how = fields
    ends = (at(27, hour) + n * timedelta(minutes=10) for n in range(times))
    return [heard(song, ended, *how, **more) for ended in ends]


def history():
    brief = ((3, "endplay"), (5, "logout"), (7, "unexpected-exit"), (9, "endplay"))
    return [
        *each(6, 8, "Broken", 0, "trackerror"),
        *each(3, 10, "Anthem", 200_000, "trackdone"),
        *(heard("Brief", at(27, 11, s), s * 1_000, reason) for s, reason in brief),
        *(heard("Brief", at(27, 12, s), s * 1_000, reason, skipped=None) for s, reason in brief),
        *each(2, 14, "Epic", 780_000, "trackdone"),
        *each(1, 16, "Jingle", 10_000, "trackdone"),
        *each(4, 17, "Secret", 200_000, "trackdone", private=True),
        *each(2, 19, "Passed Over", 4_000, "backbtn", skipped=None),
        *each(1, 20, "Passed Over", 4_000, "fwdbtn"),
    ]


def land(root: Path, kind: str, name: str, text: str) -> None:
    path = root / kind / f"date={DAY}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def night(settings, lake):
    root = Path(settings.landing.root)
    ids = [song.replace(" ", "") for song in SONGS]
    tracks = [
        {"track_id": one, "title": song, "artist": "Vela Moss", "artist_ids": ["vela"],
         "duration_ms": 20_000 if song == "Jingle" else 200_000}
        for one, song in zip(ids, SONGS, strict=True)
    ]  # fmt: skip
    features = [vector(one, 0.5, 0.5) for one in ids]
    for row in features:
        del row["landed_on"], row["landing_file"], row["source"]
    land(root, "tracks", "t.jsonl", "\n".join(map(json.dumps, tracks)))
    land(root, "audio_features", "f.jsonl", "\n".join(map(json.dumps, features)))
    land(root, "listens", "user=wren/Streaming_History_Audio_0.json", json.dumps(history()))
    ingest_landing(Night(Window.night(DAY), settings))
    done = Night(Window.night(DAY), settings)
    build_taste(done)
    return done


def test_what_was_not_really_played_is_no_liking(night, lake):
    rows = {row.track_id: row for row in lake.read("ratings", DAY).collect()}
    assert lake.read("listens").count() == len(history())
    counted = {track: (row.n_plays, row.n_skips) for track, row in rows.items()}
    # Without a rating: every start of "Broken" and "Brief", and what was heard in private.
    assert counted == {"Anthem": (3, 0), "Epic": (2, 0), "Jingle": (1, 0), "PassedOver": (0, 3)}
    assert max(rows, key=lambda track: rows[track].rating) == "Anthem"
    assert rows["PassedOver"].rating == 0


def test_the_census_says_how_many_listens_count_as_what(night):
    census = {"plays": 6, "skips": 3, "starts": 14, "private": 4, "taken_back": 0}
    assert night.summary.details == census
    assert night.summary.rows_in == len(history()) == sum(census.values())
    assert night.summary.rows_out == 4
