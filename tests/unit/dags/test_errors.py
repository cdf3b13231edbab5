"""What a task's error means to Airflow: a mistake is final, what may pass is retried."""

import pytest

from clv.errors import ClvError, Unavailable


@pytest.mark.parametrize(("error", "final"), [(ClvError, True), (Unavailable, False)])
def test_only_what_may_pass_is_retried(error, final):
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
    from task_factories.steps import _plain_errors

    with pytest.raises(AirflowException, match="^no luck$") as told, _plain_errors():
        raise error("no luck")
    assert isinstance(told.value, AirflowFailException) is final
