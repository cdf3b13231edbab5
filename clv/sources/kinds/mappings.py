"""Finds and reads mappings: one YAML file for each source, which names the shop's columns (docs/sources.md)."""

from __future__ import annotations

from pathlib import Path

import yaml

from clv.core import settings, yaml_files
from clv.core.errors import ClvError
from clv.sources.kinds import registry
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import UNTIL_HEADER
from clv.sources.mapping.values import THOUSANDS

SHIPPED = settings.PROJECT / "sources"


def known_sources(home: settings.Settings) -> dict[str, Path]:
    """Returns the files of mappings by name. A mapping in $CLV_HOME/sources takes precedence over a shipped one."""
    return {path.stem: path for folder in (SHIPPED, home.home / "sources") for path in sorted(folder.glob("*.yml"))}


def load_mapping(source: str, home: settings.Settings) -> FileMapping:
    """Returns the mapping of a source, as the shop counts revenue. Raises ClvError if there is none of that name, or if
    it is invalid."""
    path, content = _content(source, home)
    return parse(source, content, path.name, home).counting(home.shop.revenue_includes)


def namespaces(home: settings.Settings) -> list[str | None]:
    """Returns the namespaces in which customers' ids may be: those that mappings give, and None for ids without one."""
    found: list[str | None] = [None]
    for source in known_sources(home):
        try:
            found.append(load_mapping(source, home).customer_namespace)
        except ClvError:  # a mapping that cannot be read adds no namespace
            continue
    return list(dict.fromkeys(found))


def described(source: str, home: settings.Settings) -> tuple[str, str]:
    """Returns the kind of a source, and what its mapping says it reads. Raises ClvError as `load_mapping`."""
    _, content = _content(source, home)
    stated = content if isinstance(content, dict) else {}
    return str(stated.get("kind", "orders")), str(stated.get("description", ""))


def _content(source: str, home: settings.Settings) -> tuple[Path, object]:
    sources = known_sources(home)
    if source not in sources:
        raise ClvError(f"there is no source '{source}'; known sources are {', '.join(sorted(sources))}")
    path = sources[source]
    try:
        return path, yaml_files.parsed(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ClvError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    except (OSError, UnicodeError) as error:
        raise ClvError(f"{path} cannot be read ({error}); write it again as UTF-8, or remove it") from None


def parse(source: str, content: object, place: str, home: settings.Settings | None = None) -> FileMapping:
    """Checks the content of a mapping file. Raises ClvError with the file, the key and the remedy.

    home: its own kinds are known in addition to the shipped ones.
    """
    kinds = registry.known(home)
    name = content.get("kind", "orders") if isinstance(content, dict) else "orders"
    if not isinstance(name, str) or name not in kinds:
        own = f"; if it is a kind of your own, put its folder back into {home.home / 'kinds'}" if home else ""
        raise ClvError(f"{place}: 'kind' is one of {', '.join(kinds)}; not {name!r}{own}")
    mapping = kinds[name].mapping(source, content, place)
    _check_file_format(mapping, place)
    return mapping


def _check_file_format(mapping: FileMapping, place: str) -> None:
    if mapping.decimal not in (".", ",") or mapping.decimal == mapping.thousands:
        raise ClvError(f"{place}: 'file.decimal' is '.' or ',' and differs from 'file.thousands'")
    if mapping.thousands not in ("", *THOUSANDS):
        marks = "a point, a comma, a blank or an apostrophe"
        raise ClvError(f"{place}: 'file.thousands' is {marks}; not {mapping.thousands!r}")
    if mapping.delimiter != "whitespace" and (len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n'):
        raise ClvError(f"{place}: 'file.delimiter' is one character, or whitespace; not {mapping.delimiter!r}")
    if mapping.header and mapping.skip == UNTIL_HEADER:
        raise ClvError(f"{place}: 'file.skip: {UNTIL_HEADER}' looks for a header and 'file.header' says there is none")
