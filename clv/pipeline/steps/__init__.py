"""The steps of a daily run, each declared once: its group, the tables it reads and writes, its function, and its pool.

The DAGs, their documentation, the picture in docs/architecture.md and `clv.pipeline.daily.run` are made from these
declarations. Each module in this package, or in the folder that CLV_STEPS names, lists steps in its `STEPS`. A new
module takes part without any other change. A step names its function as text, and the function is imported when the
step runs, because Airflow parses the DAGs again and again.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path

from clv.core import options
from clv.core.errors import ClvError
from clv.platform.runtime.airflow import POOLS

__path__.extend(filter(None, (options.from_environment(options.Environment).steps or "").split(os.pathsep)))

SHIPPED = "standard"  # the module of the project's own steps
PUBLISH = "publish"  # the step after which the run's rows never change
NAME = re.compile(r"[a-z][a-z0-9_]*")
DEFAULT_POOL = "default_pool"  # the name that Airflow gives it
Facts = dict[str, object]  # what a step reports about the rows it read and wrote


@dataclass(frozen=True)
class Step:
    """One step. Its name is the id of its Airflow task.

    calls: "module:function", a function of (as_of_date, run_id) that replaces its own slice and returns facts. after:
    the step that the first step of a module follows; the others follow each other. pool: the Airflow pool that limits
    how many such steps run at once. given: arguments that receive the facts of an earlier step. params: arguments that
    receive a parameter of the run, which a person can set in Airflow's form. closes: whether the step may be repeated
    on a published run, because it writes nothing into the run's slice. trains: whether clv_train runs the step too.
    """

    name: str
    group: str
    reads: str
    writes: str
    calls: str
    after: str = ""
    pool: str = DEFAULT_POOL
    given: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False
    trains: bool = False


OPEN_RUN = Step("open_run", "take in", "the date", "ops.runs", "clv.pipeline.daily:open_run")


def daily() -> tuple[Step, ...]:
    """The steps of a daily run in their order, without open_run.

    Modules that follow the same step are ordered by name, and the project's own come last. Raises ClvError if a step
    follows an undeclared one, if two steps have the same name, if a step splits a group, if a field of a step names
    what does not exist, or if CLV_STEPS names no folder.
    """
    if missing := [folder for folder in __path__ if not Path(folder).is_dir()]:
        raise ClvError(f"CLV_STEPS names {missing[0]}, which is not a folder; name the folder of your steps")
    found = sorted((module.name for module in pkgutil.iter_modules(__path__)), reverse=True)
    # Each module is put straight behind the step that it follows, before those that were put there earlier.
    modules = [_declared(name) for name in sorted(found, key=lambda name: name != SHIPPED)]
    order = [OPEN_RUN]
    while modules:
        names = [step.name for step in order]
        steps = next((steps for steps in modules if steps[0].after in names), None)
        if steps is None:
            missing = ", ".join(f"{steps[0].name} follows '{steps[0].after}'" for steps in modules)
            raise ClvError(f"steps follow a step that is not declared: {missing}; name a declared step in `after`")
        modules.remove(steps)
        place = names.index(steps[0].after) + 1
        order[place:place] = steps
    _require_whole(order)
    _require_known(order)
    return tuple(order[1:])


def _declared(module: str) -> tuple[Step, ...]:
    try:
        return importlib.import_module(f"{__name__}.{module}").STEPS
    except Exception as error:
        raise ClvError(f"{module}.py declares no steps ({type(error).__name__}: {error}); correct it") from error


def _require_whole(order: list[Step]) -> None:
    names = [step.name for step in order]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ClvError(f"steps of the same name: {', '.join(twice)}; give each step its own name")
    parts = [(group, members[0].name) for group, members in by_group(order)]
    for number, (group, _) in enumerate(parts):
        if group in [later for later, _ in parts[number + 1 :]]:
            last = [step.name for step in order if step.group == group][-1]
            raise ClvError(
                f"the step {parts[number + 1][1]} divides the group '{group}'; let it follow {last}, the group's last "
                f"step, or give it the group '{group}'"
            )


def _require_known(order: list[Step]) -> None:
    """Raises ClvError for a name that Airflow does not accept, for a pool, flag, function, fact or group that looks
    mistyped, and for a step that a published run would refuse."""
    for number, step in enumerate(order):
        if not NAME.fullmatch(step.name):
            raise ClvError(f"a step is called '{step.name}'; give it a name of small letters, digits and _")
        if step.pool not in (DEFAULT_POOL, *POOLS):
            known = ", ".join((DEFAULT_POOL, *POOLS))
            raise ClvError(f"the step {step.name} names the pool '{step.pool}'; pools are {known}")
        for flag in ("closes", "trains"):
            if not isinstance(value := getattr(step, flag), bool):
                raise ClvError(f"{flag} of the step {step.name} is {value!r}; write True or False")
        if not step.closes and PUBLISH in [one.name for one in order[:number]]:
            raise ClvError(
                f"the step {step.name} comes after {PUBLISH}, and a published run would refuse it; add closes=True and "
                "write no rows of the run, or let it follow an earlier step"
            )
        earlier = [one.name for one in order[:number] if one.trains or one is OPEN_RUN or not step.trains]
        if unknown := [name for name in step.given.values() if name not in earlier]:
            raise ClvError(
                f"the step {step.name} is given the facts of '{unknown[0]}', which is not a step before it"
                f"{' in clv_train' if step.trains else ''}; before it are {', '.join(earlier)}"
            )
        if problem := _uncallable(step.calls):
            raise ClvError(f"the step {step.name} calls '{step.calls}', but {problem}")
    shipped = {step.group for step in _declared(SHIPPED)}
    for group in {step.group for step in order} - shipped:
        if meant := next((name for name in sorted(shipped) if _is_slip(group, name)), None):
            raise ClvError(f"the group '{group}' is almost '{meant}'; write '{meant}', or a name less alike")


def _is_slip(name: str, meant: str) -> bool:
    """Whether a name is another with other capitals or separators, one letter missing or doubled, or two swapped.

    A name with a letter or word more, such as "take in 2", is a name of its own.
    """
    name, meant = (one.casefold().replace("_", " ").replace("-", " ") for one in (name, meant))
    places = range(1, len(meant))
    missing = {meant[:at] + meant[at + 1 :] for at in places}
    doubled = {meant[:at] + meant[at - 1 :] for at in (*places, len(meant))}
    swapped = {meant[: at - 1] + meant[at : at + 1] + meant[at - 1] + meant[at + 1 :] for at in places}
    return name in {meant} | missing | doubled | swapped


@cache
def _uncallable(calls: str) -> str:
    """Why there is no function "module:function", with the remedy, or nothing. Reads the module's text, because
    importing takes long."""
    module, _, function = calls.partition(":")
    try:
        spec = importlib.util.find_spec(module)
        if spec is None or not spec.origin:
            return f"there is no module '{module}'; write module:function"
        if not spec.origin.endswith(".py"):  # a compiled module has no text
            return ""
        defined = set(_defined(ast.parse(Path(spec.origin).read_bytes(), Path(spec.origin).name)))
    except (ImportError, ValueError):
        return f"there is no module '{module}'; write module:function"
    except SyntaxError as error:
        return f"the module is not valid Python ({error}); correct it"
    if "*" in defined or function.partition(".")[0] in defined:
        return ""
    return f"the module defines no function '{function}'; write module:function"


def _defined(node: ast.AST) -> Iterator[str]:
    """The names that a module defines, assigns or imports, in blocks such as `if` and `try` too."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.partition(".")[0]
        elif isinstance(part, ast.Name):
            yield from [part.id] * isinstance(part.ctx, ast.Store)
        elif not isinstance(part, ast.Lambda | ast.comprehension):
            yield from _defined(part)


