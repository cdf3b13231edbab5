"""Finds the forecasters: each module in a folder of this package, and in the folders that CLV_FORECASTERS names.

There is no list of them. A forecaster is loaded by name, and only its own module is imported, because Spark's workers
load forecasters too and should start fast.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import math
import os
import sys
import threading
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from itertools import filterfalse
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

from clv.core import options
from clv.core.declared import OURS
from clv.core.errors import ClvError
from clv.core.options import AUTO, Contestants
from clv.core.spelling import did_you_mean
from spark_jobs.features import purchases
from spark_jobs.features.columns import Array
from spark_jobs.models.forecaster import Customers, Fitted, Forecaster, Json, Past, Prediction, Unfit

log = logging.getLogger("clv.forecasters")
FOLDERS = "CLV_FORECASTERS"
LOADING = threading.Lock()  # threads that fit baselines may load one module at the same time
WARNING = threading.Lock()  # windows are fitted in several threads, in which a forecaster may fail at the same time
PARTS = ("NAME", "TITLE", "RESTS_ON", "fit", "from_json")
OPTIONAL = "deep"  # the folder of forecasters that need packages of an extra, and take long to fit
OURS_TITLE = "this forecast"


def names() -> list[str]:
    """Returns the names of all forecasters except the blend. Raises ClvError if two have the same name."""
    return list(_modules(_given()))


def is_optional(name: str) -> bool:
    """Whether a forecaster is one of those that nothing fits unless the shop names it as a contestant."""
    path = _modules(_given()).get(name)
    return path is not None and path.parent == Path(__file__).parent / OPTIONAL


def named(name: str) -> Forecaster:
    """Loads a forecaster by name. Raises ClvError if there is none of that name, or if its module lacks a part."""
    return _loaded(name, _given())


def cost(name: str) -> float:
    """Returns the seconds of one core that a fit of 10,000 examples is declared to take; 0 without a declaration.
    Raises ClvError if a module declares anything but a finite number of at least 0."""
    declared = getattr(named(name), "COST", 0.0)
    if not isinstance(declared, int | float) or not 0 <= declared < math.inf:
        raise ClvError(
            f"{_modules(_given())[name]}: COST is {declared!r}; give the seconds of one core as a number of at least "
            "0, or leave COST out"
        )
    return float(declared)


def loads(name: str) -> bool:
    """Whether a forecaster's module can be loaded. `fit` leaves one out that cannot, and says why."""
    with suppress(ClvError):
        return bool(named(name))
    return False


def columns_read(names: Iterable[str]) -> dict[str, str]:
    """Returns the columns, each with its type, that these forecasters read beside FEATURE_COLUMNS. Raises ClvError like
    `named`."""
    for name in names:
        with contestant(name):
            if name != OURS and getattr(named(name), "READS_PURCHASES", False):
                return purchases.COLUMNS
    return {}


def listed(contestants: Contestants) -> list[str]:
    """Returns the names that the setting `contestants` means: for auto, the blend and then every forecaster that is not
    optional, the cheapest first."""
    if contestants != AUTO:
        return list(contestants)
    return [OURS, *sorted(filterfalse(is_optional, names()), key=lambda name: (cost(name), name))]


def check(contestants: Contestants) -> None:
    """Raises ClvError if the setting `contestants` names a forecaster that does not exist."""
    known = [OURS, *names()]
    for name in [] if contestants == AUTO else contestants:
        if name not in known:
            choose = did_you_mean(name, known) or f"choose from {', '.join(known)}; "
            raise ClvError(
                f"shop.json: contestants names {name}, which is not a forecaster; {choose}if it is your own, set "
                f"{FOLDERS} to the folder of {name}.py"
            )


def load(contestants: Contestants) -> None:
    """Loads the contestants' modules. Raises ClvError if one does not exist, cannot be loaded, or cannot be fitted
    here."""
    check(contestants)
    for name in listed(contestants):
        if name != OURS and (ready := getattr(named(name), "check", None)):
            with contestant(name):
                ready()


def title(name: str) -> str:
    """Returns a forecaster's name for pages, or its plain name if its module no longer exists."""
    if name == OURS:
        return OURS_TITLE
    return named(name).TITLE if name in names() else name


def fit(wanted: Iterable[str], past: Past, contestants: Container[str] = ()) -> tuple[dict[str, Json], dict[str, str]]:
    """Fits the forecasters in `wanted`. Returns those that could be fitted as JSON, by name, and for the others the
    reason.

    Each fitted forecaster then predicts and explains the customers in `past.known`, as a trial. A forecaster whose code
    raises an error, in the fit or in the trial, is left out with a warning; the others are not affected. contestants:
    the shop's, whose warnings name that setting.
    """
    fitted, left_out = {}, {}
    for name in wanted:
        try:
            with contestant(name) if name in contestants else nullcontext():
                fitted[name] = _fitted(name, past)
        except Unfit as reason:
            left_out[name] = str(reason)
            log.info("windows of %d days closed by %s: %s is left out: %s", past.window_days, past.by, name, reason)
        except ClvError as error:
            left_out[name] = str(error)
            warn(left_out[name])
    return fitted, left_out


@contextmanager
def contestant(name: str) -> Iterator[None]:
    """Adds to an error of a contestant the remedy that only a contestant has: to take it out of the setting."""
    try:
        yield
    except ClvError as error:
        raise ClvError(f"{error}, or take {name} out of contestants in shop.json") from error


