"""Which versions were promoted, in which order, and which were withdrawn again."""

from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import CorruptArtifactError, UnknownVersionError


class Promotion(BaseModel):
    """A version promoted for the playlists of its night and of later ones, by a person or the night."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    as_of: date
    by_hand: bool = False


class Champions(BaseModel):
    """The document ``champion.json``. ``champion`` is the newest promoted version not withdrawn.

    Newest is by night; of one night's versions it is the one promoted last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    champion: str | None = None
    promoted: tuple[Promotion, ...] = ()
    withdrawn: tuple[str, ...] = ()

    @classmethod
    def from_bytes(cls, body: bytes | None) -> "Champions":
        """Read the document; one without any promotion if there is none."""
        if body is None:
            return cls()
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            raise CorruptArtifactError(
                "champion.json is not as the registry writes it; promote a version again with "
                "`nocturne models promote VERSION` after moving it away"
            ) from None

    def to_bytes(self) -> bytes:
        """Return the document."""
        return (self.model_dump_json(indent=1) + "\n").encode()

    def for_night(self, as_of: date) -> str | None:
        """Return the newest promoted version, not withdrawn, of that night or an earlier one."""
        standing = [p for p in self.promoted if p.version not in self.withdrawn and p.as_of <= as_of]
        if not standing:
            return None
        newest = max(p.as_of for p in standing)
        return [p.version for p in standing if p.as_of == newest][-1]

    def promote(self, version: str, as_of: date, by_hand: bool) -> "Champions":
        """Return it with the version promoted, not withdrawn; promoting the champion changes nothing."""
        by_hand |= any(p.version == version and p.by_hand for p in self.promoted)
        promotion = Promotion(version=version, as_of=as_of, by_hand=by_hand)
        if self.for_night(as_of) == version and promotion in self.promoted:
            return self
        others = tuple(p for p in self.promoted if p.version != version)
        withdrawn = tuple(name for name in self.withdrawn if name != version)
        return self._with((*others, promotion), withdrawn)

    def demote(self, version: str) -> "Champions":
        """Return it without the version's promotion, unless a person promoted it."""
        others = tuple(p for p in self.promoted if p.version != version or p.by_hand)
        return self if others == self.promoted else self._with(others, self.withdrawn)

    def withdraw(self, version: str) -> "Champions":
        """Return it with the version withdrawn; UnknownVersionError if it was never promoted."""
        if version not in {p.version for p in self.promoted}:
            raise UnknownVersionError(f"{version!r} was never promoted, so it cannot be withdrawn")
        return self._with(self.promoted, (*self.withdrawn, version))

    def _with(self, promoted: tuple[Promotion, ...], withdrawn: tuple[str, ...]) -> "Champions":
        draft = Champions(promoted=promoted, withdrawn=tuple(sorted(set(withdrawn))))
        return draft.model_copy(update={"champion": draft.for_night(date.max)})
