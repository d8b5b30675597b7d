"""The gate before anything is made of the night's logs."""

from functools import partial

from expectations import audio_features, landing_files, listens, tracks
from jobs.lake.catalog import LANDING_KINDS
from jobs.lake.history import features_known, tracks_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.inputs.facts import landed, landing_facts, with_catalog
from jobs.validate.runner import Batch, warm_up

GATE = "gate_inputs"


def gate_inputs(night: Night) -> None:
    """Stop the night, with exit code 65, before it builds on logs that are not to be believed."""
    warm_up()
    lake, window = Lake(open_session(night.settings, GATE), night.settings), night.window
    plays = landed(lake.read("listens"), window)
    hold_gate(night, lake, GATE, [
        Batch("landing_files", landing_facts(landed(lake.read("landing_files"), window)),
              partial(landing_files.suite, LANDING_KINDS)),
        Batch("listens", with_catalog(plays, tracks_known(lake, window), features_known(lake, window)),
              listens.suite),
        Batch("tracks", landed(lake.read("tracks_history"), window), tracks.suite),
        Batch("audio_features", landed(lake.read("audio_features_history"), window),
              audio_features.suite),
    ])  # fmt: skip
