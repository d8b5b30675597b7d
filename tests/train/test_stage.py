import json
from datetime import date

import pytest

from jobs.lake.arrow import open_table
from jobs.settings import TrainSettings
from jobs.stage import Night
from jobs.train.promote.stage import promote_models
from jobs.train.stage import train_content
from jobs.window import Window
from models.content_network.scoring import ContentScorer
from models.registry import Registry
from tests.models.content_network.tiny import publish_tiny
from tests.train.lake import at, listen, put, put_town

TRAIN = TrainSettings(n_blocks=4, epochs=30, patience=30, batch_size=64, n_hidden=8, n_factors=4)


def night_of(settings, day: int, **train) -> Night:
    settings = settings.model_copy(update={"train": TRAIN.model_copy(update=train)})
    return Night(Window.night(date(2026, 6, day)), settings)


def rows(settings):
    return open_table(settings, "model_versions").to_pyarrow_table().to_pylist()


@pytest.mark.train
def test_a_night_trains_publishes_and_promotes(settings):
    put_town(settings, n_days=4)
    night = night_of(settings, 4)
    train_content(night)
    version = night.summary.details["version"]
    registry = Registry(night.store, "content")
    card = registry.card(version)
    assert card.as_of == date(2026, 6, 4)
    assert card.metrics["auc"].value > 0.7
    assert card.metrics["auc"].low < card.metrics["auc"].value < card.metrics["auc"].high
    assert registry.for_night(date(2026, 6, 4)) is None
    promote_models(night)
    assert registry.for_night(date(2026, 6, 4)) == card
    assert [(r["version"], r["promoted"]) for r in rows(settings)] == [(version, True)]
    assert json.loads(rows(settings)[0]["data_versions"]) == {"listens": 0, "audio_features_history": 0}
    ContentScorer.from_files(registry.read(version))

    again = night_of(settings, 4)
    train_content(again)
    promote_models(again)
    assert again.summary.details["version"] == version
    assert registry.versions() == [card]


@pytest.mark.parametrize("n_plays", [0, 30])
def test_a_night_with_too_little_to_learn_from_has_no_model(settings, n_plays):
    if n_plays:
        put(settings, "listens", [listen("a", f"t{i}", at(4, 1, i)) for i in range(n_plays)])
    night = night_of(settings, 4)
    train_content(night)
    assert night.summary.details["version"] is None
    promote_models(night)
    assert night.summary.details == {
        "version": None, "promoted": False, "reason": "nothing was trained"
    }  # fmt: skip
    assert Registry(night.store, "content").champion() is None


@pytest.mark.train
def test_a_worse_network_is_not_promoted(settings, monkeypatch):
    put_town(settings, n_days=5)
    before = night_of(settings, 4)
    train_content(before)
    promote_models(before)
    worse = publish_tiny(before.store, date(2026, 6, 5), promote=False)
    monkeypatch.setattr("jobs.train.promote.stage.trained_version", lambda *_: worse.version)
    night = night_of(settings, 5)
    promote_models(night)
    assert night.summary.details["promoted"] is False
    assert night.summary.details["champion"] == before.summary.details["version"]
    assert "worse than the champion" in night.summary.details["reason"]
    champion = Registry(night.store, "content").for_night(date(2026, 6, 5))
    assert champion.version == before.summary.details["version"]
