"""The command's manners: help, exit codes, one line for a mistake."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clv.cli import COMMANDS, app


def clv(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from clv.cli import main; main()", *arguments]
    environment = {"CLV_HOME": str(home), "PATH": "/usr/bin:/bin", "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command):
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"Usage: clv {command}" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("sql", "select 1"),
        ("publish", "--as-of", "2024-03-01", "--run-id", "2024-03-01.1"),
        ("publish", "--as-of", "yesterday", "--run-id", "x"),
        ("withdraw", "--batch", "1", "--reason", "wrong file"),
        ("run", "--as-of", "2024-03-01"),
        ("backup", "--to", "saved"),
        ("restore", "--backup", "nowhere"),
        ("erase", "7", "--source", "orders", "--yes"),
        ("rotate-key",),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(arguments, tmp_path):
    done = clv(*arguments, home=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("run",), ("fly",), ("ingest", "--source", "orders"), ("restore",), ("erase", "7")]
)
def test_a_wrong_command_line_is_exit_code_2(arguments, tmp_path):
    done = clv(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_home_that_is_not_up_is_exit_code_3(tmp_path):
    done = clv("status", home=tmp_path / "nowhere")
    assert done.returncode == 3
    assert done.stdout.count(" down ") == 5


def test_status_lists_the_services_and_tells_of_a_broken_shop_json(tmp_path):
    (tmp_path / "shop.json").write_text('{"gross_margin": 0.4,}')
    done = clv("status", home=tmp_path)
    assert done.returncode == 3  # nothing is up
    assert done.stdout.count(" down ") == 5
    assert f"settings   {tmp_path}/shop.json is not JSON" in " ".join(done.stdout.split(" "))
    assert clv("down", home=tmp_path).returncode == 0


SLOW_TO_STOP = """
import sys, time
from clv import cli
def app():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        print("stops", flush=True)
        time.sleep(1)
        print("stopped", flush=True)
cli.app = app
cli.main()
"""


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_second_signal_does_not_interrupt_the_stopping(first):
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_STOP], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout
        assert command.stdout.readline() == "begun\n"
        command.send_signal(first)
        assert command.stdout.readline() == "stops\n"
        command.send_signal(signal.SIGTERM)
        command.send_signal(signal.SIGHUP)
        assert command.stdout.read() == "stopped\n"
    assert command.returncode == 128 + first


IN_A_QUERY = """
import duckdb
from clv import cli
def app():
    print("begun", flush=True)
    duckdb.execute("set threads = 1")
    duckdb.execute("select sum(hash(range)) from range(100000000000)").fetchall()
cli.app = app
cli.main()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_command_that_is_interrupted_within_a_query_prints_no_traceback(how):
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_QUERY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout
        assert command.stdout.readline() == "begun\n"
        time.sleep(0.5)  # until the query runs
        command.send_signal(how)
        assert command.communicate()[1] == ("interrupted\n" if how == signal.SIGINT else "")
    assert command.returncode == 128 + how


def test_help_imports_no_command_and_each_command_says_what_it_does(tmp_path):
    script = (
        "import sys, clv.cli\n"
        "try:\n    clv.cli.main()\n"
        "finally:\n    print([m for m in sys.modules if m.startswith('clv.commands.') or m == 'clv.warehouse'])"
    )
    done = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, cwd=tmp_path)
    *help_lines, imported = done.stdout.splitlines()
    assert imported == "[]"
    assert [line.split()[0] for line in help_lines if line.startswith("  ") and line[2] not in " C-"] == list(COMMANDS)
    assert "  demo        Show everything on a simulated shop" in help_lines


@pytest.mark.parametrize("command", ["status", "ingest", "sql", "run"])
def test_a_command_waits_for_nothing_that_only_others_need(command, tmp_path):
    script = (
        "import sys; from clv import cli; cli.loaded(sys.argv[1]); "
        "print([m for m in ('airflow', 'pyspark', 'mlflow', 'dbt', 'great_expectations') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, command], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"
