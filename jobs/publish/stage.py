"""The stage: the night's playlists to objects, a manifest, the pointer and the index. No Spark."""

from jobs.publish.index import enter_run
from jobs.publish.playlists import open_playlists
from jobs.publish.snapshot import move_latest, survey, write_run
from jobs.publish.spool import opened_spool
from jobs.stage import Night


def publish(night: Night) -> None:
    """Publish the night's playlists; the same rows are published once. NoInputError without playlists.

    A forced run moves the pointer to its night even if a newer one is published.
    """
    playlists = open_playlists(night.settings, night.window.as_of)
    night.summary.table_versions = {"playlists": playlists.version}
    with opened_spool(night.settings.home) as spool:
        snapshot = survey(playlists, night.window.as_of, night.settings.store, spool)
        night.summary.rows_in = snapshot.n_tracks
        night.summary.rows_out = write_run(night.store, spool, snapshot)
    became = move_latest(night.store, snapshot, playlists.is_current, backwards=night.force is not None)
    enter_run(night.store, snapshot)
    night.summary.details = {
        "publish_id": snapshot.publish_id,
        "n_listeners": snapshot.n_listeners,
        "latest": became,
        "url": night.store.url(f"{snapshot.folder}/manifest.json"),
    }
