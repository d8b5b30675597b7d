"""Work on threads: parts that have nothing to do with each other, and tasks that must not meet."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = tuple[int, ...]
Part = TypeVar("Part")
Result = TypeVar("Result")


def in_threads(work: Callable[[Part], Result], parts: Iterable[Part], n_threads: int) -> list[Result]:
    """Return ``work`` of each part, in their order. The first error is raised."""
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, parts))


def run_disjoint(
    work: Callable[..., None], tasks: Sequence[Task], writes: Sequence[Iterable[int]], n_threads: int
) -> None:
    """Call ``work(*task)`` for every task; ``writes[i]`` names what task i must have for itself.

    A free thread takes the first task whose things nobody has. The first error is raised.
    """
    queue = [(task, frozenset(held)) for task, held in zip(tasks, writes, strict=True)]
    busy: set[int] = set()
    changed = threading.Condition()

    def take() -> tuple[Task, frozenset[int]] | None:
        while queue:
            for at, (_, held) in enumerate(queue):
                if busy.isdisjoint(held):
                    busy.update(held)
                    return queue.pop(at)
            changed.wait()
        return None

    def serve() -> None:
        while True:
            with changed:
                taken = take()
            if taken is None:
                return
            try:
                work(*taken[0])
            finally:
                with changed:
                    busy.difference_update(taken[1])
                    changed.notify_all()

    with ThreadPoolExecutor(n_threads) as pool:
        for served in [pool.submit(serve) for _ in range(n_threads)]:
            served.result()
