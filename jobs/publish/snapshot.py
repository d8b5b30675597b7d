"""A published night: an immutable run folder, named by its content, and the pointer to the newest.

``playlists/runs/<publish_id>/`` holds the listeners' documents, ``SHA256SUMS`` and, written last,
``manifest.json``: a folder with a manifest is whole. ``playlists/latest.json`` names the newest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs.domain.lists import DISCOVER
from jobs.errors import NocturneError
from jobs.publish.documents import playlist_json
from jobs.publish.formats import FORMATS
from jobs.publish.keys import user_key
from jobs.publish.playlists import Playlist
from jobs.store import ConflictError, ObjectStore

LATEST = "playlists/latest.json"
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Snapshot:
    """What a night's folder holds: JSON by a ``version`` of the schema and ``formats`` of each list;
    ``checksums`` are lines as of sha256sum, 100 bytes a file."""

    as_of: date
    version: int
    formats: tuple[str, ...]
    n_listeners: int
    n_lists: dict[str, int]
    n_tracks: int
    strategies: dict[str, int]
    model_versions: list[str]
    checksums: bytes

    @property
    def publish_id(self) -> str:
        """Return ``<as_of>-<16 digits>``: the same documents, the same id."""
        return f"{self.as_of}-{_sha256(self.checksums)[:16]}"

    @property
    def folder(self) -> str:
        """Return the prefix of the run's keys."""
        return f"playlists/runs/{self.publish_id}"

    def manifest(self) -> bytes:
        """Render the manifest, a function of the documents alone."""
        by_name = {"n_lists": self.n_lists} if self.version > 1 else {}
        return self._document(
            publish_id=self.publish_id,
            as_of=str(self.as_of),
            n_listeners=self.n_listeners,
            **by_name,
            n_tracks=self.n_tracks,
            n_objects=self.checksums.count(b"\n"),
            strategies=self.strategies,
            model_versions=self.model_versions,
            checksums={"key": CHECKSUMS, "sha256": _sha256(self.checksums)},
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


def documents(
    playlists: Iterable[Playlist], version: int, formats: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield keys below the run's folder with their bytes: JSON and each format, a list."""
    for playlist in playlists:
        key = list_key(playlist)
        yield f"{key}.json", playlist_json(playlist, version)
        for name in formats:
            yield f"{key}.{name}", FORMATS[name](playlist)


def survey(playlists: Iterable[Playlist], as_of: date, version: int, formats: Sequence[str]) -> Snapshot:
    """Read the playlists once to know what would be published, in which formats and under which id."""
    n_listeners = n_tracks = 0
    strategies: Counter[str] = Counter()
    lists: Counter[str] = Counter()
    models: set[str] = set()
    lines, last = [], None
    for playlist in playlists:
        rows = playlist.rows
        n_listeners += playlist.user_id != last  # a listener's lists come one after another
        last = playlist.user_id
        n_tracks += len(rows)
        lists[playlist.name] += 1
        strategies.update(row["strategy"] for row in rows)
        models.update(row["model_version"] for row in rows if row["model_version"])
        rendered = documents([playlist], version, formats)
        lines += [f"{_sha256(body)}  {key}\n" for key, body in rendered]
    checksums = "".join(lines).encode()
    return Snapshot(
        as_of, version, tuple(formats), n_listeners, dict(sorted(lists.items())), n_tracks,
        dict(sorted(strategies.items())), sorted(models), checksums,
    )  # fmt: skip


def write_run(store: ObjectStore, playlists: Iterable[Playlist], snapshot: Snapshot) -> int:
    """Write the run's folder, the manifest last; returns how many objects, 0 if it was there."""
    manifest = f"{snapshot.folder}/manifest.json"
    if store.get(manifest) is not None:
        return 0
    bodies = documents(playlists, snapshot.version, snapshot.formats)
    n_written = store.put_many((f"{snapshot.folder}/{key}", body) for key, body in bodies)
    store.put(f"{snapshot.folder}/{CHECKSUMS}", snapshot.checksums)
    try:
        store.put_new(manifest, snapshot.manifest())
    except ConflictError:  # another run of the same rows was first: its manifest says the same
        return 0
    return n_written + 2


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


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
