"""A month in a mess, nights in any order, files forgotten and delivered again: the tables of a clean
landing. What is drawn is the mess and the order; what was heard is always the same."""

import io
import itertools
import json
import os
import random
import shutil
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from jobs.errors import NoInputError
from jobs.ingest import commands
from jobs.ingest.landing_commands import forgotten
from jobs.ingest.stage import ingest_landing
from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings
from jobs.stage import Night
from jobs.window import Window
from tests.ingest.test_stage import features, lake_content, listen, rows, track

pytestmark = pytest.mark.spark
DAYS = [date(2026, 6, day) for day in (1, 14, 29)]
HEARD = {
    "listens": (
        "user_id",
        "track_id",
        "listened_at",
        "ms_played",
        "skipped",
        "listened_on",
        "landed_on",
    ),
    "audio_features": ("track_id", "tempo", "updated_on"),
    "tracks": ("track_id", "title", "first_seen_on", "landed_on"),
    "feedback": ("user_id", "kind", "target_id", "at"),
    "feedback_history": ("user_id", "kind", "target_id", "at", "landed_on"),
}


def text_of(records: list[dict], end: str = "\n") -> bytes:
    return "".join(json.dumps(record) + end for record in records).encode()


def exported(play: dict) -> dict:
    """The same play as its listener's own export tells it: its end, to the millisecond."""
    ended = f"{play['listened_at'][:10]}T12:{play['ms_played'] // 1000 // 60:02}:03.000Z"
    return {
        "ts": ended, "ms_played": play["ms_played"], "skipped": play["skipped"],
        "master_metadata_track_name": "T", "master_metadata_album_artist_name": "A",
        "spotify_track_uri": f"spotify:track:{play['track_id']}",
    }  # fmt: skip


def scrobbles(nth: int, day: date) -> bytes:
    """Plays known by names: of a track of the catalog of the day, of an earlier one, and of none."""
    began = round(datetime.combine(day, time(3), UTC).timestamp())
    titles = (f"T2 {nth}", "T0 0", "Nobody's")
    plays = "".join(f"{began + 600 * n},A,{title}\n" for n, title in enumerate(titles))
    return f"# a tool's comment\nuts,artist,track\n{plays}".encode()


def zipped(name: str, body: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), body)
    return sink.getvalue()


def clean_files() -> dict[str, bytes]:
    """Files by their path: a producer's plays, tracks and words of three days, one by one."""
    files = {}
    for nth, day in enumerate(DAYS):
        plays = [listen(10 * nth + n, day - timedelta(days=n % 2), ms_played=60_000) for n in range(6)]
        files[f"listens/date={day}/feed.jsonl"] = text_of(plays)
        files[f"listens/date={day}/user=own/h.jsonl"] = text_of([exported(plays[nth])])
        files[f"listens/date={day}/user=names/s.csv"] = scrobbles(nth, day)
        files[f"listens/date={day}/user=zip/e.zip"] = zipped(
            "E/endsong_0.json", json.dumps([exported(plays[nth]), exported(plays[5 - nth])]).encode()
        )
        files[f"audio_features/date={day}/f.jsonl"] = text_of(
            [features(n, tempo=90.0 + nth) for n in (0, nth)]
        )
        files[f"tracks/date={day}/t.jsonl"] = text_of([track(n, title=f"T{n} {nth}") for n in range(3)])
        word = {"user_id": "u1", "kind": "like", "target_id": f"t{nth % 2}"}
        files[f"feedback/date={day}/f.jsonl"] = text_of([word | {"at": f"{day}T01:00:00Z"}])
    return files


CLEAN = clean_files()
LISTENS = [name for name in CLEAN if name.startswith("listens/")]


def settings_in(folder: Path, lake: str = "lake") -> Settings:
    return Settings(
        home=str(folder / "home"),
        landing=LandingSettings(root=str(folder / "landing")),
        lake=LakeSettings(root=str(folder / lake)),
        store=StoreSettings(root=str(folder / "store")),
    )


