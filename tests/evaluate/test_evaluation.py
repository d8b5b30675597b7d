import json
import sys
from datetime import timedelta

import pytest

from jobs.cli import main
from jobs.evaluate import stage
from jobs.evaluate.evaluation import below_floor, evaluate_due, evaluate_night, evaluation_rows
from jobs.evaluate.judgement import Figure
from jobs.evaluate.stage import report
from jobs.lake.arrow import night_rows, table_rows
from jobs.lake.catalog import TABLES
from jobs.stage import Night
from jobs.window import Window
from tests.evaluate.small_night import DAYS, NIGHT, playlist, write
from tests.tables import put


def night(settings, age):
    """The night so many days after that of the lists."""
    return Night(Window.night(NIGHT + timedelta(days=age)), settings)


def run_before(settings, age):
    """Leave the mark that the night has been run."""
    night(settings, age).store.put(f"ledger/{NIGHT + timedelta(days=age)}/ingest.json", b"{}")


def rows_of(settings):
    return night_rows(settings, "evaluations", NIGHT).to_table().to_pylist()


def test_lists_are_judged_when_they_are_a_week_old(settings):
    write(settings)
    assert evaluate_due(night(settings, DAYS - 1)) == []
    assert evaluate_due(night(settings, DAYS)) == [NIGHT]
    rows = rows_of(settings)
    key = TABLES["evaluations"].key
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    assert {row["contender"] for row in rows} == {
        "published", "exploit", "explore", "popularity", "decayed popularity", "item cosine",
    }  # fmt: skip


def test_nights_may_be_run_in_any_order(settings):
    write(settings)
    evaluate_due(night(settings, DAYS))
    in_order = rows_of(settings)
    for age in (0, 3):
        write(settings)
        run_before(settings, DAYS)
        assert evaluate_due(night(settings, age)) == [NIGHT]
        assert rows_of(settings) == in_order
    assert evaluate_due(night(settings, -1)) == []


def test_a_second_run_leaves_the_same_rows(settings):
    write(settings)
    evaluate_due(night(settings, DAYS))
    first = rows_of(settings)
    evaluate_due(night(settings, DAYS))
    assert rows_of(settings) == first


def test_lists_that_nobody_listened_after_are_passed_over(settings):
    write(settings, night=NIGHT + timedelta(days=20))
    assert evaluate_due(night(settings, 20 + DAYS)) == []


def test_what_is_not_known_is_null(settings):
    write(settings)
    rows = evaluation_rows(evaluate_night(settings, NIGHT, DAYS))
    assert all(value == value for row in rows for value in row.values())
    assert {row["n_days"] for row in rows} == {DAYS}


def test_a_night_without_lists_is_judged_by_its_peers_alone(settings):
    write(settings, night=NIGHT - timedelta(days=1))
    found = evaluate_night(settings, NIGHT, DAYS)
    assert found.figures[0].contender == "popularity"
    assert f"`nocturne night --date {NIGHT}` makes them" in found.notes[0]


def test_a_peer_that_cannot_be_fitted_is_left_out_with_a_note(settings, monkeypatch):
    monkeypatch.setattr("models.peers.ease.MOST", 1)
    write(settings)
    found = evaluate_night(settings, NIGHT, DAYS, peers=True)
    assert [note.split(":")[0] for note in found.notes] == [
        "EASE 50 was left out",
        "EASE 200 was left out",
    ]
    assert "iALS" in {figure.contender for figure in found.figures}


@pytest.mark.parametrize(
    ("n", "low", "contender", "below"),
    [
        (30, 0.01, "popularity", ["niche"]),
        (29, 0.01, "popularity", []),
        (30, -0.01, "popularity", []),
        (30, 0.01, "item cosine", []),
    ],
)
def test_a_slice_is_below_its_floor_where_popularity_is_surely_better(n, low, contender, below):
    figure = Figure("discovery", "niche", contender, "NDCG@10", n, 0.2, 0.1, 0.3, 0.1, low, 0.2)
    assert below_floor([figure]) == below


