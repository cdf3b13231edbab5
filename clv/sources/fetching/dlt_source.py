"""Reads the rows of a resource of dlt, from its own sources, from an installed package, or from a file beside the
declaration."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from clv.core import dates, settings
from clv.core.errors import ClvError, Unavailable
from clv.sources.fetching import cursors, rows
from clv.sources.fetching.declaration import Dlt
from clv.sources.fetching.rows import Found, Reached
from clv.sources.fetching.secrets import Secrets, with_texts
from clv.sources.mapping.complaints import first_line

CURSOR = "{cursor}"


def read(declared: Dlt, since: str | None, secrets: Secrets, folder: Path) -> Generator[Found]:
    """Yields the rows of a resource. Arguments get the value from which rows are wanted in the place of `{cursor}`.

    folder: where a Python file of the shop may be. Raises ClvError, or Unavailable if the source fails.
    """
    function = _function(declared.function, folder)

    def filled_in(text: str) -> str | None:
        return since if text == CURSOR else secrets.filled_in(text).replace(CURSOR, since or "")

    last, today = None, dates.today()
    try:
        made = function(**with_texts(declared.arguments, filled_in))
        for one in _rows(made, declared):
            yield rows.unit([one], declared.key)
            if declared.cursor and (value := rows.cursor_at(one, declared.cursor.column)) is not None:
                match rows.position(value, today):
                    case Reached(position):
                        last = cursors.latest(last, position)
                    case ahead:
                        yield ahead
    except ClvError:
        raise
    except Exception as error:  # each source has exceptions of its own
        reason = f"{type(error).__name__}: {secrets.without(first_line(error)) if str(error).strip() else ''}"
        raise Unavailable(f"{declared.function} fails ({reason}); check its arguments, or fetch again later") from None
    if last is not None:
        yield Reached(last)


def _function(name: str, folder: Path) -> Any:
    module, _, function = name.partition(":")
    os.environ.update(settings.QUIET)  # dlt reads whether it may send telemetry when it is imported
    sys.path.insert(0, str(folder))
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        if isinstance(error, ImportError) and error.name == "dlt":
            raise ClvError("connectors from dlt need its package; run `make bootstrap-connectors`") from None
        raise ClvError(f"there is no function '{name}' ({first_line(error)}); write module:function") from None
    except Exception as error:  # whatever the shop's file does when it is imported
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ClvError(f"{module} cannot be imported ({reason}); correct the file") from None
    finally:
        sys.path.remove(str(folder))


def _rows(made: Any, declared: Dlt) -> Iterator[dict]:
    """Yields the rows of the resource in what the function returned: a source, a resource, or a list of resources."""
    if hasattr(made, "resources"):
        resources = dict(made.resources)
    else:
        resources = {one.name: one for one in (made if isinstance(made, list) else [made])}
    if declared.resource not in resources:
        raise ClvError(f"{declared.function} has no resource '{declared.resource}'; it has {', '.join(resources)}")
    for item in resources[declared.resource]:
        if hasattr(item, "to_pylist"):  # Arrow
            yield from item.to_pylist()
        elif hasattr(item, "to_dict") and not isinstance(item, dict):  # pandas
            yield from item.to_dict("records")
        else:
            yield item
