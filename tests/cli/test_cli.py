import json
import subprocess
import sys
from contextlib import nullcontext, suppress
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.cli import main
from jobs.embedded.doctor import HealthCheck
from jobs.embedded.status import marked
from jobs.errors import NO_INPUT
from jobs.lake.arrow import replace_night
from jobs.lake.remembered_landing import remember_landing
from jobs.recommend import preview
from jobs.stage import Night, run_stage
from jobs.stages import STAGES
from jobs.store import open_store
from jobs.window import Window
from tests.tables import put

NIGHT = date(2026, 6, 28)


@pytest.fixture
def nocturne(settings, monkeypatch, capsys):
    """Runs a command line on the test's own folders; returns its exit code, output and errors."""
    monkeypatch.setenv("NOCTURNE__HOME", settings.home)
    for name in ("landing", "lake", "store"):
        monkeypatch.setenv(f"NOCTURNE__{name.upper()}__ROOT", getattr(settings, name).root)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*argv):
        monkeypatch.setattr(sys, "argv", ["nocturne", *argv])
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        return exit_.value.code or 0, printed.out, printed.err

    return run


def publish(settings, night=NIGHT, titles=("First", "Second [live]")):
    rows = [
        {"as_of": night, "user_id": "ada", "rank": rank, "track_id": f"t{rank}", "title": title,
         "artist": artist, "score": 1 / rank, "strategy": strategy, "reason_kind": "k",
         "reason": reason, "evidence": "{}", "model_version": None}
        for rank, title, artist, strategy, reason in [
            (2, titles[1], "B", "explore", "It sounds like your evenings"),
            (1, titles[0], "A", "exploit", "Listeners like you play it"),
        ]
    ]  # fmt: skip
    replace_night(settings, "playlists", rows, night)
    pointer = {"as_of": str(night), "manifest": "runs/x/manifest.json"}
    open_store(settings).put("playlists/latest.json", json.dumps(pointer).encode())


def ledger(settings, errors):
    for stage, error in errors.items():
        with suppress(RuntimeError):
            run_stage(
                stage, failing(error) if error else lambda _: None, Night(Window.night(NIGHT), settings)
            )


def failing(error):
    def stage(_):
        raise RuntimeError(error)

    return stage


def test_help_is_quick_because_it_imports_nothing_heavy():
    heavy = ("pyspark", "pyarrow", "pandas", "numpy", "airflow", "pydantic", "tensorflow", "boto3")
    code = f"import sys, jobs.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_names_every_command(nocturne):
    code, out, _ = nocturne("--help")
    assert code == 0
    for command in ("run", "up", "down", "status", "night", "playlist", "doctor"):
        assert f" {command} " in out


def test_a_playlist_is_track_artist_and_why_by_rank(nocturne, settings):
    publish(settings)
    code, out, _ = nocturne("playlist", "ada")
    assert code == 0
    assert out.splitlines() == [
        "ada · discover · 2026-06-28",
        " 1  First · A",
        "    Listeners like you play it",
        " 2  Second [live] · B",
        "    It sounds like your evenings",
    ]


