"""How a run's documents become objects: one each, or packs of many listeners' with an index."""

import hashlib
import json
from collections.abc import Iterable, Iterator

from jobs.publish.keys import DIGITS
from jobs.publish.spool import Document, Spool

# A pack is held in memory as it is written, its index by whoever reads one list.
LISTENERS_A_PACK = 256


def as_packs(spool: Spool, digits: int, version: int) -> Iterator[Document]:
    """Yield keys below the run's folder with their bytes: ``packs/<prefix>.pack``, documents end to
    end, and ``packs/<prefix>.json``, which says where in it each is: offset, length, SHA-256."""
    for prefix, documents in spool.by_prefix(digits):
        pack, index = _packed(documents, version)
        yield f"packs/{prefix}.pack", pack
        yield f"packs/{prefix}.json", index


def digits_for(n_listeners: int) -> int:
    """Return how many hexadecimal digits, one to four, name packs of at most so many listeners on
    average."""
    return next((n for n in range(1, DIGITS) if n_listeners <= LISTENERS_A_PACK * 16**n), DIGITS)


def sha256(body: bytes) -> str:
    """Return the checksum that the run has of these bytes."""
    return hashlib.sha256(body).hexdigest()


def checksum_line(key: str, body: bytes) -> bytes:
    """Render a line as sha256sum does."""
    return f"{sha256(body)}  {key}\n".encode()


def _packed(documents: Iterable[Document], version: int) -> tuple[bytes, bytes]:
    bodies, places, offset = [], {}, 0
    for key, body in documents:
        places[key] = (offset, len(body), sha256(body))
        bodies.append(body)
        offset += len(body)
    index = {"schema_version": version, "documents": places}
    return b"".join(bodies), (json.dumps(index, separators=(",", ":")) + "\n").encode()
