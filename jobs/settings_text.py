"""The settings in words: those in force for a person, and the page of docs about all of them.

``python -m jobs.settings_text`` writes docs/settings.md; with ``--check`` it says if that is current.
"""

import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from jobs.errors import NocturneError, UsageError
from jobs.settings import PREFIX, Section, Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """\
# Settings

Environment variables; lists and maps are JSON (`'["own_artists", "popular"]'`). `nocturne settings`
prints those in force and where each comes from. A wrong value, or a name that is none, is refused with
the rule it breaks or the nearest name. This page is made from [`jobs/settings.py`](../jobs/settings.py)
by `make docs`.
"""
WIDTH = 80
# What an empty root stands for.
DERIVED = {name: f"<home>/{name.lower()}" for name in ("LANDING", "LAKE", "STORE")}


@dataclass(frozen=True)
class Setting:
    """One setting: its environment variable, its value, whether that is from there, and its default."""

    name: str
    value: Any
    from_environment: bool
    default: Any

    @property
    def source(self) -> str:
        """Return where the value comes from."""
        return "environment" if self.from_environment else "default"


@dataclass(frozen=True)
class Group:
    """Settings that belong together, and what they mean, in one paragraph."""

    title: str
    meaning: str
    settings: tuple[Setting, ...]


def groups(settings: Settings, environment: Iterable[str]) -> Iterator[Group]:
    """Yield the sections in the order of the code, what stands in none first; ``environment`` are the
    names of the variables that are set."""
    said = {name.upper() for name in environment}
    plain = [name for name, value in settings if not isinstance(value, Section)]
    yield _group("General", settings, PREFIX, plain, Settings(_env_file=None), said)  # type: ignore[call-arg]
    yield from _sections(settings, PREFIX, "", said)


def _sections(within: BaseModel, prefix: str, title: str, said: set[str]) -> Iterator[Group]:
    for name, section in within:
        if isinstance(section, Section):
            path, heading = f"{prefix}{name.upper()}__", f"{title} {name}".strip()
            plain = [key for key, value in section if not isinstance(value, Section)]
            yield _group(heading.capitalize(), section, path, plain, type(section)(), said)
            yield from _sections(section, path, heading, said)


def _group(
    title: str, section: BaseModel, prefix: str, names: list[str], default: BaseModel, said: set[str]
) -> Group:
    text = " ".join(inspect.getdoc(type(section)).split())  # type: ignore[union-attr]
    settings = (
        Setting(
            f"{prefix}{name.upper()}",
            getattr(section, name),
            _is_said(f"{prefix}{name.upper()}", said),
            _default(f"{prefix}{name.upper()}", type(section).model_fields[name].default),
        )
        for name in names
    )
    return Group(title, text, tuple(settings))


def _is_said(name: str, said: set[str]) -> bool:
    """By itself, by an entry of its map, or as part of a section given as JSON."""
    parts = name.split("__")
    whole = {"__".join(parts[:n]) for n in range(2, len(parts) + 1)}
    return bool(whole & said) or any(other.startswith(f"{name}__") for other in said)


def _default(name: str, default: Any) -> Any:
    section = name.split("__")[1]
    return DERIVED[section] if name == f"{PREFIX}{section}__ROOT" and section in DERIVED else default


def as_text(value: Any) -> str:
    """Write a value as the environment says it."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def lines(settings: Settings, part: str | None = None) -> list[str]:
    """Return the settings in force, each with its source and, if it is another, its default; only those
    whose name holds ``part``, if given. UsageError if there is none of that."""
    told: list[str] = []
    for group in groups(settings, os.environ):
        wanted = [s for s in group.settings if part is None or part.upper() in s.name]
        if wanted:
            meaning = textwrap.wrap(f"{group.title}: {_plain(group.meaning)}", WIDTH)
            told += ["", *meaning, *map(_line, wanted)]
    if not told:
        raise UsageError(f"no setting has {part!r} in its name: `nocturne settings` lists all")
    return told[1:]


def _line(setting: Setting) -> str:
    other = setting.from_environment and as_text(setting.value) != as_text(setting.default)
    default = f"; default {as_text(setting.default) or 'empty'}" if other else ""
    return f"  {setting.name}={as_text(setting.value)}  ({setting.source}{default})"


def _plain(text: str) -> str:
    return text.replace("``", "")


def page() -> str:
    """Render docs/settings.md; NocturneError if a section is silent about one of its settings."""
    parts = [HEAD]
    for group in groups(Settings.model_construct(), ()):
        silent = [s.name for s in group.settings if not _is_told(s.name, group.meaning)]
        if silent:
            raise NocturneError(
                f"jobs/settings.py does not say what {silent[0]} means: name it in words"
            )
        rows = [f"| `{s.name}` | {_code(as_text(s.default))} |" for s in group.settings]
        meaning = group.meaning.replace("``", "`")
        parts.append(
            f"\n## {group.title}\n\n{meaning}\n\n| name | default |\n|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    return "".join(parts)


def _is_told(name: str, meaning: str) -> bool:
    field = name.rpartition("__")[2].lower()
    return field == "root" or re.search(rf"``[^`]*\b{field}\b[^`]*``", meaning) is not None


def _code(text: str) -> str:
    return f"`{text}`" if text else "not set"


def main(argv: list[str]) -> int:
    """Write the page, or check it; returns the exit code."""
    if argv == ["--check"]:
        if PAGE.read_text() == page():
            return 0
        print("docs/settings.md is not what jobs/settings.py says: run `make docs`", file=sys.stderr)
        return 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
