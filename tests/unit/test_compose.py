"""docker-compose.yml and docker/ are valid by the Compose Specification, and as strict as promised to operators."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from threading import Thread

import jsonschema
import pytest
import yaml

from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline import steps

ROOT = settings.PROJECT
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
ONE_SHOT = {
    name
    for service in SERVICES.values()
    for name, how in service.get("depends_on", {}).items()
    if how["condition"] == "service_completed_successfully"
}
each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def load(name: str):
    """Imports docker/NAME.py, which is not in a package."""
    spec = importlib.util.spec_from_file_location(f"docker_{name}", ROOT / "docker" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def volumes_of(service: dict) -> list[str]:
    """The source of each volume. A variable has the default that the file gives."""
    plain = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume) for volume in service.get("volumes", [])]
    return [volume.partition(":")[0] for volume in plain]


def test_it_is_valid_by_the_compose_specification() -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


def test_the_services_are_those_that_production_needs() -> None:
    assert set(SERVICES) == {
        "postgres", "mlflow", "spark-master", "spark-worker",
        "setup", "airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
    }  # fmt: skip
    assert SERVICES["spark-worker"]["deploy"]["replicas"] >= 2
    assert {"setup"} == ONE_SHOT


@each_service
def test_a_service_is_pinned_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":\d+\.\d+[\w.-]*$", service["image"])
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    assert "network_mode" not in service


@each_service
def test_a_service_says_how_it_is(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (name not in ONE_SHOT)
    check = SERVICES[name].get("healthcheck", {"test": ["CMD"], "interval": 1, "timeout": 1, "retries": 1})
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


@each_service
def test_what_a_service_refers_to_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(volumes_of(service)) <= set(COMPOSE["volumes"])
    for other, how in service.get("depends_on", {}).items():
        assert (how["condition"] == "service_healthy") == ("healthcheck" in SERVICES[other])


def test_what_a_shop_adds_reaches_every_service_that_runs_it() -> None:
    for name in ("setup", "airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "spark-worker"):
        service = SERVICES[name]
        mounted = dict(re.findall(r"^\$\{(\w+):-\w+\}:([\w/]+)", "\n".join(service["volumes"]), re.MULTILINE))
        assert mounted["CLV_KINDS"] == service["environment"]["CLV_HOME"] + "/kinds"
        if name == "spark-worker":  # the driver tells its workers which folders there are
            continue
        for setting in ("CLV_STEPS", "CLV_FORECASTERS"):
            assert service["environment"][setting] == mounted[setting]
    assert mounted["CLV_FORECASTERS"] == SERVICES["setup"]["environment"]["CLV_FORECASTERS"]


@pytest.mark.parametrize("wrong", ["CLV_STEPS names /nowhere", "contestants names traling", "tickets: KIND in its"])
def test_setup_refuses_what_up_refuses_before_it_makes_anything(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    if "CLV_STEPS" in wrong:
        monkeypatch.setattr(steps, "__path__", [*steps.__path__, "/nowhere"])
    elif "contestants" in wrong:
        (tmp_path / "shop.json").write_text('{"contestants": ["perennial", "traling"]}')
    else:
        (tmp_path / "kinds" / "tickets").mkdir(parents=True)
        (tmp_path / "kinds" / "tickets" / "__init__.py").write_text("KIND = 1\n")
    before = set(tmp_path.iterdir())
    with pytest.raises(ClvError, match=wrong):
        load("setup").main()
    assert set(tmp_path.iterdir()) == before


@each_service
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{CLV_\w+:-\d+\}:\d+", port)


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN|WAREHOUSE_URL", key):
            assert key.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    texts = json.dumps([service.get("environment"), service.get("command"), service.get("healthcheck")])
    assert not re.search(r"://[^/\s\"]+:[^/\s\"@]+@", texts)
    assert "password" not in json.dumps(service.get("command", [])).lower()


@each_service
def test_one_image_serves_all_but_the_database(name: str) -> None:
    service = SERVICES[name]
    if name == "postgres":
        assert "build" not in service
        return
    assert service["image"] == SERVICES["setup"]["image"]
    assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    for argument in [*service["command"], *service.get("healthcheck", {}).get("test", [])]:
        if argument.startswith("docker/"):
            assert (ROOT / argument).is_file()


def test_every_secret_is_used_made_and_known_to_the_laptop(tmp_path: Path) -> None:
    from clv.platform.runtime import stack

    load("make_secrets").make(tmp_path / "secrets")
    made = {path.stem for path in (tmp_path / "secrets").iterdir()}
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert made == used == set(COMPOSE["secrets"])
    assert made == {*stack.SECRETS, "warehouse_url"}
    assert {how["file"] for how in COMPOSE["secrets"].values()} == {f"./secrets/{name}.txt" for name in made}


def test_secrets_once_made_stay(tmp_path: Path) -> None:
    make = load("make_secrets").make
    folder = tmp_path / "secrets"
    assert "postgres_password" in make(folder)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "airflow_password.txt").unlink()
    assert make(folder) == ["airflow_password"]
    del before["airflow_password.txt"]
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert before.items() <= after.items()
    assert before["postgres_password.txt"] in after["warehouse_url.txt"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_image_is_pinned_and_does_not_run_as_root() -> None:
    assert re.search(r"^FROM python:3\.11\.\d+-slim-bookworm$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["clv"]
    assert re.search(r"openjdk-17-jre", DOCKERFILE)


def test_the_image_takes_every_package_of_the_project_and_no_data() -> None:
    lines = (ROOT / "docker" / "Dockerfile.dockerignore").read_text().split("\n")
    taken = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert {"clv", "dags", "dbt_project", "docker", "expectations", "sample_shop", "sources", "spark_jobs"} < taken
    assert taken.isdisjoint({"secrets", "tests", ".git", ".clv"})
    for path in re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE):
        assert path == "." or path in taken


def test_the_settings_of_airflow_that_compose_changes_are_airflows() -> None:
    airflow = importlib.util.find_spec("airflow")  # not imported: importing takes seconds and creates a folder
    assert airflow is not None
    assert airflow.origin is not None
    known = yaml.safe_load((Path(airflow.origin).parent / "config_templates" / "config.yml").read_text())
    for key in {key for service in SERVICES.values() for key in service.get("environment", {})}:
        if key.startswith("AIRFLOW__"):
            _, section, option = key.lower().split("__")
            assert option in known[section]["options"], key


def test_a_setting_is_read_from_its_file(tmp_path: Path) -> None:
    entrypoint = load("entrypoint")
    (tmp_path / "url").write_text("postgresql://a:b@c/d\n")
    assert entrypoint.read_files({"CLV_WAREHOUSE_URL_FILE": str(tmp_path / "url")}) == {
        "CLV_WAREHOUSE_URL": "postgresql://a:b@c/d"
    }
    assert entrypoint.read_files({"CLV_WAREHOUSE_URL": "x"}) == {}
    with pytest.raises(ClvError, match="make_secrets"):
        entrypoint.read_files({"CLV_WAREHOUSE_URL_FILE": str(tmp_path / "none")})


def test_the_entrypoint_becomes_the_command_with_the_url_and_without_telemetry(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://a:b@c/d")
    program = "import os, json; print(json.dumps(dict(os.environ)))"
    command = [sys.executable, ROOT / "docker" / "entrypoint.py", sys.executable, "-c", program]
    environment = {
        "PYTHONPATH": str(ROOT), "CLV_HOME": str(tmp_path), "CLV_WAREHOUSE_URL_FILE": str(tmp_path / "url")
    }  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    got = json.loads(done.stdout)
    assert got["CLV_WAREHOUSE_URL"] == "postgresql://a:b@c/d"
    assert settings.QUIET.items() <= got.items()


def test_health_is_reported_by_status_and_value() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - the base class's name
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()
            self.wfile.write(b'{"dag_processor": {"status": "healthy", "beat": null}}')

        def log_message(self, *_: object) -> None:
            return None

    why_not = load("healthy").why_not
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert why_not(f"{url}/health") is None
        assert why_not(f"{url}/health", "dag_processor.status=healthy") is None
        assert why_not(f"{url}/health", "dag_processor.status") is None
        assert "missing" in why_not(f"{url}/health", "dag_processor.beat")
        assert "not unwell" in why_not(f"{url}/health", "dag_processor.status=unwell")
        assert "503" in why_not(f"{url}/down")
        server.shutdown()
    assert "refused" in why_not(f"{url}/health")


def test_secrets_are_linked_into_the_home_once(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "analyst_password").write_text("one")
    home = settings.load(tmp_path / "home")
    home.secrets.mkdir(parents=True)
    link_secrets = load("setup").link_secrets
    link_secrets(home, mounted)
    link_secrets(home, mounted)
    assert home.secret("analyst_password") == "one"
    (mounted / "analyst_password").unlink()
    with pytest.raises(ClvError, match="analyst_password is missing"):
        home.secret("analyst_password")


def test_restored_secrets_give_way_to_the_containers_unless_the_key_is_another(tmp_path):
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for name, text in (("analyst_password", "one"), ("pseudonym_key", "key\n")):
        (mounted / name).write_text(text)
    home = settings.load(tmp_path / "home")
    home.secrets.mkdir(parents=True)
    (home.secrets / "analyst_password").write_text("two")
    (home.secrets / "pseudonym_key").write_text("another")
    link_secrets = load("setup").link_secrets
    with pytest.raises(ClvError, match=r"differs from secrets/pseudonym_key.txt; write the restored key"):
        link_secrets(home, mounted)
    assert home.secret("pseudonym_key") == "another"
    (home.secrets / "pseudonym_key").write_text("key")
    link_secrets(home, mounted)
    assert (home.secret("pseudonym_key"), home.secret("analyst_password")) == ("key", "one")
    assert (home.secrets / "pseudonym_key").is_symlink()
