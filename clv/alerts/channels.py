"""Sends messages: by mail, to a webhook, to a command. None of them repeats a message; the next look does."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

import httpx

from clv.alerts.declaration import Channel, Command, Email, Webhook
from clv.alerts.messages import Message
from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.sources.fetching.secrets import Secrets
from clv.sources.fetching.service import LOOPBACK  # the module also keeps httpx from logging addresses

FOLDER = "alerts"  # of CLV_HOME/secrets
TIMEOUT = 20  # seconds


def send(channel: Channel, message: Message, home: Settings) -> str | None:
    """Sends a message by a channel; returns a remark if some recipients were refused. Raises ClvError, without secrets
    in it, if the message does not arrive."""
    secrets = Secrets(home, FOLDER)
    if isinstance(channel, Email):
        return _mail(channel, message, secrets)
    if isinstance(channel, Webhook):
        return _post(channel, message, secrets)
    return _call(channel, message)


def _mail(channel: Email, message: Message, secrets: Secrets) -> str | None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject, channel.sender, ", ".join(channel.recipients)
    mail["Date"] = format_datetime(message.parts[0].seen)
    mail["Message-ID"] = make_msgid(domain=channel.sender.rpartition("@")[2].rstrip("> ") or None)
    mail.set_content(f"{message.text}\n")
    password = secrets.filled_in(channel.password) if channel.password else None
    where = f"the mail server {channel.host}:{channel.port}"
    try:
        with _connection(channel) as server:
            if channel.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if channel.user and password:
                server.login(channel.user, password)
            refused = server.send_message(mail)
    except smtplib.SMTPAuthenticationError:
        place = secrets.place(channel.password or "")
        raise ClvError(f"{where} does not accept `user` with the password in {place}; correct one of them") from None
    except smtplib.SMTPNotSupportedError as error:
        raise ClvError(f"{where} offers no encryption or no sign-in ({error}); correct `port` and `security`") from None
    except smtplib.SMTPRecipientsRefused:
        raise ClvError(f"{where} refuses every recipient; correct `recipients` or `sender`") from None
    except (smtplib.SMTPException, OSError) as error:
        reason = secrets.without(" ".join(str(error).split()))[:200]
        raise Unavailable(f"{where} does not take the message ({reason or type(error).__name__})") from None
    if not refused:
        return None
    return f"{where} refuses {len(refused)} of {len(channel.recipients)} recipients; correct `recipients`"


def _connection(channel: Email) -> smtplib.SMTP:
    if channel.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT)


def _post(channel: Webhook, message: Message, secrets: Secrets) -> None:
    url = secrets.filled_in(channel.url)
    headers = {name: secrets.filled_in(value) for name, value in channel.headers.items()}
    place = next((place for text in (channel.url, *channel.headers.values()) if (place := secrets.place(text))), "")
    bodies = {"json": message.as_json, "slack": message.for_slack, "teams": message.for_teams}
    try:
        parts = urlsplit(url)
        if place and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ClvError(f"the address begins with http://, so anybody on the way could read {place}; write https://")
        answer = httpx.post(url, json=bodies[channel.body](), headers=headers, timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
        where = place or "`url`"
        raise ClvError(
            f"{where} is no address or header that can be sent; write one that begins with https://"
        ) from None
    except httpx.RequestError as error:
        raise Unavailable(f"the webhook at {parts.hostname} does not answer ({type(error).__name__})") from None
    if not answer.is_success:
        raise Unavailable(f"the webhook at {parts.hostname} answers {answer.status_code}; check `url` and `body`")


def _call(channel: Command, message: Message) -> None:
    program = channel.argv[0]
    try:
        done = subprocess.run(
            channel.argv,
            input=json.dumps(message.as_json()),
            text=True,
            errors="replace",
            capture_output=True,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"the command {program} does not end within a minute") from None
    except OSError as error:
        raise ClvError(f"the command {program} cannot be started ({error.strerror}); correct `argv`") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed no error"])[-1][:200]
        raise Unavailable(f"the command {program} exited with {done.returncode} ({last})")
