import json
import subprocess
import sys
from datetime import date

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.errors import NocturneError
from jobs.store.folder import FolderStore
from models.registry import Interval, Registry
from tests.models.content_network.tiny import publish_tiny


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


def test_show_prints_the_card(cards):
    assert json.loads(run("show", cards[0].version))["version"] == cards[0].version


def test_compare_puts_metrics_side_by_side(store):
    registry = Registry(store, "content")
    for name, value in (("2026-06-01-a", 0.5), ("2026-06-02-b", 0.4)):
        card = publish_tiny(store, date(2026, 6, 1))
        loss = {"log_loss": Interval(value=value, low=value - 0.1, high=value + 0.1)}
        changed = card.model_copy(update={"version": name, "metrics": loss})
        registry.publish(changed, registry.read(card.version))
    lines = run("compare", "2026-06-01-a", "2026-06-02-b").splitlines()
    assert lines[0].split() == ["2026-06-01-a", "2026-06-02-b"]
    assert " ".join(lines[1].split()) == "log_loss 0.5000 [0.4000, 0.6000] 0.4000 [0.3000, 0.5000]"


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


def test_a_version_that_is_not_there_is_a_sentence(store):
    with pytest.raises(NocturneError, match="no version 'nothing'"):
        run("show", "nothing")


def test_the_command_line_and_promotion_import_no_tensorflow():
    code = (
        "import sys, jobs.cli, jobs.train.promote.stage, models.content_network.scoring\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'pyspark')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
