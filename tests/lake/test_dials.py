"""What listeners had set by a night, point in time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.lake.dials import dials_landed, limits_of
from jobs.window import Window
from tests.tables import put

pytestmark = pytest.mark.spark
NIGHT = date(2026, 6, 28)


def word(user, kind, target, days=0, landed=None, file="f", hour=12):
    at = datetime(2026, 6, 28, hour, tzinfo=UTC) + timedelta(days=days)
    return (user, kind, target, at, NIGHT + timedelta(days=days if landed is None else landed), file)


def test_the_latest_that_had_landed_counts(lake):
    put(lake.settings, "feedback_history", [
        word("ann", "list_length", "20", -3), word("ann", "list_length", "12", -1),
        word("ann", "list_length", "9", 1), word("ann", "list_length", "8", 0, landed=1),
        word("ann", "explicit", "no", -2), word("ann", "like", "t1"),
        word("bob", "explicit", "no", hour=1), word("bob", "explicit", "yes", hour=2),
        word("cid", "known_share", "0.5"), word("cid", "known_share", "0.25"),
        word("cid", "adventurousness", "1", file="b"), word("cid", "adventurousness", "0", file="c"),
    ])  # fmt: skip
    dials = dials_landed(lake, Window.night(NIGHT))
    found = {(row.user_id, row.dial): row.value for row in dials.collect()}
    assert found == {
        ("ann", "list_length"): "12", ("ann", "explicit"): "no", ("bob", "explicit"): "yes",
        # Of one instant the last by file, of one file the last by value.
        ("cid", "known_share"): "0.5", ("cid", "adventurousness"): "0",
    }  # fmt: skip
    limits = {row.user_id: (row.list_length, row.known_share, row.clean)
              for row in limits_of(dials).collect()}  # fmt: skip
    assert limits == {"ann": (12, None, True), "bob": (None, None, False), "cid": (None, 0.5, None)}
