from datetime import date

import pytest

from jobs.store import ConflictError
from jobs.store.folder import FolderStore
from models.errors import CorruptArtifactError, UnknownVersionError
from models.registry import Card, Interval, Registry
from models.registry.card import checksum, version_name

FILES = {"weights.npz": b"\x00\x01", "preprocessing.json": b"{}"}


def card(day: int, files=FILES) -> Card:
    as_of = date(2026, 6, day)
    return Card(
        model="content",
        version=version_name(as_of, files),
        as_of=as_of,
        seed=1,
        metrics={"log_loss": Interval(value=0.5, low=0.4, high=0.6)},
        files={name: checksum(body) for name, body in files.items()},
    )


@pytest.fixture
def registry(tmp_path) -> Registry:
    return Registry(FolderStore(str(tmp_path)), "content")


def publish(registry: Registry, day: int, promote: bool = True, files=FILES) -> str:
    version = registry.publish(card(day, files), files).version
    if promote:
        registry.promote(version)
    return version


def test_a_version_is_read_as_it_was_published(registry):
    version = publish(registry, 3, promote=False)
    assert version.startswith("2026-06-03-")
    assert registry.read(version) == FILES
    assert registry.card(version) == card(3)


def test_the_name_depends_on_the_night_and_the_files_alone():
    assert version_name(date(2026, 6, 1), FILES) == version_name(
        date(2026, 6, 1), dict(reversed(FILES.items()))
    )
    names = {
        version_name(date(2026, 6, 1), FILES),
        version_name(date(2026, 6, 2), FILES),
        version_name(date(2026, 6, 1), {**FILES, "weights.npz": b"\x00\x02"}),
    }
    assert len(names) == 3


def test_publishing_again_leaves_the_first_card(registry):
    publish(registry, 3, promote=False)
    later = card(3).model_copy(update={"data_versions": {"listens": 7}})
    assert registry.publish(later, FILES) == card(3)


def test_publishing_again_repairs_a_damaged_version(registry):
    version = publish(registry, 3, promote=False)
    registry.store.put(f"models/content/{version}/weights.npz", b"half")
    publish(registry, 3, promote=False)
    assert registry.read(version) == FILES


@pytest.mark.parametrize("body", [None, b"half"])
def test_a_corrupted_file_is_refused_by_name(registry, body):
    version = publish(registry, 3)
    other = publish(registry, 4, promote=False)
    key = f"models/content/{other}/weights.npz"
    if body is None:
        registry.store.delete(key)
    else:
        registry.store.put(key, body)
    with pytest.raises(CorruptArtifactError, match=rf"{other}: weights\.npz"):
        registry.read(other)
    with pytest.raises(CorruptArtifactError, match="weights"):
        registry.promote(other)
    assert registry.champion().version == version


def test_a_card_that_is_none_is_refused(registry):
    version = publish(registry, 3, promote=False)
    registry.store.put(f"models/content/{version}/card.json", b"{}")
    with pytest.raises(CorruptArtifactError, match=r"card\.json is not a card"):
        registry.card(version)


def test_a_version_without_card_does_not_exist(registry):
    registry.store.put("models/content/2026-06-03-abc/weights.npz", b"")
    assert registry.versions() == []
    with pytest.raises(UnknownVersionError, match="2026-06-03-abc"):
        registry.card("2026-06-03-abc")


def test_a_night_gets_the_newest_version_promoted_up_to_it(registry):
    versions = {day: publish(registry, day, promote=day != 5) for day in (7, 3, 5, 4)}
    found = {
        day: registry.for_night(date(2026, 6, day)).version
        if registry.for_night(date(2026, 6, day))
        else None
        for day in range(2, 9)
    }
    assert found == {
        2: None, 3: versions[3], 4: versions[4], 5: versions[4], 6: versions[4], 7: versions[7],
        8: versions[7],
    }  # fmt: skip


def test_of_one_nights_versions_the_last_promoted_counts(registry):
    first = publish(registry, 3)
    second = publish(registry, 3, files={"weights.npz": b"other"})
    assert registry.champion().version == second
    registry.promote(first)
    assert registry.champion().version == first


def test_promoting_the_champion_again_changes_nothing(registry):
    version = publish(registry, 3)
    before = registry.store.get("models/content/champion.json")
    registry.promote(version)
    assert registry.store.get("models/content/champion.json") == before


def test_withdrawing_brings_the_one_before_back_and_promoting_undoes_it(registry):
    first, second = publish(registry, 3), publish(registry, 4)
    registry.withdraw(second)
    assert registry.champion().version == first
    assert registry.champions().withdrawn == (second,)
    registry.promote(second)
    assert registry.champion().version == second
    registry.withdraw(second)
    registry.withdraw(first)
    assert registry.champion() is None
    with pytest.raises(UnknownVersionError, match="never promoted"):
        registry.withdraw("2026-06-09-abc")


def test_the_night_takes_back_what_it_promoted_but_not_what_a_person_did(registry):
    first, second = publish(registry, 3), publish(registry, 4)
    registry.demote(second)
    assert registry.champion().version == first
    assert registry.champions().withdrawn == ()
    registry.promote(second, by_hand=True)
    before = registry.store.get("models/content/champion.json")
    registry.promote(second)
    registry.demote(second)
    registry.demote("2026-06-09-abc")
    assert registry.store.get("models/content/champion.json") == before


def test_a_promotion_that_does_not_say_by_whom_is_the_nights(registry):
    version = publish(registry, 3, promote=False)
    document = (
        f'{{"champion": "{version}", "promoted": [{{"version": "{version}", "as_of": "2026-06-03"}}]}}'
    )
    registry.store.put("models/content/champion.json", document.encode())
    registry.demote(version)
    assert registry.champion() is None


def test_a_promotion_in_between_is_not_overwritten(registry, monkeypatch):
    first, second = (publish(registry, day, promote=False) for day in (3, 4))
    swap = registry.store.swap

    def slow_swap(*arguments):
        monkeypatch.setattr(registry.store, "swap", swap)
        registry.promote(first)
        swap(*arguments)

    monkeypatch.setattr(registry.store, "swap", slow_swap)
    with pytest.raises(ConflictError):
        registry.promote(second)
    assert registry.champion().version == first


def test_a_champion_document_that_is_none_is_refused(registry):
    registry.store.put("models/content/champion.json", b"[]")
    with pytest.raises(CorruptArtifactError, match=r"champion\.json"):
        registry.champion()
