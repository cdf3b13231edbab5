"""The messages that channels send: a title, a text, and the same as JSON, for Slack and for Teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from clv.alerts.events import KINDS

TEST = "test"
MOST = 10  # events that a message writes out


@dataclass(frozen=True)
class Part:
    """One event in a message. link: the whole address of its page. seen: when it was seen, or seen to be over."""

    subject: str
    what: str
    remedy: str
    link: str
    seen: datetime


@dataclass(frozen=True)
class Message:
    """Events of one kind that began, or that are over. shop: what the message calls the shop."""

    kind: str
    title: str
    shop: str
    is_over: bool
    parts: tuple[Part, ...]

    @property
    def subject(self) -> str:
        return f"[{self.shop}] {self.title}"

    @property
    def text(self) -> str:
        """The events in words, with a blank line between them."""
        texts = [_words(part) for part in self.parts[:MOST]]
        if more := self.parts[MOST:]:
            texts.append(f"And {len(more)} more: {', '.join(part.subject for part in more)}. `clv alerts` lists them.")
        return "\n\n".join(texts)

    def as_json(self) -> dict:
        """What webhooks with the body json and commands receive."""
        return {
            "kind": self.kind,
            "state": "recovered" if self.is_over else "open",
            "shop": self.shop,
            "title": self.title,
            "text": self.text,
            "events": [
                {
                    "subject": part.subject,
                    "what": part.what,
                    "remedy": part.remedy,
                    "link": part.link,
                    "seen": part.seen.astimezone(UTC).isoformat(timespec="seconds"),
                }
                for part in self.parts
            ],
        }

    def for_slack(self) -> dict:
        """The body of Slack's incoming webhooks."""
        return {"text": f"*{_escaped(self.subject)}*\n{_escaped(self.text)}"}

    def for_teams(self) -> dict:
        """The body that the webhook of a workflow of Teams posts as an adaptive card."""
        lines = [
            {"type": "TextBlock", "text": self.subject, "weight": "Bolder", "wrap": True},
            *({"type": "TextBlock", "text": text, "wrap": True} for text in self.text.split("\n")),
        ]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": lines,
            "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": self.parts[0].link}],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}


def _words(part: Part) -> str:
    remedy = f"What to do: {part.remedy.rstrip('.')}.\n" if part.remedy else ""
    return f"{part.what}\n{remedy}{part.link}\nSeen {part.seen.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def of(alerts: Iterable[tuple[str, bool, Part]], shop: str) -> list[Message]:
    """The messages about alerts, one for each kind and end. alerts: of each, its kind, whether it is over, its part."""

    def place(one: tuple[str, bool, Part]) -> tuple[bool, str]:
        return one[1], one[0]

    found = []
    for (is_over, kind), members in groupby(sorted(alerts, key=place), key=place):
        parts = tuple(part for *_, part in members)
        title = f"Recovered: {KINDS[kind].title.lower()}" if is_over else KINDS[kind].title
        if not KINDS[kind].is_single:
            title += f": {parts[0].subject}" + (f" and {len(parts) - 1} more" if parts[1:] else "")
        found.append(Message(kind, title, shop, is_over, parts))
    return found


def test(shop: str, address: str, now: datetime) -> Message:
    """The message of `clv alerts test`."""
    what = "This is a test: messages of this channel arrive."
    return Message(TEST, "A test", shop, False, (Part("a test", what, "nothing", address, now),))