def warn(failure: str) -> None:
    """Logs that a forecaster is left out, once for each failure, which many windows and dates may share."""
    with WARNING:
        _warn_once(failure)


@cache
def _warn_once(failure: str) -> None:
    log.warning("%s. It is left out", failure, exc_info=sys.exc_info()[0] is not None)


def _fitted(name: str, past: Past) -> Json:
    forecaster = named(name)
    with _in_one_line(name, "fit"):
        saved = json.loads(json.dumps(forecaster.fit(past).to_json()))  # the trial uses what the model's file keeps
    known, again = Customers(past.known, past.window_days), read(name, saved)
    if len(known):
        predict(name, again, known)
        explain(name, again, known)
    return saved


def read(name: str, saved: Json) -> Fitted:
    """Restores the fitted forecaster that `to_json` wrote. Raises ClvError if that fails."""
    forecaster = named(name)
    with _in_one_line(name, "be restored"):
        return forecaster.from_json(saved)


def predict(name: str, fitted: Fitted, customers: Customers) -> Prediction:
    """Predicts with a forecaster. Money that is not a number, infinite or negative counts as 0. Raises ClvError if the
    forecaster raises an error, or if an array does not have one element per customer."""
    with _in_one_line(name, "predict"):
        found = fitted.predict(customers)
        for array in (found.mean, found.chance, found.orders, *found.quantiles.values()):
            if array is not None and np.shape(array) != (len(customers),):
                raise ValueError(
                    f"an array of shape {np.shape(array)} for {len(customers)} customers; give one number for each"
                )
        quantiles = {level: _money(array) for level, array in found.quantiles.items()}
        return Prediction(_money(found.mean), found.chance, found.orders, quantiles)


def explain(name: str, fitted: Fitted, customers: Customers) -> list[str] | None:
    """Returns a forecaster's reasons, one per customer, or None. Raises ClvError if the forecaster raises an error, or
    if the reasons are too few or too many."""
    with _in_one_line(name, "explain"):
        reasons = fitted.explain(customers)
        if reasons is not None and len(reasons) != len(customers):
            raise ValueError(f"{len(reasons)} reasons for {len(customers)} customers; give one for each")
        return reasons


@contextmanager
def _in_one_line(name: str, what: str) -> Iterator[None]:
    """Turns an error in a forecaster's code into a ClvError, which names the forecaster and its file. Only a fit may
    raise Unfit."""
    try:
        yield
    except ClvError:
        raise
    except Exception as error:
        if isinstance(error, Unfit) and what == "fit":
            raise
        raise ClvError(
            f"the forecaster {name} failed to {what} ({_brief(error)}); correct {_modules(_given()).get(name, 'it')}"
        ) from error


def _brief(error: Exception) -> str:
    """Returns an error's type and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"


def _money(array: Array) -> Array:
    return np.maximum(np.nan_to_num(array, posinf=0.0), 0)


def _given() -> str:
    """Returns the folders of the shop's own forecasters from the environment, as one text."""
    return options.from_environment(options.Spark).forecasters or ""


@cache
def _modules(more: str) -> dict[str, Path]:
    """Returns the file of each forecaster's module by name: those of this package and those of the folders in
    `more`."""
    found: dict[str, Path] = {}
    own = sorted(folder for folder in Path(__file__).parent.iterdir() if folder.is_dir())
    given = [Path(folder) for folder in more.split(os.pathsep) if folder]
    for folder in given:
        if not folder.is_dir():
            raise ClvError(f"{FOLDERS} names {folder}, which is not a folder; correct the path or unset {FOLDERS}")
    for folder in (*own, *given):
        for path in sorted(folder.glob("*.py")):
            if path.stem.startswith("_"):
                continue
            if path.stem in (OURS, *found):
                raise ClvError(f"{path}: another forecaster is called {path.stem}; rename the file and its NAME")
            found[path.stem] = path
    return found


@cache
def _loaded(name: str, more: str) -> Forecaster:
    path = _modules(more).get(name)
    if path is None:
        raise ClvError(
            f"no forecaster is called {name}; choose from {', '.join(_modules(more))}, or set {FOLDERS} to the folder "
            f"of {name}.py"
        )
    module = _module(path)
    missing = [part for part in PARTS if not hasattr(module, part)]
    if missing:
        raise ClvError(f"{path}: a forecaster must define {', '.join(PARTS)}; this module lacks {', '.join(missing)}")
    forecaster = cast(Forecaster, module)
    if name != forecaster.NAME:
        raise ClvError(f"{path}: NAME is {forecaster.NAME!r}; call the file {forecaster.NAME}.py, or it {name!r}")
    return forecaster


def _module(path: Path) -> ModuleType:
    package = Path(__file__).parent
    if path.is_relative_to(package):
        return importlib.import_module(f"{__package__}.{path.parent.name}.{path.stem}")
    spec = importlib.util.spec_from_file_location(f"clv_forecaster_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ClvError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    with LOADING:
        sys.modules[spec.name] = module  # dataclasses look their module up in sys.modules while it runs
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise ClvError(f"{path} cannot be loaded ({_brief(error)}); correct the file") from error
        finally:
            # Pickle would otherwise refer to the module by a name that Spark's workers cannot import.
            del sys.modules[spec.name]
    return module
