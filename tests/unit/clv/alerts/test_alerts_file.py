"""alerts.yml: what it may say, and what is wrong with one in one line."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml

from clv.alerts import declaration
from clv.core.errors import ClvError
from clv.core.settings import Settings

HOOK = {"to": "webhook", "url": "https://example.com/hook", "hears": "retrained"}
MAIL = {"to": "email", "host": "mail", "sender": "a@example.com", "recipients": "b@example.com", "hears": "all"}


def load(folder: Path, content: object) -> declaration.Alerts | None:
    (folder / "alerts.yml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return declaration.load(Settings(folder, {}))


def test_without_a_file_nobody_hears_of_anything(tmp_path: Path):
    assert declaration.load(Settings(tmp_path, {})) is None


def test_who_hears_of_what(tmp_path: Path):
    found = load(tmp_path, {"no_run_by": "07:30", "data_older_than": "36h", "channels": {"ops": MAIL, "team": HOOK}})
    assert found
    assert (found.no_run_by, found.data_older_than, found.disk_nearly_full) == (time(7, 30), timedelta(hours=36), 90)
    assert found.channels["ops"].hears == list(declaration.KINDS)
    assert found.channels["team"].hears == ["retrained"]


def test_an_hour_may_stand_without_quotes(tmp_path: Path):
    found = load(tmp_path, f"no_run_by: 10:30\nchannels: {{team: {HOOK}}}".replace("'", ""))
    assert found
    assert found.no_run_by == time(10, 30)


def test_all_leaves_out_what_has_no_limit(tmp_path: Path):
    found = load(tmp_path, {"channels": {"ops": MAIL}})
    assert found
    assert set(declaration.KINDS) - set(found.heard) == {"no_run_by", "data_older_than"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- list", "alerts.yml declares nothing; write it as in `channels: "),
        ({"channels": {}}, "'channels': "),
        ({"channel": {"a": HOOK}, "channels": {"a": HOOK}}, "'channel': is not a key of this part; remove it"),
        ({"channels": {"Ops!": HOOK}}, "the name of a channel has small letters, digits, _ and -, such as team"),
        ({"channels": {"a": {**HOOK, "to": "fax"}}}, "'channels.a': `to` is one of command, email, webhook"),
        ({"channels": {"a": {**HOOK, "hears": ["run_fails"]}}}, "'channels.a.hears': events are run_failed, "),
        ({"channels": {"a": {**HOOK, "hears": ["no_run_by"]}}}, "'a' hears no_run_by; write the limit, as in `no_run"),
        ({"channels": {"a": {**HOOK, "url": "example.com"}}}, "'channels.a.url': write a whole address"),
        ({"channels": {"a": {**MAIL, "password": "plain", "user": "u"}}}, "'channels.a.password': write {secret:NAME}"),
        ({"channels": {"a": {**MAIL, "user": "u"}}}, "'channels.a': write both `user` and `password`, or neither"),
        (
            {"channels": {"a": {**MAIL, "user": "u", "password": "{secret:p}", "security": "none"}}},
            "'channels.a': without encryption anybody on the way could read the password; write `security: starttls`",
        ),
        ({"channels": {"a": {"to": "command", "argv": [], "hears": "all"}}}, "'channels.a.argv': "),
        ({"no_run_by": "noon", "channels": {"a": HOOK}}, "'no_run_by': write an hour of the day such as 07:30"),
        ({"data_older_than": "two days", "channels": {"a": HOOK}}, "'data_older_than': write a duration such as 90m"),
        ({"disk_nearly_full": 100, "channels": {"a": HOOK}}, "'disk_nearly_full': "),
    ],
)
def test_a_mistake_gives_one_line(tmp_path: Path, content: object, message: str):
    with pytest.raises(ClvError) as error:
        load(tmp_path, content)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert "plain" not in str(error.value)