def put(settings: Settings, name: str, body: bytes) -> Path:
    path = Path(settings.landing.root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    # The clock of a file system may stand still between two writes.
    os.utime(path, ns=(0, next(CLOCK)))
    return path


CLOCK = itertools.count(10**18, 10**9)


def night(settings: Settings, day: date) -> None:
    with suppress(NoInputError):  # nothing lies there just now
        ingest_landing(Night(Window.night(day), settings))


def heard(settings: Settings) -> dict[str, list[tuple]]:
    return {name: rows(settings, name, *columns) for name, columns in HEARD.items()}


@pytest.fixture(scope="module")
def clean(_session, tmp_path_factory) -> dict[str, list[tuple]]:
    """What the tables hold after a clean landing, night by night."""
    settings = settings_in(tmp_path_factory.mktemp("clean"))
    for name, body in CLEAN.items():
        put(settings, name, body)
    for day in DAYS:
        night(settings, day)
    return heard(settings)


# One thing that goes wrong and is put right; nights may run between.


def delivered_again(settings: Settings, draw) -> None:
    """A file forgotten by a person, and delivered again."""
    name = draw(st.sampled_from(list(CLEAN)))
    night(settings, DAYS[-1])
    forgotten(settings, name)
    night(settings, draw(st.sampled_from(DAYS)))
    put(settings, name, CLEAN[name])


def listener_delivered_again(settings: Settings, draw) -> None:
    """A listener forgotten, of their own files and of those of all; the files delivered again."""
    who = draw(st.sampled_from(("own", "names", "zip", "u1")))
    night(settings, DAYS[-1])
    forgotten(settings, who)
    for name in LISTENS + [name for name in CLEAN if name.startswith("feedback/")]:
        put(settings, name, CLEAN[name])


def cut_short(settings: Settings, draw) -> None:
    """A file with fewer rows than it should have, then whole."""
    name = draw(st.sampled_from(list(CLEAN)))
    put(settings, name, b"\r\n".join(CLEAN[name].splitlines()[:-1]))
    night(settings, DAYS[-1])
    put(settings, name, CLEAN[name])


def late(settings: Settings, draw) -> None:
    """A file that comes after all others of its night and later ones: a catalog after its plays."""
    name = draw(st.sampled_from([name for name in CLEAN if not name.startswith("feedback")]))
    (Path(settings.landing.root) / name).unlink()
    night(settings, DAYS[-1])
    put(settings, name, CLEAN[name])


def moved(settings: Settings, draw) -> None:
    """A file in the folder of another day under another name, then in its place."""
    name = draw(st.sampled_from(LISTENS))
    place = Path(settings.landing.root)
    wrong = place / f"listens/date={draw(st.sampled_from(DAYS[1:]))}/user=x/moved.jsonl"
    wrong.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(place / name, wrong)
    night(settings, DAYS[-1])
    shutil.move(wrong, place / name)


def wrong_file(settings: Settings, draw) -> None:
    """A file that contradicts others, and one that is refused; both removed."""
    day = draw(st.sampled_from(DAYS))
    paths = [
        put(settings, f"listens/date={day}/a.jsonl", text_of([listen(n, day) for n in range(9)])),
        put(settings, f"listens/date={day}/statement.pdf", b"%PDF-1.4"),
    ]
    night(settings, DAYS[-1])
    for path in paths:
        path.unlink()


def replayed(settings: Settings, _) -> None:
    """What was set aside is read again, by today's rules."""
    night(settings, DAYS[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.settings.load_settings", lambda: settings)
        with suppress(typer.Exit):  # nothing was
            commands.replay(rule=None, file=None, day=None)


MISHAPS = (delivered_again, listener_delivered_again, cut_short, late, moved, wrong_file, replayed)


def repeated(settings: Settings, seed: int) -> None:
    """Plays and words that land once more, in another order, with Windows' line ends, later or not."""
    dice = random.Random(seed)
    for name, body in CLEAN.items():
        if name.startswith(("tracks/", "audio_f")) or "user=" in name or dice.random() < 0.5:
            continue
        kind, day, _ = name.split("/")
        lines = dice.sample(body.splitlines(), dice.randint(1, len(body.splitlines())))
        later = dice.choice([f"date={other}" for other in DAYS if f"date={other}" >= day])
        put(settings, f"{kind}/{later}/again of {day}.jsonl", b"\r\n".join(lines))


@given(data=st.data())
@examples(
    max_examples=4, deadline=None, derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_whatever_goes_wrong_and_is_put_right_the_tables_are_those_of_a_clean_month(
    clean, tmp_path_factory, data
):
    folder = tmp_path_factory.mktemp("mess")
    settings = settings_in(folder)
    for name, body in CLEAN.items():
        put(settings, name, body)
    repeated(settings, data.draw(st.integers(0, 99)))
    for mishap in data.draw(st.lists(st.sampled_from(MISHAPS), min_size=2, max_size=2, unique=True)):
        mishap(settings, data.draw)
    for day in data.draw(st.permutations(DAYS)):
        night(settings, day)
    assert heard(settings) == clean
    anew = settings_in(folder, "other lake")
    night(anew, DAYS[-1])
    assert lake_content(anew) == lake_content(settings)
