"""What a Docker engine would only say when it builds or starts: checked from the files."""

import json
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jobs.settings import Settings
from jobs.stages import REPORT, STAGES

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
LINES = (ROOT / "docker" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
SERVICES = COMPOSE["services"]


def targets():
    """Lines of each build stage by its name."""
    found = {}
    for line in LINES:
        if match := re.match(r"FROM (\S+) AS (\S+)", line):
            found[match[2]] = [line]
        elif found:
            found[list(found)[-1]].append(line)
    return found


def user_of(target):
    """The last USER of a build stage, or of the one it stands on."""
    lines = targets()[target]
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    parent = lines[0].split()[1]
    return users[-1] if users else user_of(parent) if parent in targets() else "root"


def variables():
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            yield name, variable, value


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("COPY ")])
def test_what_is_copied_is_there(line):
    *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
    stage = re.search(r"--from=(\S+)", line)
    if stage:
        assert stage[1] in targets()
    else:
        assert all((ROOT / source).exists() for source in sources)


def test_every_image_is_pinned():
    images = [line.split()[1] for line in LINES if line.startswith("FROM ")]
    images += [service["image"] for service in SERVICES.values() if "build" not in service]
    for image in images:
        assert image in targets() or re.search(r":\d+\.\d+", image), image


def test_an_image_installs_the_locks_versions_without_what_development_needs():
    (install,) = [line for line in targets()["environment"] if "/build/pyproject.toml" in line]
    words = install.split()
    assert words[words.index("--requirements") + 1] == "/build/pyproject.toml"
    assert words[words.index("--extra") + 1] == "compose"
    assert words[words.index("--constraints") + 1] == "/build/requirements.lock"
    assert not [line for line in LINES if re.search(r"pip sync|--group|--all-extras", line)]


def test_what_development_alone_needs_is_needed_by_nothing_else():
    """Only what a dependency of ours needs too would be in the images."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    compose = project["project"]["optional-dependencies"]["compose"]
    runtime = closure([*project["project"]["dependencies"], *compose])
    assert {"pyspark", "apache-airflow-core", "flask-appbuilder", "numpy"} <= runtime
    development = {Requirement(text).name for text in project["dependency-groups"]["dev"]}
    assert {name for name in map(canonicalize_name, development) if name in runtime} == {"jsonschema"}


def closure(requirements):
    """Names of the packages that these need and that are installed, extras followed."""
    found, waiting = set(), [(Requirement(text), "") for text in requirements]
    done = set()
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        found.add(name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in done:
                done.add((name, wanted))
                waiting += [(Requirement(text), wanted) for text in needs(name)]
    return found


def needs(name):
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:  # for another platform or Python
        return []


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_services_are_built_from_a_target_that_is_not_root(name):
    target = SERVICES[name]["build"]["target"]
    assert SERVICES[name]["image"] == f"nocturne-{target}"
    assert user_of(target).isdigit()
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_ports_are_open_on_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_variables_are_settings_that_exist():
    fields = {
        f"NOCTURNE__{section}__{name}".upper()
        for section, field in Settings.model_fields.items()
        if hasattr(field.annotation, "model_fields")
        for name in field.annotation.model_fields
    }
    named = {variable for _, variable, _ in variables() if variable.startswith("NOCTURNE__")}
    assert named
    assert named <= fields


def test_airflows_options_exist():
    from airflow.configuration import conf

    for _, variable, _ in variables():
        if match := re.fullmatch(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)", variable):
            options = conf.configuration_description[match[1].lower()]["options"]
            assert match[2].lower() in options, variable


def test_secrets_are_in_no_file():
    secret = re.compile(r"PASSWORD|SECRET|FERNET|ACCESS_KEY")
    for name, variable, value in variables():
        if secret.search(variable):
            assert value.startswith("${"), f"{name}: {variable}"
    for line in (ROOT / "docker" / "example.env").read_text().splitlines():
        assert line.startswith("#") or line.endswith("=")


def test_every_secret_is_in_the_example():
    text = (ROOT / "docker" / "compose.yaml").read_text()
    example = (ROOT / "docker" / "example.env").read_text()
    for name in re.findall(r"\$\{([A-Z0-9_]+):\?", text):
        assert f"\n{name}=" in example


@pytest.mark.skipif(not shutil.which("setsid"), reason="the images have setsid, this machine has none")
def test_the_first_users_password_goes_through_a_pipe(tmp_path):
    """Every process of the machine can read the arguments of the others."""
    airflow = tmp_path / "airflow"
    airflow.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\n'
        f'if [ "$1" = users ]; then cat > {tmp_path}/typed; fi\n'
    )
    airflow.chmod(0o755)
    variables = {"SPARK_MASTER": "spark://x", "AIRFLOW_ADMIN_PASSWORD": "p w%s"}
    environment = variables | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["sh", ROOT / "docker" / "airflow-setup"], env=environment, check=True)
    assert (tmp_path / "typed").read_text() == "p w%s\np w%s\n"
    arguments = (tmp_path / "arguments").read_text()
    assert "users create --role Admin --username admin" in arguments
    assert "p w" not in arguments


def test_pools_are_one_slot_for_each_writer():
    pools = json.loads((ROOT / "docker" / "pools.json").read_text())
    assert set(pools) == {f"nocturne_{spec.writer}" for spec in (*STAGES, REPORT)}
    assert {pool["slots"] for pool in pools.values()} == {1}


def test_services_wait_for_services_that_exist():
    for service in SERVICES.values():
        assert set(service.get("depends_on", [])) <= set(SERVICES)
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert set(volumes) <= set(COMPOSE["volumes"])
