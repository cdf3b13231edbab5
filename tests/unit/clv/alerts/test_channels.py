"""Messages as they are written, and as a mail server, a webhook and a command receive them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_mail import receiving
from small_service import Incoming, Reply, serving

from clv.alerts import channels, messages
from clv.alerts.declaration import Command, Email, Webhook
from clv.alerts.messages import Message, Part
from clv.core.errors import ClvError
from clv.core.settings import Settings

SEEN = datetime(2024, 6, 2, 0, 7, tzinfo=UTC)
TEXT = """The run for 2024-06-02 failed.
What to do: look at it.
http://127.0.0.1:8080/dags/clv_daily
Seen 2024-06-02 00:07 UTC"""


def part(subject: str = "2024-06-02") -> Part:
    return Part(subject, f"The run for {subject} failed.", "look at it.", "http://127.0.0.1:8080/dags/clv_daily", SEEN)


def message(*parts: Part, is_over: bool = False) -> Message:
    (found,) = messages.of([("run_failed", is_over, one) for one in parts or (part(),)], "tea & co")
    return found


def email(port: int, **values: Any) -> Email:
    given = {"to": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "p@example.com"}
    return Email.model_validate({**given, "recipients": ["o@example.com"], "hears": "all", **values})


def webhook(url: str, body: str = "json", **headers: str) -> Webhook:
    return Webhook.model_validate({"to": "webhook", "url": url, "body": body, "headers": headers, "hears": "all"})


def keep_secret(home: Settings, name: str, text: str) -> None:
    (home.secrets / "alerts").mkdir(parents=True)
    path = home.secrets / "alerts" / name
    path.touch(mode=0o600)
    path.write_text(text)


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


def test_a_message_says_what_happened_what_to_do_and_where():
    assert message().subject == "[tea & co] A run failed: 2024-06-02"
    assert message().text == TEXT
    over = message(is_over=True)
    assert over.title == "Recovered: a run failed: 2024-06-02"
    assert over.as_json()["state"] == "recovered"


def test_events_of_one_kind_are_one_message():
    found = messages.of(
        [("run_failed", False, part()), ("retrained", False, part("m")), ("run_failed", False, part())], "s"
    )
    assert [(one.kind, len(one.parts)) for one in found] == [("retrained", 1), ("run_failed", 2)]
    many = message(*(part(f"2024-05-{day:02}") for day in range(1, 13)))
    assert many.title == "A run failed: 2024-05-01 and 11 more"
    assert many.text.endswith("And 2 more: 2024-05-11, 2024-05-12. `clv alerts` lists them.")


def test_a_mail_arrives(nowhere: Settings):
    with receiving() as (port, received):
        channels.send(email(port, recipients=["o@example.com", "q@example.com"]), message(), nowhere)
    (mail,) = received
    assert mail["Subject"] == "[tea & co] A run failed: 2024-06-02"
    assert mail["To"] == "o@example.com, q@example.com"
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_content().splitlines() == TEXT.split("\n")


def test_what_a_mail_server_refuses_is_one_line(nowhere: Settings):
    with receiving(refuse="q@") as (port, received):
        remark = channels.send(email(port, recipients=["o@example.com", "q@example.com"]), message(), nowhere)
        assert remark == f"the mail server 127.0.0.1:{port} refuses 1 of 2 recipients; correct `recipients`"
        assert len(received) == 1, "the other recipient has the message, so it is not sent again"
    with receiving(refuse="o@") as (port, received):
        with pytest.raises(ClvError, match="refuses every recipient"):
            channels.send(email(port), message(), nowhere)
        assert received == []
    with receiving() as (port, received):
        with pytest.raises(ClvError, match="offers no encryption or no sign-in"):
            channels.send(email(port, security="starttls"), message(), nowhere)
        assert received == []
    with pytest.raises(ClvError, match=r"the mail server 127.0.0.1:\d+ does not take the message"):
        channels.send(email(port), message(), nowhere)


def test_a_webhook_receives_json_or_what_slack_and_teams_expect(nowhere: Settings):
    received: list[Incoming] = []
    with serving(lambda incoming: received.append(incoming) or Reply("ok")) as url:
        for body in ("json", "slack", "teams"):
            channels.send(webhook(f"{url}/hook", body), message(), nowhere)
    as_json, slack, teams = (incoming.body for incoming in received)
    assert (as_json["kind"], as_json["state"], as_json["events"][0]["subject"]) == ("run_failed", "open", "2024-06-02")
    assert slack == {"text": f"*[tea &amp; co] A run failed: 2024-06-02*\n{TEXT}"}
    card = teams["attachments"][0]["content"]
    assert [block["text"] for block in card["body"]] == ["[tea & co] A run failed: 2024-06-02", *TEXT.split("\n")]
    assert card["actions"][0]["url"] == "http://127.0.0.1:8080/dags/clv_daily"


def test_secrets_are_filled_in_and_not_repeated(nowhere: Settings, caplog: pytest.LogCaptureFixture):
    received: list[Incoming] = []
    with serving(lambda incoming: received.append(incoming) or Reply("no", status=404)) as url:
        keep_secret(nowhere, "hook", f"{url}/T0P/5ecret")
        with pytest.raises(ClvError) as error:
            channels.send(webhook("{secret:hook}", Authorization="Bearer {secret:hook}"), message(), nowhere)
    assert received[0].path == "/T0P/5ecret"
    assert received[0].headers["Authorization"].startswith("Bearer http")
    assert str(error.value) == "the webhook at 127.0.0.1 answers 404; check `url` and `body`"
    assert "5ecret" not in caplog.text
    with pytest.raises(ClvError, match="begins with http://, so anybody on the way could read .*/hook; write https://"):
        channels.send(webhook("http://example.com", Authorization="{secret:hook}"), message(), nowhere)
    with pytest.raises(ClvError, match="missing is missing; write the secret into it"):
        channels.send(webhook("{secret:missing}"), message(), nowhere)


def test_a_webhook_that_does_not_answer_is_one_line(nowhere: Settings):
    with serving(lambda _: Reply("ok")) as url:
        pass
    with pytest.raises(ClvError, match="the webhook at 127.0.0.1 does not answer"):
        channels.send(webhook(url), message(), nowhere)
    with pytest.raises(ClvError, match="is no address or header that can be sent"):
        channels.send(webhook("https://[::"), message(), nowhere)


def test_a_command_reads_the_message_without_a_shell(nowhere: Settings, tmp_path: Path):
    target = tmp_path / "$(touch gone)"
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    command = Command(to="command", argv=[sys.executable, "-c", script, str(target)], hears=["run_failed"])
    channels.send(command, message(), nowhere)
    assert json.loads(target.read_text())["text"] == TEXT


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        ([sys.executable, "-c", "raise SystemExit('no line')"], r"exited with 1 \(no line\)"),
        (["/nowhere/program"], r"cannot be started \(No such file or directory\); correct `argv`"),
    ],
)
def test_a_command_that_fails_is_one_line(nowhere: Settings, argv: list[str], error: str):
    with pytest.raises(ClvError, match=error):
        channels.send(Command(to="command", argv=argv, hears=["run_failed"]), message(), nowhere)
