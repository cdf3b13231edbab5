"""What a training refuses before it reads anything."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import pytest

from clv.core import options
from clv.core.errors import ClvError
from clv.core.settings import Settings
from spark_jobs import train


def test_a_contestant_that_cannot_be_fitted_here_stops_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    settings = Settings(Path(), {}, options.Shop().changed(contestants=["ziln_mlp"]))
    with pytest.raises(ClvError, match="ziln_mlp is trained with JAX, and the package jax is not installed"):
        train.fit(settings, date(2024, 6, 1), "run", "a model")
