"""The parts of a service's export that lie around a log: who exported it, and what is no log."""

import json

from jobs.ingest.landing import LandedFile, Root

MAX_BYTES = 1 << 16
# ListenBrainz: who exported, what was liked, what was pinned. They lie beside ``listens/``.
_SIDE_FILES = ("user.json", "feedback.jsonl", "pinned_recording.jsonl")


def is_side_file(name: str) -> bool:
    """Return whether a file among listens is a known part of an export that holds no plays."""
    return name.startswith("listens/") and name.rsplit("/", 1)[-1] in _SIDE_FILES


def exported_by(root: Root, file: LandedFile) -> str | None:
    """Return the ``username`` of the ``user.json`` of the file's export; None if there is none.

    The export is the folder that holds ``listens/<year>/<month>``. A partition itself is nobody's
    export: what lies in it says nothing of the files beside it.
    """
    parts = file.name.split("/")
    if file.kind != "listens" or len(parts) < 6 or parts[-3] != "listens":
        return None
    try:
        with root.filesystem().open_input_stream(
            root.join("/".join([*parts[:-3], "user.json"]))
        ) as stream:
            found = json.loads(stream.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    name = found.get("username") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name else None
