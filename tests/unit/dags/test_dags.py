"""The DAG files: they can be parsed, use the project's defaults, and run the steps in the pipeline's order."""

import pkgutil

import pytest
from planted_steps import GREETING, LAST, planted

from clv.core import settings
from clv.pipeline import steps


def parsed():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(
        dag_folder=str(settings.PROJECT / "dags"), bundle_path=settings.PROJECT / "dags", bundle_name="dags-folder"
    )


@pytest.fixture(scope="module")
def bag():
    return parsed()


def test_every_file_parses(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == ["clv_daily", "clv_train", "clv_upkeep", "clv_watch"]


def test_no_dag_starts_a_history_of_its_own_accord(bag):
    for dag in bag.dags.values():
        assert dag.catchup is False, dag.dag_id
        kind = "NullTimetable" if dag.dag_id == "clv_watch" else "FromNowOn"
        assert type(dag.timetable).__name__ == kind, dag.dag_id


def test_the_watch_has_a_schedule_once_somebody_wants_to_hear_of_something(tmp_path, monkeypatch):
    (tmp_path / "alerts.yml").touch()
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    timetable = parsed().dags["clv_watch"].timetable
    assert (type(timetable).__name__, timetable.summary) == ("FromNowOn", "*/5 * * * *")


def test_every_task_is_retried(bag):
    for dag in bag.dags.values():
        for task in dag.tasks:
            assert task.retries == 2, f"{dag.dag_id}.{task.task_id}"


def test_a_backfills_form_has_no_second_date(bag):
    for dag in bag.dags.values():
        assert set(dag.params) <= {"force_retrain"}, dag.dag_id


def test_every_dag_explains_itself(bag):
    for dag in bag.dags.values():
        assert dag.doc_md.startswith(f"## {dag.dag_id}: ")


def test_the_daily_run_takes_the_pipelines_steps_in_order(bag):
    order = [task.task_id for task in bag.dags["clv_daily"].topological_sort()]
    assert order == ["open_run", *(step.name for step in steps.daily())]


def test_every_declared_step_is_one_that_the_pipeline_can_take():
    for step in steps.daily():
        assert callable(pkgutil.resolve_name(step.calls)), step.name


def test_a_training_run_ends_with_the_training(bag):
    order = [task.task_id for task in bag.dags["clv_train"].topological_sort()]
    assert order == ["open_run", *(step.name for step in steps.training())]
    assert order[-1] == "train"


def test_the_graph_is_a_line_of_groups_whose_tasks_keep_their_ids(bag):
    dag = bag.dags["clv_daily"]
    declared = dict(steps.by_group((steps.OPEN_RUN, *steps.daily())))
    groups = [group for group in dag.task_group.topological_sort() if group.node_id.startswith("group_")]
    assert [group.group_display_name for group in groups] == list(declared)
    for group in groups:
        assert set(group.children) == {step.name for step in declared[group.group_display_name]}
    assert len(dag.task_group.children) == len(declared)
    # A task is followed by the next one, and by those that receive its facts.
    order = [steps.OPEN_RUN, *steps.daily()]
    for number, step in enumerate(order):
        receive = {later.name for later in order if step.name in later.given.values()}
        following = {later.name for later in order[number + 1 : number + 2]}
        assert dag.get_task(step.name).downstream_task_ids == following | receive


def test_the_documentation_says_what_each_step_reads_and_writes(bag):
    text = bag.dags["clv_daily"].doc_md
    assert "@STEPS@" not in text
    for step in (steps.OPEN_RUN, *steps.daily()):
        assert f"| {step.name} | {step.reads} | {step.writes} |" in text


def test_a_step_in_a_file_of_its_own_is_a_task_in_its_place(tmp_path):
    with planted(tmp_path, greeting=GREETING):
        bag = parsed()
    assert bag.import_errors == {}
    dag = bag.dags["clv_daily"]
    task = dag.get_task("greet")
    order = [one.task_id for one in dag.topological_sort()]
    assert order == ["open_run", *(step.name for step in steps.daily()), "greet"]
    assert (task.pool, task.retries, task.task_group.group_display_name) == ("build", 2, "act")
    assert task.upstream_task_ids == {LAST, "train"}  # the step before, and the one whose facts it receives
    assert "| act | greet | dim_customer of the run | nothing |" in dag.doc_md
    assert "greet" not in bag.dags["clv_train"].task_ids


def test_files_are_wiring(bag):
    for path in (settings.PROJECT / "dags").glob("*.py"):
        text = path.read_text()
        assert "import pandas" not in text
        assert "psycopg" not in text
        assert "select " not in text.lower()
