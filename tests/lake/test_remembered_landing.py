"""A lake of two worlds: the second one is told so."""

import shutil
from pathlib import Path

import pytest

from jobs.errors import UsageError
from jobs.lake.remembered_landing import KEY, remember_landing, require_landing
from jobs.settings import LakeSettings, LandingSettings


def with_landing(settings, root):
    return settings.model_copy(update={"landing": LandingSettings(root=str(root))})


def test_a_lake_takes_its_own_landing_again(settings):
    remember_landing(settings)
    remember_landing(settings)
    require_landing(settings)


def test_another_landing_is_refused_in_one_sentence_and_the_first_stays(settings, tmp_path):
    remember_landing(settings)
    other = with_landing(settings, tmp_path / "mine")
    for ask in (remember_landing, require_landing):
        with pytest.raises(UsageError) as refused:
            ask(other)
        told = str(refused.value)
        assert f"is made of {settings.landing.root}, not of {tmp_path}/mine: " in told
        assert "NOCTURNE__LAKE__ROOT" in told and "NOCTURNE__STORE__ROOT" in told and "\n" not in told
    require_landing(settings)


def test_a_lake_and_a_landing_that_are_moved_together_belong_together(settings, tmp_path):
    house = tmp_path / "house"
    settings = with_landing(settings, house / "landing").model_copy(
        update={"lake": LakeSettings(root=str(house / "lake"))}
    )
    remember_landing(settings)
    shutil.move(house, tmp_path / "moved")
    moved = with_landing(settings, tmp_path / "moved" / "landing")
    require_landing(moved.model_copy(update={"lake": LakeSettings(root=f"{tmp_path}/moved/lake")}))


def test_a_bucket_is_one_landing_by_either_scheme(settings):
    remember_landing(with_landing(settings, "s3://bucket/logs"))
    require_landing(with_landing(settings, "s3a://bucket/logs"))
    with pytest.raises(UsageError, match=r"is made of s3://bucket/logs, not of s3://bucket/more"):
        require_landing(with_landing(settings, "s3://bucket/more"))


def test_who_only_asks_writes_nothing(settings):
    require_landing(settings)
    assert not Path(settings.lake.root).exists()


@pytest.mark.parametrize("body", ["{", "[]", "{}"])
def test_a_damaged_memory_is_named_with_its_remedy(settings, body):
    remember_landing(settings)
    path = Path(settings.lake.root, KEY)
    path.write_text(body)
    with pytest.raises(UsageError, match=f"{path} names no landing: delete it"):
        remember_landing(settings)
    path.unlink()
    remember_landing(settings)
