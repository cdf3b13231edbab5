"""What Airflow answers to a marketer, and that its answers to all others are those of its own manager."""

from __future__ import annotations

import os

import pytest


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


def test_a_marketer_sees_nothing_of_airflows_own(rights):
    assert answers(rights, "marketer") == [False] * 8


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
