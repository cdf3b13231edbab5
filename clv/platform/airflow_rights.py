"""What each of Airflow's users may do: Airflow's simple auth manager, with the role marketer beneath its viewer."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.common.types import MenuItem

from clv.marketing.rights import MARKETER


class Rights(SimpleAuthManager):
    """Answers for a marketer: no to everything of Airflow's own, except the list of plugins, from which the menu takes
    our pages. For all others, as Airflow's manager does."""

    def is_authorized_view(self, *, access_view: AccessView, user: SimpleAuthManagerUser) -> bool:
        if _is_marketer(user):
            return access_view is AccessView.PLUGINS
        return super().is_authorized_view(access_view=access_view, user=user)

    def filter_authorized_menu_items(
        self, menu_items: list[MenuItem], *, user: SimpleAuthManagerUser
    ) -> list[MenuItem]:
        return [] if _is_marketer(user) else super().filter_authorized_menu_items(menu_items, user=user)

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: SimpleAuthManagerUser) -> bool:
        return not _is_marketer(user) and super().is_authorized_hitl_task(assigned_users=assigned_users, user=user)

    # All other questions end in these two, which know Airflow's four roles only.

    @staticmethod
    def _is_admin(user: SimpleAuthManagerUser) -> bool:
        return not _is_marketer(user) and SimpleAuthManager._is_admin(user)

    @staticmethod
    def _is_authorized(*, user: SimpleAuthManagerUser, **question: Any) -> bool:
        return not _is_marketer(user) and SimpleAuthManager._is_authorized(user=user, **question)


def _is_marketer(user: SimpleAuthManagerUser) -> bool:
    return (user.role or "").lower() == MARKETER
