"""Copies files of an object store or a server into the landing folder, through fsspec."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from clv.core import owners_files
from clv.core.errors import ClvError, Unavailable
from clv.sources.connectors import files
from clv.sources.fetching.declaration import Files
from clv.sources.fetching.landing import PARTIAL, on_disk
from clv.sources.fetching.secrets import Secrets, with_texts
from clv.sources.mapping.complaints import first_line

STATES = ".fetched.json"  # in the landing folder: by name, the state in which a file was copied
MARKS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "modify", "created")
MISTAKES = {"AuthenticationException", "NoCredentialsError"}  # of paramiko and botocore
SFTP = {"sftp", "ssh"}
CHUNK = 1 << 22


def copy(declared: Files, folder: Path, secrets: Secrets) -> tuple[int, list[str]]:
    """Copies files that are new or changed, each in one step and under its name; returns how many, and notes.

    A file whose size, time or tag is as it was is not copied again, even if it was deleted here or rows were removed
    from it. Raises ClvError, or Unavailable if the server does not answer.
    """
    states = _states(folder)
    copied, notes = 0, []
    try:
        url = secrets.filled_in(declared.url)
        system, path = fsspec.core.url_to_fs(url, skip_instance_cache=True, **_options(url, declared, secrets))
        for name, place, state in _listed(system, path):
            if states.get(name) == state:
                continue
            if not _copied(system, place, folder, name):
                notes.append(f"{name} changed while it was read, or broke off; the next fetch reads it")
                continue
            states[name], copied = state, copied + 1
            owners_files.write(folder / STATES, json.dumps(states).encode())
    except ClvError:
        raise
    except ImportError as error:
        raise ClvError(
            f"{declared.url} needs another package ({first_line(error)}); run `make bootstrap-connectors`"
        ) from None
    except (FileNotFoundError, PermissionError, TypeError, ValueError) as error:
        raise ClvError(_message(declared, "cannot be read", error, secrets)) from None
    except Exception as error:  # each kind of store has exceptions of its own
        if type(error).__name__ in MISTAKES:
            raise ClvError(_message(declared, "cannot be read", error, secrets)) from None
        raise Unavailable(_message(declared, "does not answer", error, secrets)) from None
    return copied, notes


def _listed(system: Any, path: str) -> Iterator[tuple[str, str, list]]:
    """Yields the files that can be loaded: the name here, the path there, and the state. In the order of names."""
    system.invalidate_cache()
    if "*" in path:
        found, root = system.glob(path, detail=True), path[: path.index("*")].rpartition("/")[0]
    elif system.isfile(path):
        found, root = {path: system.info(path)}, path.rpartition("/")[0]
    else:
        found, root = system.find(path, detail=True), path.rstrip("/")
        if not found and not system.exists(path):
            raise FileNotFoundError(f"there is no {path}")
    for place, info in sorted(found.items()):
        name = PurePosixPath(place.removeprefix(root).lstrip("/"))
        is_hidden = any(part.startswith((".", "_")) for part in name.parts)
        if info.get("type") != "directory" and not is_hidden and files.kind(Path(name)):
            yield str(name), place, _state(info)


def _state(info: dict) -> list:
    mark = next((info[key] for key in MARKS if info.get(key) is not None), None)
    return [info.get("size"), str(mark)]


def _copied(system: Any, place: str, folder: Path, name: str) -> bool:
    """Copies a file; returns False, and leaves nothing, if it changed meanwhile or is not whole."""
    partial, target, before = folder / PARTIAL, folder / name, _state(system.info(place))
    with system.open(place, "rb") as source, owners_files.empty(partial).open("wb") as copied:
        while chunk := source.read(CHUNK):
            copied.write(chunk)
    system.invalidate_cache()
    if _state(system.info(place)) != before or before[0] not in (None, partial.stat().st_size):
        partial.unlink()
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    on_disk(partial)
    partial.replace(target)
    on_disk(target.parent)
    return True


def _states(folder: Path) -> dict[str, list]:
    with suppress(OSError, ValueError):
        if isinstance(found := json.loads((folder / STATES).read_text()), dict):
            return found
    return {}


def _options(url: str, declared: Files, secrets: Secrets) -> dict[str, Any]:
    """Returns the arguments of the file system. Raises ClvError if the key of an SFTP server is not stated: without it,
    any server on the way could ask for the password. url: with its secrets."""
    options = with_texts(declared.options, secrets.filled_in)
    first, *further = [part.partition("://")[0] for part in url.split("::")]
    if SFTP & {*further, options.get("target_protocol")}:
        raise ClvError(f"{declared.url} leads to an SFTP server by another file system; begin `url` with sftp://")
    if first in SFTP:
        if not (key := options.pop("host_key", None)):
            raise ClvError(
                f"{declared.url}: write the server's key under `options`, as `ssh-keyscan -t ed25519 HOST` prints it: "
                "host_key: ssh-ed25519 AAAA…"
            )
        options["host_key_policy"] = _only(" ".join(key.split()[:2]), declared.url)
    return options


def _only(known: str, url: str) -> Any:
    """Returns a policy of paramiko that accepts this key of a server alone."""
    paramiko = importlib.import_module("paramiko")  # of the extra

    class Only(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:  # noqa: ARG002 - paramiko's signature
            if f"{key.get_name()} {key.get_base64()}" != known:
                raise ClvError(f"{url} shows another key ({key.get_name()}) than `host_key`; ask whose server this is")

    return Only()


def _message(declared: Files, what: str, error: Exception, secrets: Secrets) -> str:
    reason = f"{type(error).__name__}: {secrets.without(first_line(error))}"
    return f"{declared.url} {what} ({reason}); check `url` and `options`"
