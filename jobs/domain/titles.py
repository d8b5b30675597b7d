"""Names: what two spellings of one artist, recording or song have in common, and nothing more.

Only what is safe is folded: case, width, Unicode's compatibility forms, accents of Latin letters,
punctuation that no number is made of. Whatever may tell two songs apart stays: marks of other scripts
(ガ, й, vowel signs, tones), symbols (C#, 1+1), numbers (II, Part 2). In doubt two names stay two.

Names are cut to ``MAX_NAME`` characters first, which no track of the catalog exceeds, and every step is
linear in their length.
"""

import re
import unicodedata
from collections.abc import Callable

from expectations.tracks import MAX_NAME

# One such mark on a Latin letter is an accent. A horn, a hook, a dot below, or a second mark make
# another letter or tone (Vietnamese, Yoruba), and are kept.
_ACCENTED = re.compile(
    "([a-z])[\u0300-\u0304\u0306-\u0308\u030a-\u030c\u0326-\u0328](?![\u0300-\u036f])"
)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "♯": "#", "♭": "b"}
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# 24-7 is not 247, and 4:44 not 444; elsewhere these marks are punctuation.
_OUTSIDE_NUMBERS = re.compile(r"(?<!\d)[-./:]|[-./:](?!\d)")
_DASH = re.compile("[\u2010-\u2015\u2212]")

_GUEST_IN_BRACKETS = re.compile(
    r"[(\[] ?(?:(?:featuring|feat\.?|ft\.?|prod\.|prod\.? by) |(?:with |w/ ?)"
    r"(?!(?:an?|all|every|h[ei][mrs]|her|it|love|me|my|myself|no|or|our|out|that|their|them|this|u|us|"
    r"you|your|yourself)\b))[^()\[\]]*[)\]]",
    re.IGNORECASE,
)
_GUEST_OF_ARTIST = re.compile(r" (?:featuring|feat\.?|ft\.?) .", re.IGNORECASE)
_GUEST_OF_TITLE = re.compile(r" (?:- )?(?:featuring |feat\. ?|ft\. ?)(?=\S)", re.IGNORECASE)
# "Live at Ft. Worth", "Six Ft. Under": a fort, and feet.
_BEFORE_FORT = re.compile(
    r"\d+|a|at|from|in|near|of|the|to|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|"
    r"thirty|forty|fifty|hundred|thousand",
    re.IGNORECASE,
)
_NEXT_PART = re.compile(r" - |[(\[]")

_SAME_RECORDING = frozenset(
    {
        *("album", "anniversary", "bonus", "deluxe", "expanded", "explicit", "original"),
        *("remaster", "remastered", "single"),
        # So say catalogs in other languages that a recording is a remaster.
        *("remasterizado", "remasterizada", "remasterise", "remasterizzato", "ремастер", "リマスター"),
        *("リマスタード", "리마스터"),
    }
)
_WITH_IT = frozenset({"and", "digital", "digitally", "edition", "in", "track", "version"})
_OTHER_VERSION = frozenset(
    {
        *("acapella", "acoustic", "clean", "demo", "dub", "extended", "instrumental", "karaoke", "live"),
        *(
            "mixed",
            "mono",
            "nightcore",
            "orchestral",
            "remix",
            "remixed",
            "slowed",
            "stereo",
            "unplugged",
        ),
        *("inst", "acustico", "acustica", "acoustique", "akustik", "ремикс", "リミックス", "리믹스"),
        *("ライブ", "ライヴ", "라이브", "现场", "现场版", "現場", "現場版"),
        *("アコースティック", "カラオケ", "インストゥルメンタル", "伴奏"),
    }
)
_LAST_WORDS = frozenset(
    {
        *("acoustic", "demo", "demos", "edit", "edition", "instrumental", "karaoke", "mix", "remaster"),
        *("remastered", "remix", "session", "sessions", "unplugged", "ver", "version"),
    }
)
_NOT_LAST_AFTER = frozenset({"a", "in", "my", "the", "this", "your"})
_FIRST_WORDS = re.compile(
    r"(?:live (?:at|from|in|on|version|acoustic|session|sessions|performance|recording|bonus|\d+)"
    r"|(?:ao|dal|en) vivo|en directo|recorded (?:at|in|live)|sped up|slowed (?:down|and|\+|reverb)"
    r"|take (?:\d+|one|two|three)$|alternat(?:e|ive) take|a cappella$)"
)
_NUMBER = re.compile(r"\d+(?:st|nd|rd|th)?")


