"""Numbers as people's spreadsheets write them: a comma for the decimals, marks between thousands."""

import re

_BLANKS = " \u00a0\u2009\u202f'\u2019"
_GROUPED = re.compile(
    rf"(?P<sign>[+-]?)(?P<first>[1-9]\d{{0,2}})(?P<rest>(?P<mark>[.,{_BLANKS}])\d{{3}}(?:(?P=mark)\d{{3}})*)"
    r"(?:(?P<point>[.,])(?P<decimals>\d+))?"
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
MAX_LENGTH = 100


class TwoReadingsError(ValueError):
    """A text that is one number with decimals, and another with thousands apart."""


def plain_number(text: str, separator: str = ",", *, whole: bool = False) -> str:
    """Return the text with a point before the decimals and nothing between thousands; any other text as
    it is.

    ``separator`` is that of the file's columns: with ``;`` a comma begins the decimals, as where such
    files come from. ``whole``: no decimals are expected. TwoReadingsError for "240.000" and its like,
    where neither the file nor the column tells which is meant.
    """
    text = text.strip()
    found = _GROUPED.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found and found["point"] != found["mark"] and _is_grouped(found, separator, whole):
        digits = found["sign"] + found["first"] + re.sub(r"\D", "", found["rest"])
        return f"{digits}.{found['decimals']}" if found["point"] else digits
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text[:MAX_LENGTH]) else text


def _is_grouped(found: re.Match[str], separator: str, whole: bool) -> bool:
    """Whether the mark stands between thousands; TwoReadingsError if that is not known."""
    mark = found["mark"]
    if mark in _BLANKS or found["point"] or len(found["rest"]) > 4:
        return True
    if separator == ",":
        # Commas in quotes: of a number with three decimals nobody knows; whole numbers have none.
        if mark == "." or whole:
            return mark == ","
    elif not whole:
        return False
    raise TwoReadingsError(f"{found[0]!r} has thousands or decimals: write it with neither mark")
