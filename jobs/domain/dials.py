"""Dials: what a listener sets about their own lists, as feedback whose target is the value."""

import re
from dataclasses import dataclass

from expectations.feedback import DIALS

LENGTH, ADVENTUROUSNESS, KNOWN_SHARE, EXPLICIT = DIALS
NO = "no"


@dataclass(frozen=True)
class Dials:
    """What one listener has set; None where they have not.

    ``list_length`` in tracks, of each list; ``adventurousness`` from 0 to 1, which .5 leaves as it is
    without; ``known_share`` of the list to be discovered is of what they loved; without ``explicit`` no
    track that is marked so.
    """

    list_length: int | None = None
    adventurousness: float | None = None
    known_share: float = 0.0
    explicit: bool = True

    @classmethod
    def of(cls, texts: dict[str, str]) -> "Dials":
        """Read the values as they landed, by the dial's name."""
        length, adventurousness = texts.get(LENGTH), texts.get(ADVENTUROUSNESS)
        return cls(
            list_length=None if length is None else int(length),
            adventurousness=None if adventurousness is None else float(adventurousness),
            known_share=float(texts.get(KNOWN_SHARE, 0)),
            explicit=texts.get(EXPLICIT) != NO,
        )


def problem_of(dial: str, value: str) -> str:
    """Say what a dial's value must be, if this is none; empty if it is one."""
    pattern, what = DIALS[dial]
    return "" if re.fullmatch(pattern, value) else f"the value is {what}"
