"""Parts of English sentences, the same on every machine."""

from collections.abc import Sequence
from datetime import date

# Not of the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def listed(names: Sequence[str]) -> str:
    """List at least one name: ``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def day_in_words(day: date) -> str:
    """Return a day as English says it: 3 May 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
