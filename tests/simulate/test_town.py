import gzip
import hashlib
import json
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from jobs.errors import UsageError
from jobs.simulate.music import make_music
from jobs.simulate.town import make_listeners, write_town
from models.features import FEATURES

TOWN = {"n_listeners": 20, "n_tracks": 300, "first_day": date(2026, 6, 26), "nights": 3, "seed": 5}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    root = tmp_path_factory.mktemp("town") / "landing"
    write_town(root, **TOWN)
    return root


def records(root: Path, kind: str) -> dict[str, list[dict]]:
    files = sorted(root.glob(f"{kind}/date=*/*.jsonl.gz"))
    return {f.parent.name: [json.loads(line) for line in gzip.open(f, "rt")] for f in files}


def digest(root: Path) -> str:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(bytes(f.relative_to(root)) + f.read_bytes() for f in files)
    ).hexdigest()


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(town, tmp_path):
    write_town(tmp_path / "again", **TOWN)
    write_town(tmp_path / "other", **{**TOWN, "seed": 6})
    assert digest(tmp_path / "again") == digest(town)
    assert digest(tmp_path / "other") != digest(town)


def test_each_night_has_its_day_and_only_its_own_instants(town):
    listens = records(town, "listens")
    assert list(listens) == ["date=2026-06-26", "date=2026-06-27", "date=2026-06-28"]
    for day, rows in listens.items():
        assert {f"date={datetime.fromisoformat(row['listened_at']).date()}" for row in rows} == {day}


def test_a_track_is_played_only_after_it_landed_and_has_its_features(town):
    landed: set[str] = set()
    tracks, features, listens = (records(town, kind) for kind in ("tracks", "audio_features", "listens"))
    for day in listens:
        assert [t["track_id"] for t in tracks[day]] == [f["track_id"] for f in features[day]]
        landed |= {t["track_id"] for t in tracks[day]}
        assert {row["track_id"] for row in listens[day]} <= landed
    assert len(landed) == TOWN["n_tracks"]
    assert all(set(row) == {"track_id", *FEATURES} for rows in features.values() for row in rows)


def test_listeners_skip_what_lies_far_from_their_taste(town):
    music = make_music(np.random.default_rng([5, 1]), 300, 3)
    listeners = make_listeners(np.random.default_rng([5, 2]), music, 20)
    rows = [row for night in records(town, "listens").values() for row in night]
    near = {True: [], False: []}
    for row in rows:
        user, track = int(row["user_id"][-5:]), int(row["track_id"][-6:])
        near[row["skipped"]].append(float(music.z[track] @ listeners.taste[user]))
    assert np.mean(near[False]) > np.mean(near[True]) + 0.2


def test_feedback_comes_when_a_play_has_ended_a_like_unless_it_was_skipped(town):
    plays, feedback = (records(town, kind) for kind in ("listens", "feedback"))
    ended, n_feedback = {}, 0
    for day, rows in plays.items():
        midnight = datetime.fromisoformat(f"{day.removeprefix('date=')}T23:59:59+00:00")
        for row in rows:
            length = timedelta(milliseconds=row["ms_played"] + 900)
            at = min(datetime.fromisoformat(row["listened_at"]) + length, midnight)
            kind = "dislike" if row["skipped"] else "like"
            ended[row["user_id"], at.isoformat(), row["track_id"]] = kind
        for row in feedback[day]:
            n_feedback += 1
            assert ended[row["user_id"], row["at"], row["target_id"]] == row["kind"]
    assert 0.01 < n_feedback / len(ended) < 0.09  # one play in 25


def test_a_night_s_plays_of_a_listener_follow_each_other_and_are_whole_unless_skipped(town):
    tracks = [track for night in records(town, "tracks").values() for track in night]
    lengths = {track["track_id"]: track["duration_ms"] for track in tracks}
    rows = [row for night in records(town, "listens").values() for row in night]
    assert len({row["listen_id"] for row in rows}) == len(rows)
    for row, after in pairwise(rows):
        length = lengths[row["track_id"]]
        if row["skipped"]:
            assert 0.02 * length - 1 <= row["ms_played"] <= 0.5 * length
        else:
            assert row["ms_played"] == length
        if row["listen_id"][:-4] == after["listen_id"][:-4]:
            assert int(after["listen_id"][-3:]) == int(row["listen_id"][-3:]) + 1
            began = datetime.fromisoformat(row["listened_at"])
            gap = datetime.fromisoformat(after["listened_at"]) - began
            whole = timedelta(milliseconds=row["ms_played"] + 900)
            assert gap == whole or after["listened_at"][11:19] == "23:59:59"
        else:
            assert int(after["listen_id"][-3:]) == 0


def test_a_town_is_never_written_over_another(town):
    with pytest.raises(UsageError, match="written once"):
        write_town(town, **TOWN)
