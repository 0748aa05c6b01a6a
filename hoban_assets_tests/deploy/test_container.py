"""The image runs what the Makefile makes; nothing of it names a registry but its base."""

import re

import yaml
from road import REPOSITORY

DOCKERFILE = (REPOSITORY / "deploy" / "Dockerfile").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((REPOSITORY / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
TARGETS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, flags=re.M))


def test_every_make_target_that_the_containers_run_exists():
    run = set(re.findall(r"^RUN make (\w+)", DOCKERFILE, flags=re.M))
    run |= {service["command"][1] for service in COMPOSE["services"].values()}
    run.add(re.search(r'CMD \["make", "(\w+)"\]', DOCKERFILE)[1])
    assert run == {"setup", "demo", "ui"}
    assert run <= TARGETS


def test_everything_that_the_makefile_needs_for_the_demo_is_copied():
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", DOCKERFILE, flags=re.M)).split()
    needs = {"pyproject.toml", "Makefile", "constraints", "hoban_assets", "dagster.yaml"}
    needs |= {"workspace.yaml", "env.sh"}
    assert needs <= set(copied)
    assert all((REPOSITORY / name).exists() for name in copied)


def test_the_base_has_a_python_that_the_project_takes_and_no_address_is_named():
    version = re.search(r"^FROM python:(\d\.\d+)-", DOCKERFILE, flags=re.M)[1]
    assert version in re.findall(r"python(\d\.\d+) ", MAKEFILE)
    assert "://" not in DOCKERFILE.replace("http://127.0.0.1", "")
    assert "index-url" not in DOCKERFILE


def test_the_ui_stays_on_this_machine():
    assert COMPOSE["services"]["ui"]["network_mode"] == "host"
    assert "ports" not in COMPOSE["services"]["ui"]
