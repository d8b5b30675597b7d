import os
import random
import signal
import time
from datetime import date

from jobs.store.folder import FolderStore
from models.registry import Registry
from tests.models.content_network.tiny import publish_tiny

N_TRIES = 100


def promote_forever(store: FolderStore, versions: list[str]) -> None:
    registry = Registry(store, "content")
    while True:
        for version in versions:
            registry.promote(version)


def test_a_kill_during_promotion_leaves_a_valid_champion(tmp_path):
    store = FolderStore(str(tmp_path))
    versions = [publish_tiny(store, date(2026, 6, 1), seed).version for seed in (1, 2)]
    registry, pause = Registry(store, "content"), random.Random(0)
    seen = set()
    for _ in range(N_TRIES):
        child = os.fork()
        if child == 0:
            try:
                promote_forever(store, versions)
            finally:
                os._exit(1)
        time.sleep(pause.uniform(0.001, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        champion = registry.champion()
        assert champion.version in versions
        assert registry.read(champion.version)
        seen.add(champion.version)
    assert seen == set(versions)
    registry.promote(versions[0])
    assert registry.champion().version == versions[0]
