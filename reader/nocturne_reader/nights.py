"""Published nights and the lists in them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nocturne_reader.keys import user_key
from nocturne_reader.roots import DamagedError, NotPublishedError, Root, open_root

SCHEMA_VERSION = 1
LATEST, INDEX = "playlists/latest.json", "playlists/index.json"


@dataclass(frozen=True)
class Night:
    """One published night: the folder of its run never changes."""

    root: Root
    publish_id: str

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the night holds, as published."""
        return _document(self.root, f"{self._folder}/manifest.json")

    @property
    def as_of(self) -> str:
        """The night's day, YYYY-MM-DD."""
        return str(self.manifest["as_of"])

    @property
    def n_listeners(self) -> int:
        """How many listeners have a list."""
        return int(self.manifest["n_listeners"])

    def for_user(self, user_id: str, *, verify: bool = True) -> dict[str, Any] | None:
        """Return a listener's list; None if there is none.

        DamagedError where it is not what was published.
        """
        body = self.document(user_id, verify=verify)
        return None if body is None else _parsed(body, self.root.where(self._key(user_id, "json")))

    def document(self, user_id: str, format: str = "json", *, verify: bool = True) -> bytes | None:
        """Return a listener's list in a published format (json, jspf, m3u8, csv); None if there is none.

        DamagedError where it is not what was published.
        """
        key = f"{user_key(user_id)}.{format}"
        body = self.root.get(f"{self._folder}/{key}")
        if verify and self._checksums.get(key) != (_sha256(body) if body is not None else None):
            raise self._damaged(key)
        return body

    @cached_property
    def _checksums(self) -> dict[str, str]:
        """SHA-256 by key, 200 bytes a document, once a night; itself checked against the manifest."""
        named = self.manifest["checksums"]
        key = f"{self._folder}/{named['key']}"
        body = _needed(self.root, key)
        if _sha256(body) != named["sha256"]:
            raise self._damaged(named["key"])
        lines = (line.split("  ", 1) for line in body.decode().splitlines())
        return {name: digest for digest, name in lines}

    def _damaged(self, key: str) -> DamagedError:
        where = self.root.where(f"{self._folder}/{key}")
        return DamagedError(f"{where} is not what was published: copy the run again")

    @property
    def _folder(self) -> str:
        return f"playlists/runs/{self.publish_id}"

    def _key(self, user_id: str, format: str) -> str:
        return f"{self._folder}/{user_key(user_id)}.{format}"


def latest(root: str) -> Night:
    """Return the newest complete night; NotPublishedError if there is none."""
    opened = open_root(root)
    return Night(opened, str(_document(opened, LATEST)["publish_id"]))


def nights(root: str) -> list[Night]:
    """Return every night, the oldest first, each as the run that counts.

    NotPublishedError if there is none.
    """
    opened = open_root(root)
    return [Night(opened, str(entry["publish_id"])) for entry in _document(opened, INDEX)["nights"]]


def history(root: str, user_id: str, *, verify: bool = True) -> Iterator[dict[str, Any]]:
    """Give a listener's lists, the newest first."""
    for night in reversed(nights(root)):
        playlist = night.for_user(user_id, verify=verify)
        if playlist is not None:
            yield playlist


def new_tonight(root: str, user_id: str) -> list[str]:
    """Return the ids of tracks on a listener's newest list and not on the one before, by rank."""
    lists = history(root, user_id)
    newest, before = next(lists, None), next(lists, None)
    known = {track["track_id"] for track in before["tracks"]} if before else set()
    tracks = newest["tracks"] if newest else []
    return [track["track_id"] for track in tracks if track["track_id"] not in known]


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _needed(root: Root, key: str) -> bytes:
    body = root.get(key)
    if body is None:
        raise NotPublishedError(
            f"there is no {root.where(key)}: is this the store that Nocturne publishes to?"
        )
    return body


def _document(root: Root, key: str) -> dict[str, Any]:
    return _parsed(_needed(root, key), root.where(key))


def _parsed(body: bytes, where: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(body)
        version = document["schema_version"]
    except (ValueError, KeyError, TypeError):
        raise DamagedError(f"{where} is no document of Nocturne") from None
    if version != SCHEMA_VERSION:
        raise DamagedError(
            f"{where} is of version {version}, this reader knows {SCHEMA_VERSION}: renew it"
        )
    return document
