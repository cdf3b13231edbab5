"""The shop of four customers in a warehouse with every layer built, made once for the tests of this folder.

A test that changes the shop restores it, so that the files can run in any order.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from four_customers import build
from homes import SET_UP, made_home

from clv.core import settings


@pytest.fixture(scope="session")
def built(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[settings.Settings, str, dict]]:
    """The home, its warehouse's URL, and the facts of each layer's build. The environment is left as it was."""
    folder = tmp_path_factory.mktemp("four_customers") / "home"
    with pytest.MonkeyPatch.context() as patch, made_home(server, folder, patch, SET_UP) as home:
        facts = build(home)
        url = home.warehouse_url
        patch.undo()
        yield home, url, facts


@pytest.fixture(scope="module")
def module_home(built: tuple[settings.Settings, str, dict]) -> Iterator[settings.Settings]:
    """The shop's home, which CLV_HOME and CLV_WAREHOUSE_URL name during a module's tests."""
    home, url, _ = built
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLV_HOME", str(home.home))
        patch.setenv("CLV_WAREHOUSE_URL", url)
        yield home


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings, built: tuple[settings.Settings, str, dict]) -> dict:  # noqa: ARG001
    """The facts of each layer's build."""
    return built[2]
