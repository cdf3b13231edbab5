"""How a task's error affects its state in Airflow: a user's mistake is final, an outage is retried, and the run's note
gives the reason."""

import os
from types import SimpleNamespace

import pytest

from clv.core.errors import ClvError, Unavailable

CONTEXT = {"dag_run": SimpleNamespace(dag_id="clv_daily", run_id="one")}


@pytest.fixture
def notes(monkeypatch):
    """The notes that were written, in order."""
    import task_factories.notes

    written = []
    monkeypatch.setattr(task_factories.notes, "write", lambda _, text: written.append(text))
    return written


@pytest.mark.parametrize(("error", "final"), [(ClvError, True), (Unavailable, False)])
def test_only_temporary_errors_are_retried(error, final, notes):
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
    from task_factories.steps import _reported

    with pytest.raises(AirflowException, match="^no luck$") as raised, _reported(CONTEXT):
        raise error("no luck")
    assert isinstance(raised.value, AirflowFailException) is final
    assert notes == ["no luck"]


def test_a_note_that_cannot_be_written_fails_nothing(capsys, monkeypatch, tmp_path):
    from task_factories import notes

    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    notes.write(CONTEXT, "stopped")
    assert "the run's note could not be written: " in capsys.readouterr().out


def test_what_libraries_write_to_stderr_is_no_error(capfd):
    from task_factories.steps import _chatter_as_output

    with _chatter_as_output():
        os.write(2, b"greetings\n")
    os.write(2, b"a real one\n")
    assert capfd.readouterr() == ("greetings\n", "a real one\n")
