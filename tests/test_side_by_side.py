from threading import Barrier

import pytest

from jobs.side_by_side import side_by_side


def test_all_are_at_work_at_once_and_the_first_error_is_raised_when_all_have_ended():
    meeting, ended = Barrier(3, timeout=30), []

    def work(name, error=None):
        meeting.wait()
        ended.append(name)
        if error:
            raise error

    with pytest.raises(ValueError, match="of b"):
        side_by_side(
            lambda: work("a"), lambda: work("b", ValueError("of b")), lambda: work("c", KeyError("of c"))
        )
    assert sorted(ended) == ["a", "b", "c"]
