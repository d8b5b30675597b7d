"""Sixty listeners who play what others of their group play, for two weeks: enough to learn from."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from jobs.settings import Settings
from tests.tables import put

NIGHT = date(2026, 6, 14)
N_LISTENERS, N_TRACKS, N_ARTISTS, N_GROUPS, N_NIGHTS = 60, 80, 16, 4, 14


def listens(n_nights: int = N_NIGHTS, seed: int = 1) -> list[tuple]:
    """Rows of listens: each listener plays four tracks a night, three by artists of their group."""
    rng = np.random.default_rng(seed)
    rows = []
    for age in range(N_NIGHTS - 1, N_NIGHTS - 1 - n_nights, -1):
        day = NIGHT - timedelta(days=age)
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        for listener in range(N_LISTENERS):
            own = rng.integers(N_TRACKS // N_GROUPS, size=3) * N_GROUPS + listener % N_GROUPS
            for n, track in enumerate([*own, rng.integers(N_TRACKS)]):
                rows.append(
                    (f"l{age:02d}{listener:02d}{n}", f"u{listener:02d}", f"t{track:02d}", at, 200_000,
                     n == 3, None, None, None, None, day, day, "f")
                )  # fmt: skip
    return rows


def write(settings: Settings, rows: list[tuple] | None = None) -> None:
    """Write the listens and the catalog, in which track n is by artist n modulo 16."""
    put(settings, "listens", listens() if rows is None else rows)
    first = NIGHT - timedelta(days=N_NIGHTS)
    put(
        settings,
        "tracks_history",
        [
            (
                f"t{n:02d}",
                f"Title {n}",
                [f"a{n % N_ARTISTS}"],
                f"A{n % N_ARTISTS}",
                None,
                None,
                200_000,
                first,
                "f",
            )
            for n in range(N_TRACKS)
        ],
    )
