"""dbt called by hand in the checkout, without our runner, as by a maintainer or an editor's extension."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clv.core import settings
from clv.transform import dbt_environment
from clv.warehouse import db

DBT = Path(sys.executable).parent / "dbt"
NOTES = "select name from ops.builds order by name"


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a new shell in dbt_project, with only these environment variables."""
    path = f"{DBT.parent}{os.pathsep}/usr/bin:/bin"
    return subprocess.run(
        ["/bin/bash", "-c", script], cwd=settings.PROJECT / "dbt_project", capture_output=True, text=True,
        env={"PATH": path, "HOME": str(Path.home()), **environment}, timeout=600, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lines(module_home: settings.Settings) -> str:
    """The lines that `clv env` prints for the home."""
    clv = f"{sys.executable} -c 'from clv.cli import main; main()' env"
    done = bash(clv, CLV_HOME=str(module_home.home), CLV_WAREHOUSE_URL=module_home.warehouse_url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_project_is_parsed_without_any_variable(tmp_path):
    done = bash("dbt parse", DBT_TARGET_PATH=str(tmp_path), DBT_LOG_PATH=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "manifest.json").exists()


def test_the_lines_for_a_shell_hold_no_password(module_home, lines):
    assert module_home.secret("transformer_password") not in lines
    assert "DBT_ENV_SECRET_WAREHOUSE_PASSWORD" in lines


def test_a_model_is_built_in_the_home_and_the_next_run_builds_it_again(module_home, lines):
    with db.connect() as connection:
        connection.execute("insert into ops.builds values ('built_staging', 'a state'), ('set_up_by', 'a version')")
    done = bash(f"{lines}\ndbt build --select stg_batches", CLV_DBT_RUN_ID="by-hand")
    assert done.returncode == 0, done.stdout
    assert db.rows("select count(*) from staging.stg_batches") == [(0,)]
    assert db.rows(NOTES) == [("set_up_by",)]  # the runner does not rely on tables that it did not build
    assert (module_home.home / "dbt" / "by-hand" / "run_results.json").exists()
    assert not (settings.PROJECT / "dbt_project" / "target" / "run_results.json").exists()


def test_what_a_run_notes_during_a_build_by_hand_is_forgotten_too(lines):
    with db.connect() as connection:  # a run that builds staging while the hand's build writes its table
        connection.execute("""
            create function public.noted() returns event_trigger language plpgsql as
            $$ begin insert into ops.builds values ('built_staging', 'a state') on conflict do nothing; end $$;
            create event trigger noted on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS')
            execute function public.noted()
        """)
    done = bash(f"{lines}\ndbt run --select stg_batches", CLV_DBT_RUN_ID="by-hand")
    with db.connect() as connection:
        connection.execute("drop event trigger noted; drop function public.noted()")
    assert done.returncode == 0, done.stdout
    assert ("built_staging",) not in db.rows(NOTES)


def test_a_build_by_other_settings_than_the_homes_is_stopped_with_the_remedy(module_home):
    lines = "\n".join(dbt_environment.for_shell(module_home.with_shop(gross_margin=0.4)))
    stopped = bash(f"{lines}\ndbt build --select stg_batches")
    assert stopped.returncode != 0
    assert 'gross_margin is 1.0 here and 0.4 in the home\'s shop.json; add: --vars "$CLV_DBT_SHOP"' in stopped.stdout
    done = bash(f'{lines}\ndbt run --select stg_batches --vars "$CLV_DBT_SHOP"')
    assert done.returncode == 0, done.stdout


def test_the_runner_is_not_disturbed_by_a_shell_that_calls_dbt(module_home, monkeypatch):
    monkeypatch.setenv("CLV_DBT_AS_OF_DATE", "2001-01-01")
    with dbt_environment.of_run({"run_id": "2024-06-01.1"}, module_home.warehouse_url):
        assert os.environ["CLV_DBT_CALLER"] == "clv"
        assert "CLV_DBT_AS_OF_DATE" not in os.environ
    assert os.environ["CLV_DBT_AS_OF_DATE"] == "2001-01-01"
