"""The production shape, read as Docker Compose reads it: no engine runs where tests do."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES = COMPOSE["services"]
OURS = {
    "release", "web", "worker-inference", "worker-reports", "worker-bulk", "worker-training",
    "exchange", "beat",
}  # fmt: skip
# What only some installations want.
ASKED_FOR = {"exchange"}
STARTS = set(re.findall(r"^([a-z-]+)\)$", (ROOT / "deploy" / "start").read_text(), re.MULTILINE))


def test_it_has_every_part_of_the_production_shape():
    assert set(SERVICES) == OURS | {"postgres", "redis", "proxy"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_of_our_services_is_started_as_by_hand(name):
    assert SERVICES[name]["command"] == ["deploy/start", name]
    assert name in STARTS


def test_make_run_starts_the_same_commands():
    procfile = (ROOT / "Procfile").read_text()
    started = set(re.findall(r"^\w+: deploy/start ([a-z-]+)$", procfile, re.MULTILINE))
    assert started == OURS - {"release"} - ASKED_FOR


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"release", "beat"}))
def test_every_lasting_service_that_can_be_asked_says_whether_it_is_well(name):
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"release"}))
def test_every_lasting_service_is_started_again_when_it_ends(name):
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(OURS))
def test_secrets_come_as_files(name):
    environment = SERVICES[name]["environment"]
    assert environment["SECRET_KEY_FILE"] == "/run/secrets/secret_key"
    assert environment["DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert not {"SECRET_KEY", "DATABASE_URL", "DEBUG"} & set(environment)
    assert set(SERVICES[name]["secrets"]) <= set(COMPOSE["secrets"])


def test_secret_files_are_outside_version_control_and_images():
    for ignore in (".gitignore", ".dockerignore"):
        assert "deploy/secrets" in (ROOT / ignore).read_text()
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("deploy/secrets/")


def test_only_the_proxy_is_reached_from_outside_and_the_line_of_orders_where_it_is_asked_for():
    reached = {name for name, service in SERVICES.items() if "ports" in service}
    assert reached == {"proxy", "exchange"}
    assert {name for name, service in SERVICES.items() if "profiles" in service} == ASKED_FOR
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_the_images_named_are_the_dockerfiles_stages():
    stages = set(re.findall(r"^FROM .+ AS ([a-z-]+)$", DOCKERFILE, re.MULTILINE))
    assert {SERVICES[name]["build"]["target"] for name in OURS} <= stages


@pytest.mark.parametrize("name", ["web", "beat", "release"])
def test_what_needs_no_model_runs_from_the_image_without_tensorflow(name):
    assert SERVICES[name]["build"]["target"] == "web"
    assert "tensorflow" not in (ROOT / "requirements-web.txt").read_text()


def test_no_image_runs_as_root():
    for stage in ("web", "worker"):
        body = DOCKERFILE.split(f"FROM application AS {stage}\n")[1].split("\nFROM ")[0]
        assert "USER hematovision" in body


def test_every_file_that_the_images_copy_exists():
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_web_packages_are_pinned_as_the_whole_installations():
    whole = set((ROOT / "requirements.txt").read_text().splitlines())
    assert set((ROOT / "requirements-web.txt").read_text().splitlines()) <= whole
