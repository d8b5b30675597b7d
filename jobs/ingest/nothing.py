"""Words for "nothing" in files that know only texts, and where they are none: names and ids.

An artist may be called Null and a track NA; no date, number or optional id is. So a word is nothing by
its column, and a row loses its names only where all of them are the same such word.
"""

from collections import Counter
from collections.abc import Mapping

_WORDS = frozenset(
    ("na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "nil", "\\n", "-", "--", "(null)")
)
_LONGEST = max(map(len, _WORDS))
# Names, and the ids that a row cannot do without: what is written there is meant.
MAY_BE_NAMES = frozenset(
    {
        *("title", "artist", "album", "track", "name", "track_name", "artist_name", "album_name"),
        *("master_metadata_track_name", "master_metadata_album_artist_name"),
        *("master_metadata_album_album_name", "trackName", "artistName"),
        *("user_id", "user", "session_id", "track_id", "track_id_clean", "item_id", "item", "song_id"),
        *("target_id", "kind"),
    }
)
# Artist, title and album of one play or track.
_NAMED = (
    ("artist", "track", "album"),
    ("artist", "title", "album"),
    ("artist", "track_name", "album_name"),
    ("artist_name", "track_name", "album_name"),
    ("artistName", "trackName", "albumName"),
    (
        "master_metadata_album_artist_name", "master_metadata_track_name",
        "master_metadata_album_album_name",
    ),
)  # fmt: skip


def is_nothing(text: object) -> bool:
    """Return whether a value is none, empty, or a word for nothing."""
    return not text or (isinstance(text, str) and len(text) <= _LONGEST and _is_word(text))


def _is_word(text: str) -> bool:
    return text.strip().lower() in _WORDS


def without_nothing(
    row: Mapping[str, str], none: Counter[tuple[str, str]], names: Counter[tuple[str, str]]
) -> dict[str, str]:
    """Return the row's values but words for nothing, counted by (column, word) in ``none``; those that
    were taken for ``names`` are counted there."""
    words = {name for name, text in row.items() if len(text) <= _LONGEST and _is_word(text)}
    if not words:
        return dict(row)
    gone = (words - MAY_BE_NAMES) | _unnamed(row, words)
    none.update((name, row[name]) for name in gone)
    names.update((name, row[name]) for name in words - gone)
    return {name: text for name, text in row.items() if name not in gone}


def _unnamed(row: Mapping[str, str], words: set[str]) -> set[str]:
    """The columns of names of a row that has the same word in all of them: of it no name is known."""
    for artist, title, album in _NAMED:
        if artist in words and title in words:
            told = {row[artist], row[title], row.get(album) or row[title]}
            return {artist, title, album} & row.keys() if len(told) == 1 else set()
    return set()
