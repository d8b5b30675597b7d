"""A published night: an immutable run folder, named by its content, and the pointer to the newest.

``playlists/runs/<publish_id>/`` holds the listeners' documents, each an object or many in a pack, the
objects' checksums and, written last, ``manifest.json``: a folder with a manifest is whole.
``playlists/latest.json`` names the newest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs.domain.lists import DISCOVER
from jobs.errors import NocturneError
from jobs.publish.documents import playlist_json
from jobs.publish.formats import FORMATS
from jobs.publish.keys import spread, user_key
from jobs.publish.layouts import as_packs, checksum_line, digits_for, sha256
from jobs.publish.playlists import Playlist
from jobs.publish.spool import Document, Spool
from jobs.settings import StoreSettings
from jobs.store import ConflictError, ObjectStore

LATEST = "playlists/latest.json"
# Of each layout another key: were the setting changed between two runs at once, the manifest that is
# there first would not have the other's checksums.
CHECKSUMS = {"files": "SHA256SUMS", "packs": "packs/SHA256SUMS"}


@dataclass(frozen=True)
class Snapshot:
    """What a night's folder holds, JSON by a ``version`` of the schema. ``content`` is the SHA-256 of
    the documents' checksums, as lines of sha256sum; in packs of listeners whose ids' SHA-256 begin
    with the same ``pack_digits``, 0 where each document is an object."""

    as_of: date
    version: int
    pack_digits: int
    n_listeners: int
    n_lists: dict[str, int]
    n_tracks: int
    strategies: dict[str, int]
    model_versions: list[str]
    content: str

    @property
    def publish_id(self) -> str:
        """Return ``<as_of>-<16 digits>``: the same documents, the same id, in any layout."""
        return f"{self.as_of}-{self.content[:16]}"

    @property
    def folder(self) -> str:
        """Return the prefix of the run's keys."""
        return f"playlists/runs/{self.publish_id}"

    @property
    def checksums_key(self) -> str:
        """Return the key of the checksums below the run's folder."""
        return CHECKSUMS["packs" if self.pack_digits else "files"]

    def manifest(self, checksums: bytes) -> bytes:
        """Render the manifest, a function of the documents and the layout alone; ``checksums`` are
        lines as of sha256sum, one an object."""
        by_name = {"n_lists": self.n_lists} if self.version > 1 else {}
        packs = {"packs": {"digits": self.pack_digits}} if self.pack_digits else {}
        return self._document(
            publish_id=self.publish_id,
            as_of=str(self.as_of),
            n_listeners=self.n_listeners,
            **by_name,
            n_tracks=self.n_tracks,
            n_objects=checksums.count(b"\n"),
            strategies=self.strategies,
            model_versions=self.model_versions,
            checksums={"key": self.checksums_key, "sha256": sha256(checksums)},
            **packs,
        )

    def pointer(self) -> bytes:
        """Render what latest.json says when this is the newest."""
        return self._document(
            publish_id=self.publish_id,
            as_of=str(self.as_of),
            manifest=f"runs/{self.publish_id}/manifest.json",
        )

    def _document(self, **fields: Any) -> bytes:
        document = {"schema_version": self.version, **fields}
        return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def list_key(playlist: Playlist) -> str:
    """Return a list's key below the run's folder, no extension: ``users/<hh>/<encoded id>``, and the
    name of one that is not discover. No encoded id has a dot."""
    of_list = "" if playlist.name == DISCOVER else f".{playlist.name}"
    return f"{user_key(playlist.user_id)}{of_list}"


def documents(playlist: Playlist, version: int, formats: Iterable[str]) -> Iterator[Document]:
    """Yield a list's keys below the run's folder with their bytes: JSON and each format."""
    key = list_key(playlist)
    yield f"{key}.json", playlist_json(playlist, version)
    for name in formats:
        yield f"{key}.{name}", FORMATS[name](playlist)


def survey(
    playlists: Iterable[Playlist], as_of: date, settings: StoreSettings, spool: Spool
) -> Snapshot:
    """Read and render the playlists once, into the spool, and return what would be published of them."""
    version, formats = settings.schema_version, sorted(set(settings.formats))
    n_listeners = n_tracks = 0
    strategies: Counter[str] = Counter()
    lists: Counter[str] = Counter()
    models: set[str] = set()
    content, last = hashlib.sha256(), None
    for playlist in playlists:
        rows = playlist.rows
        n_listeners += playlist.user_id != last  # a listener's lists come one after another
        last = playlist.user_id
        n_tracks += len(rows)
        lists[playlist.name] += 1
        strategies.update(row["strategy"] for row in rows)
        models.update(row["model_version"] for row in rows if row["model_version"])
        rendered = list(documents(playlist, version, formats))
        spool.add(spread(playlist.user_id), rendered)
        for key, body in rendered:
            content.update(checksum_line(key, body))
    digits = digits_for(n_listeners) if settings.layout == "packs" else 0
    return Snapshot(
        as_of, version, digits, n_listeners, dict(sorted(lists.items())), n_tracks,
        dict(sorted(strategies.items())), sorted(models), content.hexdigest(),
    )  # fmt: skip


def write_run(store: ObjectStore, spool: Spool, snapshot: Snapshot) -> int:
    """Write the run's folder, the manifest last; returns how many objects, 0 if it was there."""
    manifest = f"{snapshot.folder}/manifest.json"
    if store.get(manifest) is not None:
        return 0
    lines: list[bytes] = []
    n_written = store.put_many(_objects(spool, snapshot, lines))
    checksums = b"".join(lines)
    store.put(f"{snapshot.folder}/{snapshot.checksums_key}", checksums)
    try:
        store.put_new(manifest, snapshot.manifest(checksums))
    except ConflictError:  # another run of the same rows was first: its manifest says the same
        return 0
    return n_written + 2


def _objects(spool: Spool, snapshot: Snapshot, lines: list[bytes]) -> Iterator[Document]:
    """Whole keys and bytes of the documents or packs; their checksums are appended to ``lines``."""
    digits = snapshot.pack_digits
    for key, body in as_packs(spool, digits, snapshot.version) if digits else spool:
        lines.append(checksum_line(key, body))
        yield f"{snapshot.folder}/{key}", body


def move_latest(
    store: ObjectStore, snapshot: Snapshot, is_current: Callable[[], bool], *, backwards: bool
) -> str:
    """Point latest.json here, never from a newer night to an older one unless ``backwards``.

    Return what became of it: ``moved``, ``unchanged``, or ``kept`` at a newer night. ConflictError if
    the night's rows were rewritten since they were read. They are looked at after the pointer's tag:
    who rewrote and published them before that is seen here, who does so later makes the swap fail.
    """
    tag = store.tag(LATEST)
    now = store.get(LATEST)
    if not is_current():
        raise ConflictError(
            f"the playlists of {snapshot.as_of} were written again while they were being published: "
            "publish that night again"
        )
    if now == snapshot.pointer():
        return "unchanged"
    if now is not None and _night_of(store, now) > snapshot.as_of and not backwards:
        return "kept"
    store.swap(LATEST, snapshot.pointer(), tag)
    return "moved"


def _night_of(store: ObjectStore, pointer: bytes) -> date:
    try:
        return date.fromisoformat(json.loads(pointer)["as_of"])
    except (ValueError, KeyError, TypeError):
        raise NocturneError(
            f"{store.url(LATEST)} is not as publish writes it: delete it, then publish the newest night"
        ) from None