def test_numbers_in_a_title_are_not_coloured_on_a_terminal(nocturne, settings, monkeypatch):
    publish(settings, titles=("Song 7", "Song 8"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(
        preview, "preview", lambda *_: [{"rank": 1, "title": "Song 7", "artist": "A", "reason": "r"}]
    )
    monkeypatch.setattr("jobs.embedded.doctor.require_java", lambda: None)
    for command in ("playlist", "preview"):
        assert " 1  Song 7 · A\n" in nocturne(command, "ada")[1]


def test_a_preview_is_shown_as_the_playlist_is_by_the_settings_given(nocturne, settings, monkeypatch):
    publish(settings)
    monkeypatch.setenv("NOCTURNE__RECOMMEND__N_TRACKS", "30")  # set again by the command, so put back

    def made(night, user, name, dials):
        told = f"{user}, {name}, {night.window.as_of}, {night.settings.recommend.n_tracks} tracks"
        return [{"rank": 1, "title": "First", "artist": "A", "reason": told}]

    monkeypatch.setattr(preview, "preview", made)
    monkeypatch.setattr("jobs.embedded.doctor.require_java", lambda: None)
    code, out, _ = nocturne("preview", "ada", "--set", "n_tracks=5")
    assert code == 0
    assert out.splitlines() == [
        "ada · discover · 2026-06-28", " 1  First · A", "    ada, discover, 2026-06-28, 5 tracks",
    ]  # fmt: skip
    _, out, _ = nocturne("preview", "ada", "--list", "rediscover")
    assert out.startswith("ada · rediscover · 2026-06-28\n")
    code, _, err = nocturne("preview", "ada", "--dial", "known_share=much")
    assert (code, err) == (
        2, "nocturne: --dial known_share=much: the value is a number from 0 to 1\n",
    )  # fmt: skip
    assert "is no dial: give one of list_length, " in nocturne("preview", "ada", "--dial", "bass=1")[2]
    code, _, err = nocturne("preview", "ada", "--list", "mixtape")
    assert (code, err) == (
        2, "nocturne: --list 'mixtape' is no list: give one of discover, rediscover, new_releases\n",
    )  # fmt: skip


@pytest.mark.parametrize(("good", "code", "mark"), [(True, 0, "ok "), (False, 1, "BAD")])
def test_the_doctor_ends_with_1_where_something_is_bad(nocturne, monkeypatch, good, code, mark):
    checks = [HealthCheck("java", True, "is 17"), HealthCheck("disk", good, "has 9 MB")]
    monkeypatch.setattr("jobs.embedded.doctor.health_checks", lambda _: checks)
    ended, out, _ = nocturne("doctor")
    assert ended == code
    assert out == f"ok  java      is 17\n{mark} disk      has 9 MB\n"


def test_an_older_nights_playlist_is_had_by_its_date(nocturne, settings):
    publish(settings, date(2026, 6, 27))
    publish(settings)
    _, out, _ = nocturne("playlist", "ada", "--date", "2026-06-27")
    assert out.startswith("ada · discover · 2026-06-27")


def test_why_says_it_of_a_track_on_the_list_and_of_one_that_is_not(nocturne, settings):
    publish(settings)
    rows = [(f"t{n}", f"Title {n}", ["A"], "A", None, None, 180_000, NIGHT, "f") for n in (1, 2, 3)]
    put(settings, "tracks_history", rows)
    code, out, _ = nocturne("why", "ada", "t1")
    assert code == 0
    assert out == (
        "“Title 1” by A (t1): number 1 of the list discover, as exploit. Listeners like you play it\n"
    )
    assert "the list has 2 tracks of A already" in nocturne("why", "ada", "title 3")[1]
    code, _, err = nocturne("why", "ada", "t4")
    assert (code, err) == (
        2,
        "nocturne: the night's catalog has no track with the id or the title 't4'\n",
    )


def test_status_says_what_runs_and_how_nights_ended(nocturne, settings):
    publish(settings)
    ledger(settings, dict.fromkeys((spec.name for spec in STAGES), None))
    code, out, _ = nocturne("status")
    assert code == 0
    assert out.splitlines() == [
        "PostgreSQL is not running, Airflow is not running (nocturne up)",
        "2026-06-28  complete  <- published",
    ]


def test_status_names_the_stage_that_failed_or_is_missing(nocturne, settings):
    ledger(settings, {"ingest": None})
    assert nocturne("status")[1].splitlines()[1] == "2026-06-28  stopped before gate_inputs"
    ledger(settings, {"gate_inputs": "17 of 20 rows are bad\nmore"})
    assert (
        nocturne("status")[1].splitlines()[1] == "2026-06-28  gate_inputs failed: 17 of 20 rows are bad"
    )


def test_status_names_a_record_that_is_damaged(nocturne, settings):
    ledger(settings, {"ingest": None})
    key = f"ledger/{NIGHT}/ingest.json"
    store = open_store(settings)
    store.put(key, store.get(key)[:-20])
    store.put("playlists/latest.json", b"{")
    code, out, _ = nocturne("status")
    assert code == 0
    assert out.splitlines()[1].endswith("ingest.json is damaged; run that stage again")


def test_down_without_anything_running_is_fine(nocturne):
    assert nocturne("down") == (0, "Airflow was not running\n", "")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["night", "--date", "2026-06-28", "--from", "trian"], "'trian' is not a stage: choose one of"),
        (["run", "--landing", "nowhere/at/all"], "there is no landing folder"),
        (["playlist", "ada"], "no playlists are published in"),
        (["playlist", "ada", "--date", "2026-06-28"], "there is no playlists table in"),
        (["playlist", "ada", "--date", "2026-6-31"], "'2026-6-31' is not a day: write YYYY-MM-DD"),
        (["night", "--date", "yesterday"], "'yesterday' is not a day: write YYYY-MM-DD"),
        (["evaluate", "--night", "2026-02-30"], "'2026-02-30' is not a day"),
        (["quarantine", "show", "--date", "28.6."], "'28.6.' is not a day"),
        (["run", "--force", "x"], "--force 'x' is no note: say who"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(nocturne, argv, said):
    code, _, err = nocturne(*argv)
    assert code == 2
    assert err.startswith("nocturne: ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_listener_without_a_playlist_is_told_so(nocturne, settings):
    publish(settings)
    code, _, err = nocturne("playlist", "bob")
    assert code == 2
    assert "'bob' has no playlist of 2026-06-28, of which there are those of 1 listener\n" in err
    assert nocturne("playlist", "adam")[2].endswith("of 1 listener; near: ada\n")


def test_a_night_without_playlists_is_told_with_the_nights_that_have_some(nocturne, settings):
    publish(settings, date(2026, 6, 27))
    publish(settings)
    code, _, err = nocturne("playlist", "ada", "--date", "2026-06-30")
    assert code == 2
    assert "no playlists of 2026-06-30; the newest nights with some: 2026-06-28, 2026-06-27\n" in err


def test_a_wrong_setting_is_named(nocturne, monkeypatch):
    monkeypatch.setenv("NOCTURNE__NEIGHBORS__K", "-3")
    code, _, err = nocturne("status")
    assert code == 2
    assert "NOCTURNE__NEIGHBORS__K: Input should be greater than 0" in err


def test_options_are_settings_for_every_child(nocturne, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "jobs.embedded.run.run",
        lambda settings, nights, force, given: seen.append((settings, nights, force, given)),
    )
    seen = []
    nocturne(
        "run", "--lake", str(tmp_path / "other"), "--nights", "3", "--force", "ada: half the town slept"
    )
    ((settings, nights, force, given),) = seen
    assert given == {"NOCTURNE__LAKE__ROOT": str(tmp_path / "other")}
    assert (nights, force) == (3, "ada: half the town slept")
    assert settings.lake.root == str(Path(tmp_path, "other"))


def test_the_version_is_that_of_the_package(nocturne):
    from importlib.metadata import version

    told = (0, f"nocturne {version('nocturne')}\n", "")
    assert nocturne("--version") == told
    # Who asks for it starts nothing.
    assert nocturne("--version", "status") == told


def test_airflow_is_started_after_java_was_found_and_spark_prepared(nocturne, monkeypatch):
    steps = []

    class Stub:
        def __init__(self, settings, progress):
            self.settings = settings
            self.home = SimpleNamespace(password_file="/home/password")

        def lock(self):
            steps.append("lock")
            return nullcontext()

        def keep_up(self, nightly):
            steps.append(f"nightly {nightly}")
            return SimpleNamespace(url="http://localhost:1")

    monkeypatch.setattr("jobs.embedded.airflow.Airflow", Stub)
    monkeypatch.setattr("jobs.embedded.doctor.require_java", lambda: steps.append("java"))
    monkeypatch.setattr("jobs.embedded.environment.prepare_spark", lambda *_: steps.append("spark"))
    code, out, errors = nocturne("up", "--nightly")
    assert (code, steps) == (0, ["java", "lock", "spark", "nightly True"])
    assert "Airflow is up: http://localhost:1" in out + errors


def test_the_settings_in_force_are_printed(nocturne, settings):
    code, out, _ = nocturne("settings", "lake__root")
    assert code == 0
    assert f"NOCTURNE__LAKE__ROOT={settings.lake.root}  (environment; default <home>/lake)" in out


def test_validating_a_day_of_which_nothing_has_landed_leaves_no_night_behind(nocturne, settings):
    code, _, err = nocturne("validate", "--date", "2026-07-01")
    assert code == NO_INPUT
    assert "nothing that landed on 2026-07-01 is in the tables: `nocturne night --date" in err
    assert nocturne("status")[1].count("\n") == 1


def test_a_night_at_work_is_told_from_one_that_stopped(nocturne, settings):
    ledger(settings, {"ingest": None})
    with marked(settings, str(NIGHT)):
        assert nocturne("status")[1].splitlines()[1] == "2026-06-28  running, at gate_inputs"
    assert nocturne("status")[1].splitlines()[1] == "2026-06-28  stopped before gate_inputs"


def test_a_night_that_is_made_again_is_running_whatever_its_last_records_say(nocturne, settings):
    errors = dict.fromkeys((spec.name for spec in STAGES), None) | {"publish": "no space"}
    ledger(settings, errors)
    with marked(settings, str(NIGHT)):
        assert nocturne("status")[1].splitlines()[1] == "2026-06-28  running again"


def test_status_playlist_models_quarantine_and_doctor_speak_json(nocturne, settings, monkeypatch):
    publish(settings)
    ledger(settings, {"ingest": None})
    monkeypatch.setattr("jobs.embedded.doctor.jar_files", lambda _: ["/jars/delta/a.jar"])
    document = json.loads(nocturne("status", "--json")[1])
    assert document["runs"] == {"postgresql": False} and document["ui"] is None
    assert document["nights"] == [
        {
            "as_of": "2026-06-28",
            "state": "stopped",
            "stage": "gate_inputs",
            "told": "stopped before gate_inputs",
            "published": True,
        }
    ]
    playlist = json.loads(nocturne("playlist", "ada", "--json")[1])
    assert (playlist["user_id"], [track["title"] for track in playlist["tracks"]]) == (
        "ada",
        ["First", "Second [live]"],
    )
    checks = json.loads(nocturne("doctor", "--json")[1])
    assert {"java", "jars", "memory", "lake"} <= {check["name"] for check in checks}
    assert json.loads(nocturne("models", "list", "--json")[1]) == []
    assert json.loads(nocturne("quarantine", "show", "--json")[1]) == {"rules": [], "entries": []}


def test_the_logs_of_another_landing_are_refused_in_one_line_before_anything_starts(
    nocturne, settings, tmp_path
):
    remember_landing(settings)
    mine = tmp_path / "mine" / "listens" / "date=2026-06-28" / "a.jsonl"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    code, out, err = nocturne("run", "--landing", str(tmp_path / "mine"))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert f"is made of {settings.landing.root}, not of {tmp_path}/mine: " in err
    assert not Path(settings.home, "airflow", "postgres").exists()


def test_a_landing_that_is_not_there_gets_no_home(nocturne, monkeypatch, tmp_path):
    for name in ("HOME", "LAKE__ROOT", "STORE__ROOT"):
        monkeypatch.delenv(f"NOCTURNE__{name}")
    monkeypatch.chdir(tmp_path)
    assert nocturne("run", "--landing", "nowhere")[0] == 2
    assert list(tmp_path.iterdir()) == []
