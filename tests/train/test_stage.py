import json
from datetime import date

import numpy as np
import pytest

from jobs.errors import NocturneError
from jobs.lake.arrow import table_rows
from jobs.settings import TrainSettings
from jobs.stage import Night
from jobs.store.folder import FolderStore
from jobs.train.examples import labels
from jobs.train.promote.stage import promote_models
from jobs.train.stage import start_of, train_content
from jobs.train.versions import record
from jobs.window import Window
from models.content_network.scoring import ContentScorer
from models.registry import Registry
from models.registry.card import checksum
from tests.models.content_network.tiny import publish_tiny
from tests.train.lake import at, listen, put, put_town

TRAIN = TrainSettings(
    n_blocks=4, epochs=8, patience=8, batch_size=32, learning_rate=0.02, n_hidden=8, n_factors=4
)


def night_of(settings, day: int, **train) -> Night:
    settings = settings.model_copy(update={"train": TRAIN.model_copy(update=train)})
    return Night(Window.night(date(2026, 6, day)), settings)


def rows(settings):
    return table_rows(settings, "model_versions").to_table().to_pylist()


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
    record(night.settings, publish_tiny(night.store, date(2026, 6, 4), promote=False), False, None)
    train_content(night)
    assert night.summary.details["version"] is None
    promote_models(night)
    assert night.summary.details == {
        "version": None, "promoted": False, "reason": "nothing was trained"
    }  # fmt: skip
    assert Registry(night.store, "content").champion() is None


@pytest.mark.train
def test_a_network_trained_on_shuffled_labels_is_not_promoted(settings, monkeypatch):
    put_town(settings, n_days=5)
    good = night_of(settings, 4)
    train_content(good)
    promote_models(good)

    def shuffled(*arguments):
        return np.random.default_rng(0).permutation(labels(*arguments))

    night = night_of(settings, 5)
    with monkeypatch.context() as patch:
        patch.setattr("jobs.train.examples.labels", shuffled)
        train_content(night)
    challenger = night.summary.details["version"]
    promote_models(night)
    assert night.summary.details["promoted"] is False
    assert night.summary.details["champion"] == good.summary.details["version"]
    assert "worse than the champion" in night.summary.details["reason"]
    assert [(r["version"], r["promoted"]) for r in rows(settings) if r["as_of"].day == 5] == [
        (challenger, False)
    ]
    registry = Registry(night.store, "content")
    assert registry.for_night(date(2026, 6, 5)).version == good.summary.details["version"]
    assert registry.card(challenger).as_of == date(2026, 6, 5)


def test_a_warm_start_is_the_newest_champion_of_the_nights_before(settings):
    store = FolderStore(settings.store.root)
    registry = Registry(store, "content")
    for day in (2, 4, 5):
        card = publish_tiny(store, date(2026, 6, day), promote=False)
        body = f"night {day}".encode()
        files = registry.read(card.version) | {"network.keras": body}
        warm = card.model_copy(
            update={
                "version": f"2026-06-{day:02}-warm",
                "files": card.files | {"network.keras": checksum(body)},
            }
        )
        registry.publish(warm, files)
        registry.promote(warm.version)
    assert start_of(night_of(settings, 4, warm_start=True)) == b"night 2"
    assert start_of(night_of(settings, 5, warm_start=True)) == b"night 4"
    assert start_of(night_of(settings, 1, warm_start=True)) is None
    assert start_of(night_of(settings, 5)) is None


def night_with(settings, challenger_seed: int) -> Night:
    """A night whose version has random weights."""
    put_town(settings, n_days=3)
    night = night_of(settings, 3)
    card = publish_tiny(night.store, date(2026, 6, 3), challenger_seed, promote=False)
    record(night.settings, card, promoted=False, reason=None)
    return night


def test_the_first_model_must_beat_the_share_of_likes(settings):
    night = night_with(settings, challenger_seed=3)
    promote_models(night)
    assert night.summary.details["promoted"] is False
    assert night.summary.details["champion"] is None
    assert "worse than the share of likes" in night.summary.details["reason"]


def test_a_night_that_is_worse_than_one_built_later_takes_its_promotion_back(settings):
    night = night_with(settings, challenger_seed=3)
    registry = Registry(night.store, "content")
    [card] = registry.versions()
    registry.promote(card.version)
    promote_models(night)
    assert night.summary.details["promoted"] is False
    assert registry.champion() is None


def test_a_version_that_an_operator_withdrew_stays_withdrawn(settings):
    night = night_with(settings, challenger_seed=3)
    registry = Registry(night.store, "content")
    [card] = registry.versions()
    registry.promote(card.version)
    registry.withdraw(card.version)
    promote_models(night)
    assert night.summary.details["reason"] == "withdrawn by an operator"
    assert registry.champion() is None


def test_a_corrupted_version_is_refused_by_name(settings):
    champion = publish_tiny(FolderStore(settings.store.root), date(2026, 6, 2))
    night = night_with(settings, challenger_seed=3)
    [_, card] = Registry(night.store, "content").versions()
    night.store.put(f"models/content/{card.version}/weights.npz", b"half")
    with pytest.raises(NocturneError, match=rf"{card.version}: weights\.npz does not match"):
        promote_models(night)
    assert Registry(night.store, "content").champion() == champion


def test_a_corrupted_champion_is_named_with_the_remedy(settings):
    champion = publish_tiny(FolderStore(settings.store.root), date(2026, 6, 2), seed=4)
    night = night_with(settings, challenger_seed=3)
    night.store.delete(f"models/content/{champion.version}/weights.npz")
    with pytest.raises(NocturneError, match=rf"is missing.*rollback {champion.version}"):
        promote_models(night)
