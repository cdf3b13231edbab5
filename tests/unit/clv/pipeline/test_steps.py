"""Declarations of steps, from which everything else is made."""

import os
import pkgutil
import re
import subprocess
import sys
import textwrap
from datetime import date

import pytest
from planted_steps import GREETING, LAST, planted

from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline import steps
from clv.warehouse import db

NAMED = f'name="own", reads="", writes="", after="{LAST}"'
STANDARD = [step.name for step in steps.daily()]


def step(name: str, group: str, after: str = "") -> str:
    return f'Step("{name}", "{group}", "", "", "clv.pipeline.daily:run", after="{after}", closes=True)'


def module(*declared: str) -> str:
    return f"from clv.pipeline.steps import Step\n\nSTEPS = ({', '.join(declared)},)\n"


def test_a_step_in_a_file_of_its_own_takes_its_place(tmp_path):
    with planted(tmp_path, greeting=GREETING):
        names, picture = [one.name for one in steps.daily()], steps.picture(steps.daily())
    assert names == [*STANDARD, "greet"]
    assert 'greet["<b>greet</b><br/>dim_customer of the run<br/>→ nothing"]' in picture
    assert [one.name for one in steps.daily()] == STANDARD


def test_a_folder_of_ones_own_is_named_in_the_environment(tmp_path):
    (tmp_path / "own.py").write_text(module(step("own", "act", LAST)))
    code = "from clv.pipeline import steps; print(*(step.name for step in steps.daily()))"
    environment = {**os.environ, "CLV_STEPS": str(tmp_path)}
    message = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert message.stdout.split() == [*STANDARD, "own"]


def test_a_folder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(steps, "__path__", [*steps.__path__, "/nowhere"])
    with pytest.raises(ClvError, match="CLV_STEPS names /nowhere, which is not a folder"):
        steps.daily()


@pytest.mark.parametrize("text", ["step = 1", "def broken(:"])
def test_a_file_without_steps_is_named(tmp_path, text):
    with planted(tmp_path, mine=text), pytest.raises(ClvError, match=r"mine.py declares no steps"):
        steps.daily()


def test_modules_that_follow_the_same_step_go_by_name_and_one_may_follow_another(tmp_path):
    first = module(step("a1", "act", LAST), step("a2", "act"))
    second = module(step("b1", "act", LAST))
    third = module(step("c1", "act", "a1"))
    with planted(tmp_path, first=first, second=second, third=third):
        names = [one.name for one in steps.daily()]
    assert names == [*STANDARD, "a1", "c1", "a2", "b1"]


