"""The town's listeners, and the landing files of what they play, night by night.

A listener likes one to three scenes and some artists of each, plays popular tracks more than others,
and skips a track the likelier the further it lies from their taste:
``P(skip) = sigmoid(SKIP_LOGIT - GAIN * taste . z(track))``. The same arguments give the same bytes.
"""

import gzip
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np

from jobs.errors import UsageError
from jobs.simulate.music import Music, make_music

MEAN_PLAYS = 12.0
ARTISTS_A_SCENE = 8
SKIP_LOGIT = -0.9
GAIN = 0.9
LIKE_RATE = 0.04
EVENING_S = 18 * 3600
SOURCES = ("library", "playlist", "album", "search", "radio")

Record = dict[str, object]


@dataclass(frozen=True)
class Listeners:
    """Row u of ``taste``: listener u's unit vector; ``repertoires[u]``: their tracks, and weights."""

    taste: np.ndarray
    activity: np.ndarray
    repertoires: list[tuple[np.ndarray, np.ndarray]]


def write_town(
    root: Path, *, n_listeners: int, n_tracks: int, first_day: date, nights: int, seed: int
) -> None:
    """Write the landing folder of a town. ``root`` appears whole or not at all.

    Raises UsageError if there is something at ``root`` already.
    """
    if root.exists():
        raise UsageError(f"{root} exists: a town is written once; delete it or name another folder")
    draft = root.with_name(root.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    music = make_music(np.random.default_rng([seed, 1]), n_tracks, nights)
    listeners = make_listeners(np.random.default_rng([seed, 2]), music, n_listeners)
    for night in range(nights):
        day = first_day + timedelta(days=night)
        landing = play_night(np.random.default_rng([seed, 3, night]), music, listeners, day, night)
        new = np.flatnonzero(music.released == night)
        landing["tracks"] = [_dated(music.track_records[i], day, night) for i in new]
        landing["audio_features"] = [music.feature_records[i] for i in new]
        for kind, records in landing.items():
            _write(draft / kind / f"date={day}" / "part-00000.jsonl.gz", records)
    draft.rename(root)


def make_listeners(rng: np.random.Generator, music: Music, n: int) -> Listeners:
    """Draw ``n`` listeners with one to three scenes each."""
    tastes, repertoires, there = [], [], np.unique(music.scene)
    for _ in range(n):
        scenes = rng.choice(there, size=min(int(rng.integers(1, 4)), len(there)), replace=False)
        pool = np.flatnonzero(np.isin(music.scene, scenes))
        artists = rng.choice(pool, size=min(ARTISTS_A_SCENE * len(scenes), len(pool)), replace=False)
        tracks = np.flatnonzero(np.isin(music.artist, artists))
        weights = music.popularity[tracks] * rng.lognormal(0, 0.7, len(tracks))
        repertoires.append((tracks, weights / weights.sum()))
        taste = music.z[tracks].mean(axis=0) + rng.normal(0, 0.4, music.z.shape[1])
        tastes.append(taste / np.linalg.norm(taste))
    return Listeners(np.array(tastes), rng.gamma(3.0, MEAN_PLAYS / 3.0, n), repertoires)


def play_night(
    rng: np.random.Generator, music: Music, listeners: Listeners, day: date, night: int
) -> dict[str, list[Record]]:
    """Draw what all play, like and dislike on one night; no track is played before it has landed."""
    listens: list[Record] = []
    feedback: list[Record] = []
    for user, (tracks, weights) in enumerate(listeners.repertoires):
        out = np.where(music.released[tracks] <= night, weights, 0.0)
        n_plays = min(int(rng.poisson(listeners.activity[user])), 60)
        if not n_plays or not out.sum():
            continue
        chosen = rng.choice(tracks, size=n_plays, p=out / out.sum())
        liking = GAIN * music.z[chosen] @ listeners.taste[user]
        skipped = rng.random(n_plays) < 1 / (1 + np.exp(liking - SKIP_LOGIT))
        gives_feedback = rng.random(n_plays) < LIKE_RATE
        at = datetime.combine(day, time(), UTC) + timedelta(seconds=int(rng.integers(EVENING_S)))
        for i, track in enumerate(chosen):
            length = int(str(music.track_records[track]["duration_ms"]))
            ms = int(length * rng.uniform(0.02, 0.5)) if skipped[i] else length
            listens.append(_listen(user, night, i, int(track), at, ms, bool(skipped[i]), rng))
            at = min(at + timedelta(milliseconds=ms + 900), _last_instant(day))
            if gives_feedback[i]:
                kind = "dislike" if skipped[i] else "like"
                target = music.track_records[track]["track_id"]
                feedback.append(
                    {"user_id": _user(user), "kind": kind, "target_id": target, "at": at.isoformat()}
                )
    return {"listens": listens, "feedback": feedback}


def _listen(
    user: int,
    night: int,
    nth: int,
    track: int,
    at: datetime,
    ms: int,
    skipped: bool,
    rng: np.random.Generator,
) -> Record:
    return {
        "listen_id": f"{_user(user)}-{night:03d}-{nth:03d}",
        "user_id": _user(user),
        "track_id": f"town-{track:06d}",
        "listened_at": at.isoformat(),
        "ms_played": ms,
        "skipped": skipped,
        "source": SOURCES[int(rng.integers(len(SOURCES)))],
    }


def _user(user: int) -> str:
    return f"listener-{user:05d}"


def _last_instant(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def _dated(record: Record, day: date, night: int) -> Record:
    return record | {"release_date": str(day)} if night else record


def _write(path: Path, records: list[Record]) -> None:
    path.parent.mkdir(parents=True)
    body = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(body.encode(), mtime=0))
