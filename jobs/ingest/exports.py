"""The parts of a service's export that lie around a log: who exported it, and what is no log."""

import json
import re
from dataclasses import replace

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.suffixes import FORMATS, suffixes
from jobs.ingest.landing import OF_THE_FILE, LandedFile, Root

MAX_BYTES = 1 << 16
# Parts of a partition's name: its kind and its day.
PARTITION = 2
# ListenBrainz: who exported, what was liked, what was pinned; they lie beside ``listens/``. Spotify: the
# account data around its logs.
_SIDE_FILE = re.compile(
    r"user\.json|feedback\.jsonl|pinned_recording\.jsonl"
    r"|(Userdata|Identity|Identifiers|Follow|Inferences|Marquee|Payments|Playlist\d+|SearchQueries"
    r"|YourLibrary|YourSoundCapsule|DuoNewFamily|FamilyPlan|MessageData|PodcastInteractivity\w*"
    r"|Wrapped\d+)\.json|Read_?Me_?First.*\.pdf"
)
# What operating systems, editors and Office leave behind, of any kind of landing.
_LEFT_BEHIND = re.compile(r"Thumbs\.db|desktop\.ini|Icon\r?|~\$.*|.*~|.*\.lnk", re.DOTALL)
_TRASH = "$RECYCLE.BIN"
_OF_SPOTIFY = {
    *("Spotify Account Data", "Spotify Extended Streaming History", "MyData"),
    "Spotify Technical Log Information",
}
_LOG_OF_SPOTIFY = re.compile(r"(StreamingHistory|Streaming_History|endsong).*", re.IGNORECASE)


def is_side_file(file: LandedFile) -> bool:
    """Return whether a file is what a system left behind, or among listens a known part of an export
    that holds no plays."""
    *folders, base = file.name.split("/")
    if _LEFT_BEHIND.fullmatch(base) or _TRASH in folders:
        return True
    if file.kind != "listens":
        return False
    no_text = folders[-1] in _OF_SPOTIFY and suffixes(base)[0] not in FORMATS
    return no_text or bool(_SIDE_FILE.fullmatch(base))


def is_beside_logs(file: LandedFile) -> bool:
    """Return whether a file lies where an export has its logs, and is not called as they are: then its
    content tells whether it is one."""
    *folders, base = file.name.split("/")
    return folders[-1] in _OF_SPOTIFY and not _LOG_OF_SPOTIFY.fullmatch(base)


def exported_by(root: Root, file: LandedFile) -> str | None:
    """Return the ``username`` that an export's ``user.json`` or ``Userdata.json`` gives; None if there
    is none, or a folder says already whose the file is.

    The export of ListenBrainz is the folder that holds ``listens/<year>/<month>``, that of Spotify the
    file's own. A partition itself is nobody's export: what lies in it says nothing of the files beside
    it.
    """
    parts = file.name.split("/")
    if file.kind != "listens" or file.folder_listener:
        return None
    beside = [[*parts[:-1], "Userdata.json"]]
    if parts[-3] == "listens":
        beside.append([*parts[:-3], "user.json"])
    # A kind, a day, and at least one folder or archive.
    names = ["/".join(path) for path in beside if len(path) > PARTITION + 1]
    return next((name for name in (_username(root, file, path) for path in names) if name), None)


def _username(root: Root, file: LandedFile, name: str) -> str | None:
    try:
        with root.open_file(replace(file, name=name)) as stream:
            found = json.loads(stream.read(MAX_BYTES))
    except (*OF_THE_FILE, FileFault, ValueError, RecursionError):
        return None
    username = found.get("username") if isinstance(found, dict) else None
    return username if isinstance(username, str) and username else None
