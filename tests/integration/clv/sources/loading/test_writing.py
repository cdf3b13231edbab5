from __future__ import annotations

import os
import signal
import threading

import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.loading import writing


def executed(statement: str, home: Settings) -> None:
    with writing.transaction(home.warehouse_url) as cursor:
        cursor.execute(statement)
        cursor.fetchall()


def test_an_interruption_while_a_statement_runs_interrupts_the_command(home: Settings) -> None:
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        executed("select pg_sleep(60)", home)


def test_an_error_of_the_database_is_one_line(home: Settings) -> None:
    with pytest.raises(ClvError, match="the warehouse refused the rows") as raised:
        executed("select 1 / 0", home)
    assert "\n" not in str(raised.value)
