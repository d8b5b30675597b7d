"""Versions of one model: ``models/<model>/<version>/…`` and ``models/<model>/champion.json``.

A version's files are written before its card, so a version with a card is complete. Which versions
were promoted or withdrawn stands in one document, replaced by compare-and-swap: a reader, or a writer
killed at any moment, finds the old champion or the new one.
"""

from collections.abc import Callable, Mapping
from datetime import date

from pydantic import ValidationError

from models.errors import CorruptArtifactError, UnknownVersionError
from models.registry.card import Card, checksum
from models.registry.champions import Champions
from models.registry.store import Store

CARD = "card.json"


class Registry:
    """The versions of ``model`` in the store."""

    def __init__(self, store: Store, model: str) -> None:
        self.store, self.model = store, model
        self.folder = f"models/{model}"

    def publish(self, card: Card, files: Mapping[str, bytes]) -> Card:
        """Write a version; one that is already there whole is left as it is. Returns its card."""
        if self._is_whole(card.version):
            return self.card(card.version)
        for name in sorted(files):
            self.store.put(self._key(card.version, name), files[name])
        self.store.put(self._key(card.version, CARD), card.to_bytes())
        return card

    def card(self, version: str) -> Card:
        """Read the version's card; UnknownVersionError, CorruptArtifactError."""
        body = self.store.get(self._key(version, CARD))
        if body is None:
            raise UnknownVersionError(
                f"{self.model} has no version {version!r}: `nocturne models list --model "
                f"{self.model}` shows what there is"
            )
        try:
            return Card.model_validate_json(body)
        except ValidationError:
            raise CorruptArtifactError(self._damage(version, CARD, "is not a card")) from None

    def versions(self) -> list[Card]:
        """Read the cards of all versions, by night and then by name."""
        keys = self.store.list(f"{self.folder}/")
        names = [key.split("/")[-2] for key in keys if key.endswith(f"/{CARD}")]
        return sorted((self.card(name) for name in names), key=lambda c: (c.as_of, c.version))

    def read(self, version: str) -> dict[str, bytes]:
        """Read the version's files; CorruptArtifactError names the file that is not as published."""
        files = {}
        for name, digest in self.card(version).files.items():
            body = self.store.get(self._key(version, name))
            if body is None:
                raise CorruptArtifactError(self._damage(version, name, "is missing"))
            if checksum(body) != digest:
                raise CorruptArtifactError(
                    self._damage(version, name, "does not match its checksum on the card")
                )
            files[name] = body
        return files

    def for_night(self, as_of: date) -> Card | None:
        """Read the card of the newest promoted version, not withdrawn, up to that night."""
        version = self.champions().for_night(as_of)
        return None if version is None else self.card(version)

    def champion(self) -> Card | None:
        """Read the card of the newest promoted version."""
        return self.for_night(date.max)

    def champions(self) -> Champions:
        """Return which versions were promoted and withdrawn."""
        return Champions.from_bytes(self.store.get(self._champion_key))

    def promote(self, version: str, by_hand: bool = False) -> None:
        """Make the version the champion of its night; all its files must be as published."""
        self.read(version)
        as_of = self.card(version).as_of
        self._change(lambda champions: champions.promote(version, as_of, by_hand))

    def demote(self, version: str) -> None:
        """Take back what an earlier run of the night promoted; a person's promotion stands."""
        self._change(lambda champions: champions.demote(version))

    def withdraw(self, version: str) -> None:
        """Take a promoted version back; the newest promoted one left is the champion again."""
        self._change(lambda champions: champions.withdraw(version))

    def _change(self, change: Callable[[Champions], Champions]) -> None:
        tag = self.store.tag(self._champion_key)
        before = self.champions()
        after = change(before)
        if after != before:
            self.store.swap(self._champion_key, after.to_bytes(), tag)

    def _is_whole(self, version: str) -> bool:
        try:
            self.read(version)
        except (UnknownVersionError, CorruptArtifactError):
            return False
        return True

    @property
    def _champion_key(self) -> str:
        return f"{self.folder}/champion.json"

    def _key(self, version: str, name: str) -> str:
        return f"{self.folder}/{version}/{name}"

    def _damage(self, version: str, name: str, what: str) -> str:
        return (
            f"{self.model} version {version}: {name} {what}, so it is not used; withdraw it with "
            f"`nocturne models rollback {version} --model {self.model}`, or train that night again"
        )
