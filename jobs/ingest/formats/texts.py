"""A landed text file, opened as what it is, whatever its name says."""

from dataclasses import dataclass

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.content import Content, format_of, is_player_log, looks_like
from jobs.ingest.formats.streams import MAX_LINE, Stream
from jobs.ingest.formats.suffixes import FORMATS, JSON_LINES, suffixes
from jobs.ingest.landing import LandedFile, Root


@dataclass(frozen=True)
class Text:
    """The stream of a text file, the format that its content is in, what that looks like, and what
    people are to be told of a name that says otherwise."""

    stream: Stream
    format: str
    looks: Content
    notes: list[str]


def open_text(root: Root, file: LandedFile) -> Text:
    """Return the file; FileFault if its name is of no format, or its content no text."""
    named, _ = suffixes(file.name)
    stream = Stream(root, file)
    head = stream.peek()
    looks = looks_like(head)
    if is_player_log(head):
        return Text(stream, "tsv", looks, [stream.note] if stream.note else [])
    if named not in FORMATS:
        raise FileFault(
            "unknown format",
            f"its name ends in none of .{', .'.join(FORMATS)}; it looks like {looks.what}: "
            f"{looks.remedy}",
        )
    endless = head.startswith(b"{") and b"\n" not in head[: MAX_LINE + 1] and len(head) > MAX_LINE
    found = "json" if endless and named in JSON_LINES else format_of(named, head)
    notes = [stream.note] if stream.note else []
    # Lines and documents of JSON are often mixed up, and nothing comes of it.
    if found != named and named not in (*JSON_LINES, "json"):
        notes.append(f"{looks.what} under a name that ends in .{named}: read as what it is")
    return Text(stream, found, looks, notes)
