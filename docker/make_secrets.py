"""Creates the files from which docker-compose.yml takes its secrets: python3 docker/make_secrets.py [FOLDER]

Needs only Python. Keeps existing files, so running it again is safe; to change a password, see docs/deploying.md. Only
the owner can enter the folder (default: ./secrets). The files in it can be read by every user, because Compose mounts
them unchanged into the containers, whose users differ.
"""

from __future__ import annotations

import base64
import secrets
import sys
from pathlib import Path

# Of the database: see clv/warehouse/roles.py.
ROLES = ("loader", "transformer", "modeller", "publisher", "exporter", "analyst")


def make(folder: Path) -> list[str]:
    """Creates each missing secret; returns their names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [
        name
        for name, text in {
            "postgres_password": secrets.token_urlsafe(24),
            **{f"{role}_password": secrets.token_urlsafe(24) for role in ROLES},
            "pseudonym_key": secrets.token_hex(32),
            "airflow_password": secrets.token_urlsafe(12),
            "airflow_viewer_password": secrets.token_urlsafe(12),
            "airflow_marketer_password": secrets.token_urlsafe(12),
            "airflow_jwt_secret": secrets.token_urlsafe(48),
            "airflow_secret_key": secrets.token_urlsafe(48),
            "airflow_fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }.items()
        if _write(folder / f"{name}.txt", text)
    ]
    password = (folder / "postgres_password.txt").read_text().strip()
    url = f"postgresql://clv_owner:{password}@postgres:5432/warehouse"
    return made + ["warehouse_url"] * _write(folder / "warehouse_url.txt", url)


def _write(path: Path, text: str) -> bool:
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        return False
    path.chmod(0o644)
    return True


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "secrets"
    new = make(target)
    print(f"{target}: made {', '.join(new)}" if new else f"{target}: nothing to do, all secrets exist")
