import json
import re
import subprocess
import sys
from datetime import date

import pytest
from sklearn.metrics import log_loss
from typer.testing import CliRunner

from jobs.cli import app
from jobs.errors import NocturneError, NoInputError
from jobs.settings import LakeSettings, Settings
from jobs.store.folder import FolderStore
from jobs.train.heldout import heldout_plays
from jobs.window import Window
from models.content_network.comparison import predict
from models.registry import Card, Registry
from models.registry.card import checksum
from tests.models.content_network.tiny import publish_tiny, tiny_scorer
from tests.train.lake import put_town


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", str(tmp_path / "store"))
    return FolderStore(str(tmp_path / "store"))


@pytest.fixture
def cards(store):
    """Three nights' versions; the second was kept back."""
    return [publish_tiny(store, date(2026, 6, day), day, promote=day != 2) for day in (1, 2, 3)]


def run(*arguments):
    result = CliRunner().invoke(app, ["models", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_list_marks_the_champion_and_tells_what_became_of_the_others(store, cards):
    Registry(store, "content").withdraw(cards[0].version)
    lines = [line.split()[:3] for line in run("list").splitlines()]
    assert lines == [
        [cards[0].version, "withdrawn"],
        [cards[1].version, "kept"],
        ["*", cards[2].version, "promoted"],
    ]


def test_list_as_json_has_the_metrics_with_their_intervals(store, cards):
    listed = json.loads(run("list", "--json"))
    assert [(c["version"], c["standing"], c["champion"]) for c in listed] == [
        (cards[0].version, "promoted", False),
        (cards[1].version, "kept", False),
        (cards[2].version, "promoted", True),
    ]
    assert listed[0]["metrics"] == {
        name: metric.model_dump() for name, metric in cards[0].metrics.items()
    }
    assert listed[0]["as_of"] == "2026-06-01"


def test_show_prints_the_card(cards):
    assert json.loads(run("show", cards[0].version))["version"] == cards[0].version


def test_compare_measures_both_on_the_later_plays_of_the_later_night(store, tmp_path, monkeypatch):
    lake = LakeSettings(root=str(tmp_path / "lake"))
    monkeypatch.setenv("NOCTURNE__LAKE__ROOT", lake.root)
    monkeypatch.setenv("NOCTURNE__HOME", str(tmp_path))
    settings = Settings(home=str(tmp_path), lake=lake)
    put_town(settings, n_days=3)
    first, second = (publish_tiny(store, date(2026, 6, 1 + seed), seed).version for seed in (0, 1))
    titles, _, loss, _ = run("compare", first, second).splitlines()
    features, block = heldout_plays(settings, Window.night(date(2026, 6, 2)))
    assert titles.split() == [str(len(block)), "plays", first, second, "second", "-", "first"]
    predicted = [predict(tiny_scorer(seed), features, block).clip(1e-7, 1 - 1e-7) for seed in (0, 1)]
    expected = [log_loss(block.liked, p) for p in predicted]
    found = [float(value) for value in re.findall(r"(-?[0-9.]+) \[", loss)]
    assert found == pytest.approx([*expected, expected[1] - expected[0]], abs=6e-5)


def test_compare_without_the_plays_says_where_it_looked(store, cards, tmp_path, monkeypatch):
    monkeypatch.setenv("NOCTURNE__LAKE__ROOT", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("NOCTURNE__HOME", str(tmp_path))
    with pytest.raises(NoInputError, match="elsewhere, so there is nothing to measure"):
        run("compare", cards[0].version, cards[1].version)


def test_rollback_and_promote_move_the_pointer(cards):
    first, second, third = (card.version for card in cards)
    assert run("rollback") == f"champion: {first}\n"
    assert run("promote", third) == f"champion: {third}\n"
    assert run("promote", second) == f"champion: {third}\n"
    assert run("rollback", third) == f"champion: {second}\n"
    run("rollback")
    assert run("rollback") == "champion: none\n"
    with pytest.raises(NocturneError, match="none to withdraw"):
        run("rollback")


def test_a_promotion_by_hand_is_kept_as_one(store, cards):
    run("promote", cards[1].version)
    promoted = Registry(store, "content").champions().promoted
    assert {p.version: p.by_hand for p in promoted} == {
        cards[0].version: False,
        cards[1].version: True,
        cards[2].version: False,
    }


def test_a_version_that_is_not_there_is_a_sentence(store):
    with pytest.raises(NocturneError, match="no version 'nothing'"):
        run("show", "nothing")


def test_the_command_line_and_promotion_import_no_tensorflow():
    code = (
        "import sys, jobs.cli, jobs.train.promote.stage, models.content_network.scoring\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'pyspark')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_ranker_has_versions_of_its_own(store, cards):
    body = b"trees"
    card = Card(
        model="ranker", version="2026-06-05-abc", as_of=date(2026, 6, 5), seed=1,
        files={"trees.npz": checksum(body)},
    )  # fmt: skip
    Registry(store, "ranker").publish(card, {"trees.npz": body})
    assert run("list", "--model", "ranker").split()[:2] == ["2026-06-05-abc", "kept"]
    assert run("promote", "2026-06-05-abc", "--model", "ranker") == "champion: 2026-06-05-abc\n"
    assert run("rollback", "--model", "ranker") == "champion: none\n"
    assert json.loads(run("show", "2026-06-05-abc", "--model", "ranker"))["model"] == "ranker"
    with pytest.raises(NocturneError, match=r"ranker has no version 'x'.*list --model ranker"):
        run("show", "x", "--model", "ranker")
    assert cards[2].version in run("list")
