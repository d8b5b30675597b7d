"""The gate before publication: the night's neighbors and playlists."""

from functools import partial

from expectations import neighbors as neighbor_rules
from expectations import playlists as playlist_rules
from jobs.lake.history import listens_known, tracks_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.gate import hold_gate
from jobs.validate.playlists.facts import neighbor_facts, playlist_facts
from jobs.validate.runner import Batch, warm_up

GATE = "gate_playlists"


def gate_playlists(night: Night) -> None:
    """Stop the night, with exit code 65, before a wrong playlist is published."""
    warm_up()
    lake = Lake(open_session(night.settings, GATE), night.settings)
    as_of, settings = night.window.as_of, night.settings
    listens = listens_known(lake, night.window, settings.lake.lookback_days)
    listens = listens.select("user_id", "track_id")
    playlists = lake.read("playlists", as_of)
    lists = playlist_facts(
        playlists, listens, tracks_known(lake, night.window), lake.read("playlist_funnel", as_of)
    )
    neighbors = neighbor_facts(lake.read("neighbors", as_of), listens)
    hold_gate(night, lake, GATE, [
        Batch("neighbors", neighbors, partial(
            neighbor_rules.suite, k=settings.neighbors.k,
            k_dissimilar=settings.neighbors.k_dissimilar, min_overlap=settings.neighbors.min_overlap,
        )),
        Batch("playlists", lists, partial(
            playlist_rules.suite, n_tracks=settings.recommend.n_tracks,
            artist_cap=settings.recommend.artist_cap,
        )),
    ])  # fmt: skip
