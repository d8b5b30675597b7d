"""Published nights and the lists in them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from nocturne_reader.keys import pack_key, user_key
from nocturne_reader.roots import DamagedError, NotPublishedError, Root, open_root

SCHEMA_VERSIONS = (1, 2)
DISCOVER = "discover"
LATEST, INDEX = "playlists/latest.json", "playlists/index.json"
# An index is some hundred kilobytes.
N_INDEXES = 64


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

    def for_user(
        self, user_id: str, playlist: str = DISCOVER, *, verify: bool = True
    ) -> dict[str, Any] | None:
        """Return one of a listener's lists (discover, rediscover, new_releases); None if there is none.

        DamagedError where it is not what was published.
        """
        body = self.document(user_id, playlist=playlist, verify=verify)
        return None if body is None else _parsed(body, self._where(_key(user_id, playlist, "json")))

    def document(
        self,
        user_id: str,
        format: str = "json",
        *,
        playlist: str = DISCOVER,
        verify: bool = True,
    ) -> bytes | None:
        """Return one of a listener's lists in a published format (json, jspf, m3u8, csv, svg); None if
        there is none.

        DamagedError where it is not what was published.
        """
        key = _key(user_id, playlist, format)
        packs = self.manifest.get("packs")
        if packs is None:
            return self._object(key, verify)
        return self._part(pack_key(user_id, int(packs["digits"])), key, verify)

    def _object(self, key: str, verify: bool) -> bytes | None:
        """An object of the run; None if there is none."""
        body = self.root.get(f"{self._folder}/{key}")
        if verify and self._checksums.get(key) != _sum_of(body):
            raise self._damaged(key)
        return body

    def _part(self, pack: str, key: str, verify: bool) -> bytes | None:
        """A document in a pack; None if there is none."""
        place = self._index(pack, verify).get(key)
        if place is None:
            return None
        offset, length, digest = place
        body = self.root.part(f"{self._folder}/{pack}.pack", offset, length)
        if verify and digest != _sum_of(body):
            raise self._damaged(f"{pack}.pack")
        return body

    @cached_property
    def _index(self) -> Callable[[str, bool], dict[str, Any]]:
        """Gives the places and checksums of a pack's documents, and keeps some packs'."""
        return lru_cache(N_INDEXES)(self._read_index)

    def _read_index(self, pack: str, verify: bool) -> dict[str, Any]:
        key = f"{pack}.json"
        body = self._object(key, verify)
        return {} if body is None else dict(_parsed(body, self._where(key))["documents"])

    @cached_property
    def _checksums(self) -> dict[str, str]:
        """SHA-256 by key, 200 bytes an object, once a night; itself checked against the manifest."""
        named = self.manifest["checksums"]
        key = f"{self._folder}/{named['key']}"
        body = _needed(self.root, key)
        if _sum_of(body) != named["sha256"]:
            raise self._damaged(named["key"])
        lines = (line.split("  ", 1) for line in body.decode().splitlines())
        return {name: digest for digest, name in lines}

    def _damaged(self, key: str) -> DamagedError:
        return DamagedError(f"{self._where(key)} is not what was published: copy the run again")

    def _where(self, key: str) -> str:
        return self.root.where(f"{self._folder}/{key}")

    @property
    def _folder(self) -> str:
        return f"playlists/runs/{self.publish_id}"


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


def history(
    root: str, user_id: str, playlist: str = DISCOVER, *, verify: bool = True
) -> Iterator[dict[str, Any]]:
    """Give a listener's lists of one name, the newest first."""
    for night in reversed(nights(root)):
        found = night.for_user(user_id, playlist, verify=verify)
        if found is not None:
            yield found


def new_tonight(root: str, user_id: str) -> list[str]:
    """Return the ids of tracks on a listener's newest list and not on the one before, by rank."""
    lists = history(root, user_id)
    newest, before = next(lists, None), next(lists, None)
    known = {track["track_id"] for track in before["tracks"]} if before else set()
    tracks = newest["tracks"] if newest else []
    return [track["track_id"] for track in tracks if track["track_id"] not in known]


def _key(user_id: str, playlist: str, format: str) -> str:
    """As Nocturne's ``jobs/publish/snapshot.py`` writes it."""
    of_list = "" if playlist == DISCOVER else f".{playlist}"
    return f"{user_key(user_id)}{of_list}.{format}"


def _sum_of(body: bytes | None) -> str | None:
    return None if body is None else hashlib.sha256(body).hexdigest()


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
    if version not in SCHEMA_VERSIONS:
        known = " and ".join(map(str, SCHEMA_VERSIONS))
        raise DamagedError(f"{where} is of version {version}, this reader knows {known}: renew it")
    return document
