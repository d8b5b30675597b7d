"""A night of three listeners and seven tracks, small enough to judge by hand.

Artists A to D have t1, t2 | t3, t4 | t5, t6 | t7; t8 by E lands after the night. Ada has played t1 and
skipped t3, bob has played t1 and t5, cy t5; dora is not known yet. Afterwards, in the week:

    ada  t2 t4 t5 t8 and t1 again; t7 for 10 s, t6 for 20 s
    bob  t6; t3 on the eighth day
"""

from datetime import UTC, date, datetime, timedelta

from jobs.settings import Settings
from models.features import FEATURES
from tests.tables import put

NIGHT, DAYS = date(2026, 6, 10), 7
ARTISTS = {"t1": "A", "t2": "A", "t3": "B", "t4": "B", "t5": "C", "t6": "C", "t7": "D"}
BEFORE = [
    ("ada", "t1", 0, 200_000, False), ("ada", "t1", -3, 200_000, None), ("ada", "t3", 0, 9_000, True),
    ("bob", "t1", -1, 200_000, None), ("bob", "t5", -1, 31_000, None), ("cy", "t5", -14, 60_000, False),
]  # fmt: skip
AFTER = [
    ("ada", "t2", 1, 200_000, None), ("ada", "t4", 2, 30_000, None), ("ada", "t5", 7, 200_000, None),
    ("ada", "t8", 3, 200_000, None), ("ada", "t1", 1, 200_000, None), ("ada", "t7", 1, 10_000, None),
    ("ada", "t6", 1, 20_000, True), ("bob", "t6", 4, 200_000, None), ("bob", "t3", 8, 200_000, None),
    ("dora", "t1", 2, 200_000, None),
]  # fmt: skip
LISTS = {
    "ada": [("t5", "exploit"), ("t7", "explore"), ("t2", "exploit")],
    "bob": [("t7", "explore"), ("t6", "exploit")],
    "cy": [("t1", "exploit")],
}


def listen(number, user, track, day, ms_played, skipped, landed=None):
    """A row of listens; ``day`` and ``landed`` count from the night."""
    on = NIGHT + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    landed_on = NIGHT + timedelta(days=day if landed is None else landed)
    return (
        f"l{number}",
        user,
        track,
        at,
        ms_played,
        skipped,
        None,
        None,
        None,
        None,
        on,
        landed_on,
        "f",
    )


def track(track_id, artist, day=0):
    """A row of tracks_history."""
    return (track_id, track_id, [artist], artist, None, None, 180_000, NIGHT + timedelta(days=day), "f")


def features(track_id, value, day=0, duration_ms=1):
    """A row of audio_features_history, all other features alike."""
    integers = {"key": 1, "mode": 1, "time_signature": 1, "duration_ms": duration_ms}
    row = [integers.get(name, value) for name in FEATURES]
    return (track_id, *row, "given", NIGHT + timedelta(days=day), "f")


def playlist(night, lists):
    """Rows of playlists."""
    return [
        (night, user, rank, track_id, "", "", 1.0, strategy, "k", "r", "{}", None, None)
        for user, entries in lists.items()
        for rank, (track_id, strategy) in enumerate(entries, start=1)
    ]


def write(settings: Settings, listens=(), tracks=(), lists=LISTS, night=NIGHT) -> None:
    """Write the night and what came after, with more rows of listens and tracks_history."""
    rows = [listen(n, *row) for n, row in enumerate([*BEFORE, *AFTER])]
    put(settings, "listens", [*rows, *listens])
    catalog = [track(track_id, artist) for track_id, artist in ARTISTS.items()]
    put(settings, "tracks_history", [*catalog, track("t8", "E", 3), *tracks])
    put(settings, "audio_features_history", [features(name, 0.1 * int(name[1])) for name in ARTISTS])
    put(settings, "playlists", playlist(night, lists))
