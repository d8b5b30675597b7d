"""What a file's name says of its format and its compression."""

JSON_LINES = ("jsonl", "ndjson")
FORMATS = (*JSON_LINES, "json", "csv", "tsv", "parquet")
CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
ARCHIVE = "zip"
# Archives that are not read; the names of compressed ones end in two suffixes.
OTHER_ARCHIVES = ("tar", "tgz", "tbz2", "txz", "7z", "rar", "xz")


def suffixes(name: str) -> tuple[str, str]:
    """Return the format's and the compression's suffix: ``("jsonl", ".gz")``; either may be empty."""
    base = name.rsplit("/", 1)[-1].lower()
    codec = next((suffix for suffix in CODECS if base.endswith(suffix)), "")
    stem = base.removesuffix(codec)
    return (stem.rsplit(".", 1)[1] if "." in stem else "", codec)