class _Characters(dict[int, str | None]):
    """What ``str.translate`` makes of a character, asked for once each."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        self[code] = found = _translated(char, unicodedata.category(char))
        return found


def _translated(char: str, category: str) -> str | None:
    if char in "-./:" or category[0] in "LN" or char in "\u200c\u200d":
        return char
    if 0xFE00 <= ord(char) <= 0xFE0F or category == "Cf":  # how to draw, nothing to read
        return None
    if category[0] == "M":
        return char
    if char in "#%@*" or (category[0] == "S" and category != "Sk" and char not in "~|"):
        return f" {char} "
    return " and " if char == "&" else " "


_CHARACTERS = _Characters()


def name_key(name: str) -> str:
    """Return the name's words, folded, with one blank between two; empty only if the name is blank.

    A name of nothing but punctuation ("!!!") stays as it is.
    """
    text = _folded(name[:MAX_NAME])
    plain = _OUTSIDE_NUMBERS.sub(" ", _THOUSANDS.sub("", text).translate(_CHARACTERS))
    return " ".join(plain.split()) or text.strip()


def artist_key(credit: str) -> str:
    """Return the key of the first artist of a credit: without guests and a leading "the"."""
    text = _GUEST_IN_BRACKETS.sub(" ", _spaced(credit))
    found = _GUEST_OF_ARTIST.search(text)
    key = name_key(text[: found.start()] if found else text)
    return (key.removeprefix("the ") or key) if key else name_key(credit)


def recording_key(title: str) -> str:
    """Return the key of a recording: the title without guests and without marks that leave the
    recording what it is (remaster, album version, deluxe, bonus track, explicit)."""
    return _without_marks(title, _is_same_recording)


def song_key(title: str) -> str:
    """Return the key of a song, whichever version the title names: ``recording_key``, and without marks
    of other recordings of it (live, acoustic, mono, radio edit, remix, demo).

    A mark stands at the end, in brackets or after " - "; "Live Wire" and "Lanterns II" have none.
    """
    return _without_marks(title, lambda words: _is_same_recording(words) or _is_version(words))


def _folded(text: str) -> str:
    """Case, width and accents of Latin letters folded; composed, so that other scripts keep theirs."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if text.isascii():
        return text
    plain = _ACCENTED.sub(r"\1", unicodedata.normalize("NFD", text))
    return _DASH.sub("-", unicodedata.normalize("NFC", plain).translate(_LETTERS))


def _spaced(name: str) -> str:
    """Widths folded, one kind of dash, one blank between words."""
    text = unicodedata.normalize("NFKC", name[:MAX_NAME])
    return " ".join(_DASH.sub("-", text).split())[:MAX_NAME]


def _without_marks(title: str, is_mark: Callable[[list[str]], bool]) -> str:
    text = _without_guests(_spaced(title))
    while (end := _start_of_last_part(text)) and is_mark(name_key(text[end:]).split()):
        text = text[:end].rstrip(" -")
    return name_key(text) or name_key(title)


def _without_guests(title: str) -> str:
    text = " ".join(_GUEST_IN_BRACKETS.sub(" ", title).split())
    found = _GUEST_OF_TITLE.search(text)
    if not found or _BEFORE_FORT.fullmatch(text[: found.start()].rpartition(" ")[2]):
        return text
    rest = _NEXT_PART.search(text, found.end())
    return f"{text[: found.start()]} {text[rest.start() :] if rest else ''}".strip()


def _start_of_last_part(text: str) -> int:
    """Where the last part in brackets or after " - " begins; 0 if the title has one part."""
    if text.endswith((")", "]")):
        return max(text.rfind("(" if text[-1] == ")" else "["), 0)
    return max(text.rfind(" - "), 0)


def _is_same_recording(words: list[str]) -> bool:
    if words == ["original", "mix"]:
        return True
    known = _SAME_RECORDING | _WITH_IT
    return not _SAME_RECORDING.isdisjoint(words) and all(
        w in known or _NUMBER.fullmatch(w) for w in words
    )


def _is_version(words: list[str]) -> bool:
    if _FIRST_WORDS.match(" ".join(words)) or {"remaster", "remastered"} & set(words):
        return True
    if words and words[-1] in _LAST_WORDS and not _NOT_LAST_AFTER & set(words[-2:-1]):
        return True
    known = _SAME_RECORDING | _WITH_IT | _OTHER_VERSION
    return not _OTHER_VERSION.isdisjoint(words) and all(
        w in known or _NUMBER.fullmatch(w) for w in words
    )
