"""A child's last words become the error that its task ends with."""

from __future__ import annotations

import pytest

from clv import children
from clv.errors import ClvError, Unavailable

JOB = """
from clv.errors import ClvError, Unavailable
from spark_jobs import entry

def job():
    raise {error}("no luck")

raise SystemExit(entry.main(job))
"""


@pytest.mark.parametrize("error", [ClvError, Unavailable])
def test_an_error_arrives_as_what_it_was(tmp_path, monkeypatch, error):
    (tmp_path / "some_job.py").write_text(JOB.format(error=error.__name__))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClvError, match="^no luck$") as told:
        children.run_module("some_job")
    assert type(told.value) is error


def test_another_failure_is_no_mistake_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "some_job.py").write_text("raise ValueError('broken')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="some_job ended with 1"):
        children.run_module("some_job")
