"""What consumers outside may wait for: assets, and what their events say."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset, AssetAlias

PLAYLISTS = Asset(name="nocturne_playlists", uri="nocturne://lake/playlists")
PUBLISHED = Asset(name="nocturne_published", uri="nocturne://store/playlists/latest.json")
# An asset in a task's outlets has an event whenever the task succeeds, also where an old night was made
# again and the pointer stayed; through an alias it has one when there is something to tell.
POINTER = AssetAlias(name="nocturne_pointer")


def tell_playlists(context: Mapping[str, Any], as_of: str, record: Mapping[str, Any]) -> None:
    """Say of which night the playlists are that have passed their gate."""
    extra = {"as_of": as_of, "table_versions": record["table_versions"]}
    context["outlet_events"][PLAYLISTS].extra = extra


def tell_published(context: Mapping[str, Any], as_of: str, record: Mapping[str, Any]) -> None:
    """Say what latest.json names now, if it has moved."""
    details = record["details"]
    if details["latest"] == "moved":
        extra = {
            "as_of": as_of,
            "publish_id": details["publish_id"],
            "n_listeners": details["n_listeners"],
            "n_tracks": record["rows_in"],
        }
        context["outlet_events"][POINTER].add(PUBLISHED, extra=extra)
