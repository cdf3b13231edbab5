"""Finds the forecasters: each module in a folder of this package, and in the folders that CLV_FORECASTERS names.

There is no list of them. A forecaster is loaded by name, and only its own module is imported, because Spark's workers
load forecasters too and should start fast.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

from clv.core import options
from clv.core.declared import OURS
from clv.core.errors import ClvError
from spark_jobs.features.columns import Array
from spark_jobs.models.forecaster import Customers, Fitted, Forecaster, Json, Past, Prediction, Unfit

log = logging.getLogger("clv.forecasters")
FOLDERS = "CLV_FORECASTERS"
LOADING = threading.Lock()  # threads that fit baselines may load one module at the same time
PARTS = ("NAME", "TITLE", "RESTS_ON", "fit", "from_json")
OURS_TITLE = "this forecast"


def names() -> list[str]:
    """Returns the names of all forecasters except the blend. Raises ClvError if two have the same name."""
    return list(_modules(_given()))


def named(name: str) -> Forecaster:
    """Loads a forecaster by name. Raises ClvError if there is none of that name, or if its module lacks a part."""
    return _loaded(name, _given())


def check(contestants: Iterable[str]) -> None:
    """Raises ClvError if the setting `contestants` names a forecaster that does not exist."""
    known = [OURS, *names()]
    for name in contestants:
        if name not in known:
            raise ClvError(
                f"shop.json: contestants names {name}, which is not a forecaster; choose from {', '.join(known)}"
            )


def title(name: str) -> str:
    """Returns a forecaster's name for pages, or its plain name if its module no longer exists."""
    if name == OURS:
        return OURS_TITLE
    return named(name).TITLE if name in names() else name


def fit(wanted: Iterable[str], past: Past) -> tuple[dict[str, Fitted], dict[str, str]]:
    """Fits the forecasters in `wanted`. Returns those that could be fitted, by name, and for the others the reason. The
    failure of one does not affect the others."""
    fitted, left_out = {}, {}
    for name in wanted:
        try:
            fitted[name] = named(name).fit(past)
        except Unfit as reason:
            left_out[name] = str(reason)
        except ClvError:
            raise
        except Exception as error:  # noqa: BLE001 - libraries' failures arrive in many types
            left_out[name] = f"it could not be fitted: {(str(error).strip() or type(error).__name__).splitlines()[0]}"
            log.warning("%s: %s", name, left_out[name], exc_info=True)
    return fitted, left_out


def read(name: str, saved: Json) -> Fitted:
    """Restores the fitted forecaster that `to_json` wrote."""
    return named(name).from_json(saved)


def predict(name: str, fitted: Fitted, customers: Customers) -> Prediction:
    """Predicts with a forecaster. Money that is not a number, infinite or negative counts as 0. Raises ClvError if an
    array does not have one element per customer."""
    found = fitted.predict(customers)
    for array in (found.mean, found.chance, found.orders, *found.quantiles.values()):
        if array is not None and np.shape(array) != (len(customers),):
            raise ClvError(
                f"the forecaster {name} predicts an array of shape {np.shape(array)} for {len(customers)} customers; "
                f"give one number for each"
            )
    quantiles = {level: _money(array) for level, array in found.quantiles.items()}
    return Prediction(_money(found.mean), found.chance, found.orders, quantiles)


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
            f"no forecaster is called {name}; choose from {', '.join(_modules(more))}. "
            f"Your own forecasters are found in the folders that {FOLDERS} names"
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
            raise ClvError(f"{path} cannot be loaded ({type(error).__name__}: {error}); correct the file") from error
        finally:
            # Pickle would otherwise refer to the module by a name that Spark's workers cannot import.
            del sys.modules[spec.name]
    return module
