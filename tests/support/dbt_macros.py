"""Calls macros of dbt's project without dbt and without a database."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, NoReturn

import jinja2

from clv.catalog.dbt_project import PROJECT


class Returned(Exception):  # noqa: N818 - no error
    """What a macro returns; dbt gives it to the caller in this way too."""


class CompilerError(Exception):
    """A build that a macro stops."""


def macros(file: str, **context: Any) -> SimpleNamespace:
    """The macros of a file in dbt_project/macros, as functions. context: what dbt would give them besides."""
    source = re.sub(r"{%-? macro ", r"\g<0>dbt_macro__", (PROJECT / "macros" / file).read_text())
    found = re.findall(r"macro dbt_macro__(\w+)", source)
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701 - the result is SQL
    environment.globals |= {
        "return": _return,
        "execute": True,
        "modules": SimpleNamespace(re=re),
        "exceptions": SimpleNamespace(raise_compiler_error=_stop),
        **context,
    }
    module: list[Any] = []
    functions = {name: partial(_call, module, name) for name in found}
    environment.globals |= functions
    module.append(environment.from_string(source).module)
    return SimpleNamespace(**functions)


def _call(module: list[Any], name: str, *arguments: Any, **named: Any) -> Any:
    macro: Callable = getattr(module[0], f"dbt_macro__{name}")
    try:
        return macro(*arguments, **named)
    except Returned as returned:
        return returned.args[0]


def _return(value: Any) -> NoReturn:
    raise Returned(value)


def _stop(message: str) -> NoReturn:
    raise CompilerError(message)
