"""``playlists/index.json``: which nights there are, and which run counts for each.

A night that is made again to other lists leaves two runs; the one published last counts. A listener's
key below a run is the same in all of them, so a history needs no listing of the store.
"""

import json
from typing import Any

from jobs.errors import NocturneError
from jobs.publish.snapshot import Snapshot
from jobs.store import ConflictError, ObjectStore

INDEX = "playlists/index.json"
# Nights that are published at the same moment each enter themselves.
N_TRIES = 8


def enter_run(store: ObjectStore, snapshot: Snapshot) -> None:
    """Enter the run as the one that counts for its night; what is so already is not written again.

    ConflictError if other nights were entered at every try.
    """
    for left in reversed(range(N_TRIES)):
        tag = store.tag(INDEX)
        nights = _nights(store)
        if nights.get(str(snapshot.as_of)) == _entry(snapshot):
            return
        nights[str(snapshot.as_of)] = _entry(snapshot)
        try:
            store.swap(INDEX, _document(nights, snapshot.version), tag)
        except ConflictError:
            if not left:
                raise
        else:
            return


def _entry(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "as_of": str(snapshot.as_of),
        "publish_id": snapshot.publish_id,
        "manifest": f"runs/{snapshot.publish_id}/manifest.json",
        "n_listeners": snapshot.n_listeners,
        "n_tracks": snapshot.n_tracks,
    }


def _nights(store: ObjectStore) -> dict[str, dict[str, Any]]:
    body = store.get(INDEX)
    if body is None:
        return {}
    try:
        return {str(entry["as_of"]): dict(entry) for entry in json.loads(body)["nights"]}
    except (ValueError, KeyError, TypeError):
        raise NocturneError(
            f"{store.url(INDEX)} is not as publish writes it: delete it, then publish the nights again"
        ) from None


def _document(nights: dict[str, dict[str, Any]], version: int) -> bytes:
    document = {"schema_version": version, "nights": [nights[night] for night in sorted(nights)]}
    return (json.dumps(document, indent=1) + "\n").encode()
