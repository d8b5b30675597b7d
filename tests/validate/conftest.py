import pytest

from jobs.settings import Settings
from jobs.stage import Night
from jobs.window import Window
from tests.validate.rows import NIGHT


@pytest.fixture
def night(settings: Settings) -> Night:
    """The night of the small tables, with playlists of two tracks."""
    recommend = settings.recommend.model_copy(update={"n_tracks": 2})
    return Night(Window.night(NIGHT), settings.model_copy(update={"recommend": recommend}))
