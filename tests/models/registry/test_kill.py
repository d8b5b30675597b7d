"""A process killed while it promotes, before each of its steps on the disk."""

import os
import signal
from datetime import date
from pathlib import Path

import pytest

from jobs.store.folder import FolderStore
from models.registry import Registry
from tests.models.content_network.tiny import publish_tiny

# The draft's bytes, its mode, its name; then the names in its folder.
STEPS = ("fsync", "chmod", "replace", "fsync")
NAMED = STEPS.index("replace")


def kill_at(step: int) -> list[str]:
    """Make this process kill itself instead of taking the step; returns the steps taken before."""
    taken: list[str] = []

    def counted(name, function):
        def take(*arguments, **keywords):
            if len(taken) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            taken.append(name)
            return function(*arguments, **keywords)

        return take

    os.fsync = counted("fsync", os.fsync)
    for name in ("chmod", "replace"):
        setattr(Path, name, counted(name, getattr(Path, name)))
    return taken


def promote_in_a_child(store: FolderStore, version: str, step: int) -> int:
    """Return how the child ended that promotes and is killed at the step: a signal's number negative."""
    child = os.fork()
    if child == 0:
        try:
            taken = kill_at(step)
            Registry(store, "content").promote(version)
            os._exit(0 if tuple(taken) == STEPS else 2)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("step", range(len(STEPS) + 1))
def test_the_champion_is_the_old_one_or_the_new_one_and_the_next_promotion_works(tmp_path, step):
    store = FolderStore(str(tmp_path))
    old, new = (publish_tiny(store, date(2026, 6, 1), seed, promote=False).version for seed in (1, 2))
    registry = Registry(store, "content")
    registry.promote(old)
    ended = promote_in_a_child(store, new, step)
    assert ended == (-signal.SIGKILL if step < len(STEPS) else 0)
    assert registry.champion().version == (old if step <= NAMED else new)
    registry.promote(old)
    assert registry.champion().version == old