@pytest.mark.parametrize("name", ["a_till", "till"])
def test_own_steps_come_before_the_projects_whatever_their_modules_name(tmp_path, name):
    with planted(tmp_path, **{name: module(step("till", "take in", "open_run"))}):
        assert [one.name for one in steps.daily()] == ["till", *STANDARD]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (step("lost", "publish", "nowhere"), "lost follows 'nowhere'"),
        (step("a step!", "other", LAST), "a step is called 'a step!'; give it a name of small letters, digits and _"),
        (step("score", "publish", "report"), "steps of the same name: score"),
        (
            step("apart", "other", "publish"),
            "apart divides the group 'publish'; let it follow export, the group's last step, or",
        ),
    ],
)
def test_steps_that_cannot_be_put_in_order_are_refused(tmp_path, declared, message):
    with planted(tmp_path, wrong=module(declared)), pytest.raises(ClvError, match=message):
        steps.daily()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('pool="bild"', "the step own names the pool 'bild'; pools are default_pool, spark, build, fetch"),
        ('group="pubish"', "the group 'pubish' is almost 'publish'; write 'publish', or a name less alike"),
        ('calls="clv.nothing:run"', "the step own calls 'clv.nothing:run', but there is no module 'clv.nothing'"),
        ('calls="nothing"', "the step own calls 'nothing', but there is no module 'nothing'"),
        ('calls="clv.pipeline.daily:rn"', "but the module defines no function 'rn'; write module:function"),
        ('closes="yes"', "closes of the step own is 'yes'; write True or False"),
        ("closes=False", "the step own comes after publish, and a published run would refuse it; add closes=True"),
        ('given={"x": "nothing"}', "the step own is given the facts of 'nothing', which is not a step before it; bef"),
        ('given={"x": "own"}', "the step own is given the facts of 'own', which is not a step before it; before it"),
        ('given={"x": "score"}, trains=True', "'score', which is not a step before it in clv_train; before it are"),
    ],
)
def test_a_field_that_names_what_does_not_exist_is_one_line(tmp_path, fields, message):
    own = f'Step(**{{**dict(group="act", calls="clv.pipeline.daily:run", closes=True), **dict({fields})}}, {NAMED})'
    with planted(tmp_path, own=module(own)), pytest.raises(ClvError, match=re.escape(message)) as raised:
        steps.daily()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "from clv.pipeline.daily import open_run as run",
        "from clv.pipeline.daily import *",
        "from functools import partial\n\nrun: object = partial(print)",
        "try:\n    import nothing\nexcept ImportError:\n    def run(*_): ...",
        "if True:\n    class run: ...",
    ],
)
def test_a_function_may_be_imported_or_defined_in_a_block(tmp_path, text):
    own = f'Step(group="act", calls="clv.pipeline.steps.own:run", closes=True, {NAMED})'
    with planted(tmp_path, own=f"{text}\n{module(own)}"):
        steps._uncallable.cache_clear()
        assert steps.daily()[-1].name == "own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def broken(:", "the module is not valid Python (invalid syntax (broken.py, line 1)); correct it"),
        ("walk = run", "the module defines no function 'run'; write module:function"),
        ("walk = [run for run in ()]", "the module defines no function 'run'; write module:function"),
    ],
)
def test_a_module_without_the_function_is_one_line(tmp_path, monkeypatch, text, message):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "broken.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    steps._uncallable.cache_clear()
    own = f'Step(group="act", calls="broken:run", closes=True, {NAMED})'
    with planted(tmp_path, own=module(own)), pytest.raises(ClvError, match=re.escape(message)):
        steps.daily()


def test_only_a_slip_of_a_shipped_group_is_refused():
    slips = ["Take in", "take_in", "tak in", "taek in", "takke in"]
    names = ["take in 2", "take out", "values", "fact", "take"]
    assert [steps._is_slip(name, "take in") for name in (*slips, *names)] == [True] * 5 + [False] * 5
    assert not any(steps._is_slip(name, "value") for name in names)


def test_the_picture_of_the_architecture_is_the_steps():
    text = (settings.PROJECT / "docs" / "architecture.md").read_text()
    assert f"```mermaid\n{steps.picture((steps.OPEN_RUN, *steps.daily()))}\n```" in text


def test_the_step_of_the_how_to_page_writes_its_file(tmp_path, monkeypatch):
    page = (settings.PROJECT / "docs" / "how-to" / "add-a-step.md").read_text()
    function, declaration = map(
        textwrap.dedent, re.findall(r"^ *```python\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    )
    # In one file, as the page says of a folder of one's own.
    text = function + declaration.replace("clv.reporting.greetings:write", "clv.pipeline.steps.greetings:write")
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setattr(db, "rows", lambda *_: [("top 1 %", 3), ("top 5 %", 12)])
    (tmp_path / "reports").mkdir()
    with planted(tmp_path, greetings=text):
        names = [one.name for one in steps.daily()]
        assert names[names.index("publish") + 1] == "greetings"
        assert pkgutil.resolve_name(steps.find("greetings").calls)(date(2024, 7, 1), "2024-07-01.1")["tiers"] == 2
    assert (
        tmp_path / "reports" / "greetings" / "2024-07-01.csv"
    ).read_text() == "value_tier,customers\ntop 1 %,3\ntop 5 %,12\n"
