"""Whether a landing is whole, or still being written."""

from jobs.errors import NocturneError
from jobs.ingest.landing import MANIFEST, SUCCESS, LandedFile, Landing
from jobs.settings import IngestSettings
from jobs.window import Window

WAIT = "wait for the writer, or pass --force with a note"


class StillLandingError(NocturneError):
    """The night's files are still being written: worth another try later."""


def check_arrival(landing: Landing, window: Window, settings: IngestSettings, now: float) -> None:
    """Raise StillLandingError while the window's partitions are not, by the settings, complete.

    ``now`` is in seconds since 1970, as the files' times are.
    """
    partitions = {
        (f.kind, f.landed_on) for f in landing.files if window.start <= f.landed_on < window.end
    }
    closed = landing.complete | landing.manifests
    open_ones = sorted(partitions - closed) if settings.needs_success else []
    if open_ones:
        kind, day = open_ones[0]
        raise StillLandingError(
            f"{kind}/date={day} has neither {SUCCESS} nor {MANIFEST} yet, as {len(open_ones)} of "
            f"{len(partitions)} partitions: {WAIT}"
        )
    days = {f"date={day}" for _, day in partitions}
    # What a listener has left behind is not waited for: when it is whole, it is a file like any other.
    unfinished = [
        name
        for name in landing.unfinished
        if name.split("/")[1] in days and not _is_in_folder_of_listener(name)
    ]
    if unfinished:
        raise StillLandingError(
            f"{unfinished[0]} is still being written, by its name: wait for the writer, remove what it "
            "left behind, or pass --force with a note"
        )
    _check_quiet(landing, window, settings.quiet_s, now)


def _is_in_folder_of_listener(name: str) -> bool:
    return any(folder.startswith("user=") for folder in name.split("/")[:-1])


def _check_quiet(landing: Landing, window: Window, quiet_s: float, now: float) -> None:
    tonight = [file for file in landing.files if window.start <= file.landed_on < window.end]
    newest = max(tonight, key=lambda file: file.modified)
    age = now - newest.modified
    if quiet_s and age < quiet_s:
        raise StillLandingError(
            f"{newest.name} was written {max(age, 0):.0f} s ago, less than the quiet period of "
            f"{quiet_s:.0f} s: wait, or pass --force with a note"
        )


def check_unchanged(read: list[LandedFile], now: Landing) -> None:
    """Raise StillLandingError if a file that was read is no longer what it was."""
    state = {file.name: file.fingerprint for file in now.files}
    changed = [file.name for file in read if state.get(file.name) != file.fingerprint]
    if changed:
        raise StillLandingError(
            f"{changed[0]} was written while it was read ({len(changed)} files): nothing of this run "
            "is entered in landing_files; run the night again when the landing is complete"
        )
