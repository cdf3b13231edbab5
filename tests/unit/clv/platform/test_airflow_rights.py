"""What Airflow answers to a marketer, and that its answers to all others are those of its own manager."""

from __future__ import annotations

import inspect
import os
import re

import pytest

METHODS = ("GET", "POST", "PUT", "DELETE")


@pytest.fixture(scope="module")
def rights(tmp_path_factory):
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))  # read when Airflow is imported
    from clv.platform.airflow_rights import Rights

    return Rights()


def user(role: str):
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return SimpleAuthManagerUser(username=role, role=role)


def answers(rights, role: str) -> list[bool]:
    """Whether a role may read DAGs, start them, read the configuration, connections, pools, variables and assets."""
    of = user(role)
    return [
        rights.is_authorized_dag(method="GET", user=of),
        rights.is_authorized_dag(method="POST", user=of),
        *(
            getattr(rights, f"is_authorized_{what}")(method="GET", user=of)
            for what in ("configuration", "connection", "pool", "variable", "asset", "asset_alias")
        ),
    ]


def questions() -> list[str]:
    """Every question that Airflow asks its manager, of this version or a later one."""
    from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager

    names = [name for name in dir(BaseAuthManager) if re.match("(batch_)?is_authorized_", name)]
    return [name for name in names if name != "is_authorized_view"]  # whose views are tried one by one


def answer(rights, name: str, method: str, role: str) -> bool:
    """What the manager answers to a question about anything that there may be, or about a team."""
    from airflow.api_fastapi.auth.managers.models.resource_details import TeamDetails

    ask = getattr(rights, name)
    known = {
        "method": method, "user": user(role), "resource_name": "our own", "assigned_users": {role},
        "requests": [{"method": method}],
    }  # fmt: skip
    wanted = inspect.signature(ask).parameters
    given = {one: known[one] for one in wanted if wanted[one].default is inspect.Parameter.empty}
    return ask(**given, **({"details": TeamDetails(name="ours")} if name == "is_authorized_team" else {}))


def test_a_marketer_sees_nothing_of_airflows_own(rights):
    found = {(name, method): answer(rights, name, method, "marketer") for name in questions() for method in METHODS}
    assert len(found) > 40
    assert [question for question, may in found.items() if may] == []


def test_an_admin_may_do_everything_that_airflow_checks(rights):
    assert all(answer(rights, name, "GET", "admin") for name in questions())


def test_a_marketer_gets_the_list_of_plugins_alone(rights):
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView

    seen = [view for view in AccessView if rights.is_authorized_view(access_view=view, user=user("marketer"))]
    assert seen == [AccessView.PLUGINS]


def test_the_menu_of_a_marketer_has_no_entries_of_airflow(rights):
    from airflow.api_fastapi.common.types import MenuItem

    assert rights.filter_authorized_menu_items(list(MenuItem), user=user("marketer")) == []
    assert rights.filter_authorized_menu_items(list(MenuItem), user=user("viewer")) == list(MenuItem)


def test_other_roles_keep_their_rights(rights):
    assert answers(rights, "viewer") == [True, False, True, False, True, False, True, True]
    assert answers(rights, "admin") == [True] * 8
