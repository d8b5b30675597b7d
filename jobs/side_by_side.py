"""Work that mostly waits, for a disk or for Spark, done at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def side_by_side(*work: Callable[[], object]) -> None:
    """Do all of it, each in a thread of its own. When all have ended, the first error in the order given
    is raised."""
    with ThreadPoolExecutor(len(work)) as pool:
        begun = [pool.submit(each) for each in work]
    for each in begun:
        each.result()
