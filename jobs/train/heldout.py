"""The plays that versions of the network are measured on, and what a version says of them."""

from jobs.domain.arrays import Floats
from jobs.errors import NoInputError
from jobs.settings import Settings
from jobs.train.examples import heldout_block
from jobs.train.history import read_known
from jobs.train.plays import scratch
from jobs.window import Window
from models.content_network.examples import Block
from models.content_network.scoring import ContentScorer
from models.registry import Registry

MODEL = "content"


def heldout_plays(settings: Settings, window: Window) -> tuple[Floats, Block]:
    """Features of the tracks known, and the latest half block of plays; NoInputError without plays."""
    with scratch(settings) as folder:
        known = read_known(settings, window, folder)
        if known is None:
            raise NoInputError(
                f"no plays had landed by {window.as_of} in {settings.lake.root}, so there is nothing to "
                "measure a version on: point NOCTURNE__LAKE__ROOT to the lake it was trained on"
            )
        return known.features, heldout_block(known, settings)


def scorer_of(registry: Registry, version: str) -> ContentScorer:
    """Return the version as arrays, checksums checked."""
    return ContentScorer.from_files(registry.read(version))