def training() -> tuple[Step, ...]:
    """The steps of clv_train in their order."""
    return tuple(step for step in daily() if step.trains)


def find(name: str) -> Step:
    """The step of that name. Raises KeyError if there is none."""
    return {step.name: step for step in daily()}[name]


def by_group(steps: Iterable[Step]) -> Iterator[tuple[str, list[Step]]]:
    """The groups in order, each with its steps."""
    for group, members in groupby(steps, key=lambda step: step.group):
        yield group, list(members)


def table(steps: Iterable[Step]) -> str:
    """The steps as a Markdown table; a group's name stands beside its first step."""
    rows = ["| | task | reads | writes |", "|---|---|---|---|"]
    for group, members in by_group(steps):
        for step in members:
            shown = group if step is members[0] else ""
            rows.append(f"| {shown} | {step.name} | {step.reads} | {step.writes} |")
    return "\n".join(rows)


def picture(steps: Iterable[Step]) -> str:
    """The steps as a Mermaid flowchart, with a row for each group and a hexagon for each gate."""
    lines, groups = ["flowchart TD"], []
    for group, members in by_group(steps):
        groups.append(f"group_{group.replace(' ', '_')}")
        lines += [f'    subgraph {groups[-1]} ["{group}"]', "        direction LR"]
        for step in members:
            left, right = ("{{", "}}") if step.name.startswith("gate_") else ("[", "]")
            lines.append(f'        {step.name}{left}"<b>{step.name}</b><br/>{step.reads}<br/>→ {step.writes}"{right}')
        lines += [f"        {' --> '.join(step.name for step in members)}"] * (len(members) > 1)
        lines.append("    end")
    return "\n".join([*lines, f"    {' --> '.join(groups)}"])
