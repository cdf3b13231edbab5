import os
import sys

import pytest

from clv.core import settings

DAGS = settings.PROJECT / "dags"


@pytest.fixture(scope="session", autouse=True)
def airflow_environment(tmp_path_factory):
    """Airflow reads its settings at import: set a home of its own, our folders, and no database."""
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(DAGS)
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(DAGS / "plugins")
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    os.environ.update(settings.QUIET)
    for folder in (DAGS, DAGS / "plugins"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
