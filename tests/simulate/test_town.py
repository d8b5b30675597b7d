import gzip
import hashlib
import json
from datetime import date, datetime
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


def test_a_town_is_never_written_over_another(town):
    with pytest.raises(UsageError, match="written once"):
        write_town(town, **TOWN)
