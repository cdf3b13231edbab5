"""What `clv up` creates and checks before it starts services."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from clv.core import settings
from clv.core.errors import ClvError, Unavailable
from clv.platform.runtime import airflow, postgres, stack
from clv.warehouse import db


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    monkeypatch.delenv("CLV_WAREHOUSE_URL", raising=False)
    made = settings.load(tmp_path / "a home").remember(home_id="one")
    stack.make_folders(made)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_closed_to_others(home):
    stack.make_secrets(home)
    first = {name: home.secret(name) for name in stack.SECRETS}
    stack.make_secrets(home)
    assert {name: home.secret(name) for name in stack.SECRETS} == first
    assert len(set(first.values())) == len(stack.SECRETS)
    assert mode(home.home) == 0o700
    assert {mode(home.secrets / name) for name in stack.SECRETS} == {0o600}
    assert len(base64.urlsafe_b64decode(first["airflow_fernet_key"])) == 32


def test_status_waits_for_running_services_only(home, monkeypatch):
    answers = [dict.fromkeys(airflow.SERVICES, False), dict.fromkeys(airflow.SERVICES, True)]
    gone: set[str] = set()
    monkeypatch.setattr(airflow, "health", lambda _: answers.pop(0))
    monkeypatch.setattr(airflow.processes, "find", lambda _, name: None if name in gone else object())
    monkeypatch.setattr(airflow.time, "sleep", lambda _: None)
    assert all(airflow.health_in_a_moment(home).values())
    answers.append(dict.fromkeys(airflow.SERVICES, False))
    gone.add("scheduler")
    assert not any(airflow.health_in_a_moment(home).values())


@pytest.mark.parametrize("name", ["pseudonym_key", "postgres_password"])
def test_a_lost_secret_that_data_depends_on_is_not_replaced(home, name):
    stack.make_secrets(home)
    (home.home / "postgres").mkdir()
    (home.secrets / name).unlink()
    with pytest.raises(ClvError, match=f"{name} is missing, .* restore it"):
        stack.make_secrets(home)


def test_other_missing_secrets_are_created_again(home):
    stack.make_secrets(home)
    (home.home / "postgres").mkdir()
    (home.secrets / "airflow_password").unlink()
    stack.make_secrets(home)
    assert home.secret("airflow_password")


@pytest.mark.parametrize(
    ("raised", "problem"),
    [
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21" 2023-09-19', None),
        ('java version "1.8.0_202"', "is Java 8;"),
        ('openjdk version "11.0.2"', "is Java 11;"),
        ("no java at all", "is something else;"),
    ],
)
def test_java_is_checked(tmp_path, monkeypatch, raised, problem):
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{raised}' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if problem is None:
        stack.check_java()
    else:
        with pytest.raises(ClvError, match=problem):
            stack.check_java()


def test_a_missing_java_gives_one_line_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClvError, match="none was found; install it"):
        stack.check_java()


def test_a_home_that_never_started_is_down(home):
    stack.make_secrets(home)
    states = {service.name: service.health for service in stack.status(home)}
    assert states == dict.fromkeys(["postgres", *airflow.SERVICES], "down")
    assert stack.down(home) == 0


def test_a_home_that_lost_its_state_keeps_its_name(home):
    assert stack._identify(home).state["home_id"] == "one"
    (home.home / "state.json").unlink()
    assert stack._identify(home).state["home_id"] == "one"


def test_the_state_of_another_server_shows_no_password(home, monkeypatch):
    monkeypatch.setenv("CLV_WAREHOUSE_URL", "host=127.0.0.1 port=1 user=me password=SECRET dbname=shop")
    assert stack.status(home)[0] == stack.ServiceState("postgres", "down", "127.0.0.1:1/shop", None)
    with pytest.raises(Unavailable, match="at 127.0.0.1:1/shop does not answer") as raised:
        db.rows("select 1")
    assert "SECRET" not in str(raised.value)


def test_tasks_get_the_home_and_quiet_tools(home, monkeypatch):
    monkeypatch.setenv("SPARK_MASTER", "spark://there:7077")
    stack.make_secrets(home)
    environment = airflow.environment(home.remember(postgres_port=1, airflow_port=2))
    assert environment["CLV_HOME"] == str(home.home)
    assert environment["SPARK_MASTER"] == "spark://there:7077"
    assert environment.items() >= settings.QUIET.items()
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_no_secret_stands_on_a_command_line(home):
    stack.make_secrets(home)
    secrets = [home.secret(name) for name in stack.SECRETS]
    for service in airflow.services(home.remember(postgres_port=1, airflow_port=2)):
        assert not any(secret in word for word in service.command for secret in secrets)


def test_a_taken_port_is_not_free():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not postgres.is_free(taken.getsockname()[1])
    assert postgres.is_free(postgres.free_port())