def test_the_report_tells_and_stays_when_judging_fails(settings, monkeypatch, caplog):
    write(settings)
    tonight = night(settings, DAYS)
    report(tonight)
    page = tonight.store.get(f"reports/{tonight.window.as_of}/index.html").decode()
    assert f"What became of the lists of {NIGHT}" in page
    assert tonight.summary.details["evaluated"] == [NIGHT]

    def fail(_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(stage, "evaluate_due", fail)
    report(tonight)
    assert tonight.summary.details["evaluated"] == []
    assert "no luck" in caplog.text


@pytest.fixture
def nocturne(settings, monkeypatch, capsys):
    monkeypatch.setenv("NOCTURNE__HOME", settings.home)
    monkeypatch.setenv("NOCTURNE__LAKE__ROOT", settings.lake.root)

    def run(*argv):
        monkeypatch.setattr(sys, "argv", ["nocturne", "evaluate", *argv])
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_the_command_prints_every_figure_and_writes_nothing_to_the_lake(nocturne, settings, tmp_path):
    write(settings)
    code, out, _ = nocturne("--night", str(NIGHT), "--peers", "--json", str(tmp_path / "out.json"))
    assert code == 0
    assert "judged by 6 plays of the 7 days after; 3 listeners" in out
    for name in (
        "published",
        "EASE 200",
        "iALS",
        "user cosine",
        "0.6082 [",
        "less published",
        "1-5 plays",
    ):
        assert name in out
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["night"] == str(NIGHT)
    assert len(document["figures"]) > 100
    assert not table_rows(settings, "evaluations").count_rows()


def test_fewer_days_are_fewer_plays(nocturne, settings):
    write(settings)
    assert "judged by 2 plays of the 1 days after" in nocturne("--night", str(NIGHT), "--days", "1")[1]


def test_mistakes_are_sentences(nocturne, settings, tmp_path):
    code, _, err = nocturne("--night", str(NIGHT))
    assert (code, err.startswith("nocturne: no listen had landed by")) == (66, True)
    write(settings)
    absent = str(tmp_path / "absent" / "out.json")
    code, _, err = nocturne("--night", str(NIGHT), "--json", absent)
    assert (code, "cannot be written: No such file or directory" in err) == (2, True)
    code, _, err = nocturne("--night", str(NIGHT), "--truth", absent)
    assert (code, "does not tell hidden tastes" in err) == (2, True)


def write_settings(path, settings, **changes):
    lines = {"HOME": settings.home, "LAKE__ROOT": settings.lake.root, **changes}
    path.write_text("# of a test\n" + "".join(f"NOCTURNE__{k}={v}\n" for k, v in lines.items()))
    return str(path)


def test_two_settings_are_compared_by_the_same_plays(nocturne, settings, tmp_path):
    """In the other lake ada has four hits of four; a stranger and an unknown track do not count."""
    write(settings)
    lists = {"ada": [("t2", "x"), ("t4", "x"), ("t5", "x"), ("t8", "x")], "zoe": [("t1", "x")],
             "cy": [("t1", "x"), ("none", "x")]}  # fmt: skip
    other = settings.model_copy(
        update={"lake": settings.lake.model_copy(update={"root": str(tmp_path / "b")})}
    )
    put(other, "playlists", playlist(NIGHT, lists))
    files = [
        write_settings(tmp_path / f"{one}.env", house) for one, house in (("a", settings), ("b", other))
    ]
    argv = ["--night", str(NIGHT), "--settings", files[0], "--settings", files[1]]
    code, out, _ = nocturne(*argv, "--json", str(tmp_path / "out.json"))
    assert code == 0
    assert f"{files[1]}: 2 tracks were left out" in out
    figures = {
        (f["task"], f["slice"], f["contender"], f["metric"]): f
        for f in json.loads((tmp_path / "out.json").read_text())["figures"]
    }
    found = figures["discovery", "all", files[1], "NDCG@10"]
    ours = figures["discovery", "all", "published", "NDCG@10"]["value"]
    assert found["value"] == pytest.approx(
        (1 + 0) / 2
    )  # bob, who found something too, has no list there
    assert found["difference"] == pytest.approx(0.5 - ours)
    assert found["difference_low"] <= found["difference"] <= found["difference_high"]


def test_wrong_files_of_settings_are_sentences(nocturne, settings, tmp_path):
    write(settings)
    good = write_settings(tmp_path / "a.env", settings)
    other = tmp_path / "b.env"

    def told(text):
        other.write_text(text)
        return nocturne("--night", str(NIGHT), "--settings", good, "--settings", str(other))

    code, _, err = told("LAKE__ROOT=x\n")
    assert (code, "has a line for LAKE__ROOT: write NOCTURNE__" in err) == (2, True)
    code, _, err = told(f"NOCTURNE__LAKE__ROOT={tmp_path / 'empty'}\n")
    assert (code, f"has no lists of {NIGHT}" in err) == (66, True)
    code, _, err = told("NOCTURNE__SEED=many\n")
    assert (code, "NOCTURNE__SEED" in err) == (2, True)
    absent = str(tmp_path / "absent.env")
    code, _, err = nocturne("--night", str(NIGHT), "--settings", absent)
    assert (code, f"{absent} cannot be read" in err) == (2, True)
