"""Which landing a lake is made of. One lake holds the logs of one landing: of two, listeners and tracks
of two worlds would stand in the same tables, and the gates compare nights that have nothing in common.
"""

import json
import os

from jobs.errors import UsageError
from jobs.settings import PREFIX, Settings, is_s3
from jobs.store import store_at

KEY = "landing.json"


def remember_landing(settings: Settings) -> None:
    """Write the landing to ``landing.json`` at the lake's root if nothing is there yet; UsageError if
    another one is.

    A folder is remembered by its way from the lake's, so that both may be moved together.
    """
    store = store_at(settings.lake.root, settings)
    if store.get(KEY) is None:
        store.put(KEY, json.dumps({"landing": _place(settings)}).encode())
    require_landing(settings)


def require_landing(settings: Settings) -> None:
    """Raise UsageError if the lake remembers another landing than that of the settings."""
    store = store_at(settings.lake.root, settings)
    body = store.get(KEY)
    if body is None:
        return
    try:
        remembered = str(json.loads(body)["landing"])
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{store.url(KEY)} names no landing: delete it, and the next night writes it again"
        ) from None
    if remembered != _place(settings):
        raise UsageError(
            f"the lake {settings.lake.root} is made of {_absolute(settings, remembered)}, not of "
            f"{settings.landing.root}: give these logs a lake and a store of their own "
            f"({PREFIX}LAKE__ROOT, {PREFIX}STORE__ROOT), or, if they are the same ones at another "
            f"place, delete {store.url(KEY)}"
        )


def _place(settings: Settings) -> str:
    landing, lake = settings.landing.root, settings.lake.root
    if is_s3(landing):
        return landing.replace("s3a://", "s3://", 1)
    return landing if is_s3(lake) else os.path.relpath(landing, lake)


def _absolute(settings: Settings, place: str) -> str:
    if is_s3(place) or is_s3(settings.lake.root):
        return place
    return os.path.normpath(os.path.join(settings.lake.root, place))
