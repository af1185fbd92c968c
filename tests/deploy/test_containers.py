"""The image and the compose file, by their own linters and schemas: no Docker runs here."""

import re
import sys
import tomllib
from pathlib import Path
from typing import cast

import yaml

from config.loader import load_config
from sensors.catalogue import SHIPPED
from tests.deploy.tools import run

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
_BIN = Path(sys.executable).parent

Json = dict[str, object]


def services() -> dict[str, Json]:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return cast(dict[str, Json], compose["services"])


def project() -> Json:
    return cast(Json, tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))


def copied() -> list[str]:
    """Return what the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    assert run(_BIN / "hadolint", DOCKERFILE) == ""


def test_the_image_has_every_package_of_the_wheel_and_all_that_it_copies_is_sent_to_the_builder() -> None:
    tools = cast(dict[str, dict[str, dict[str, dict[str, dict[str, dict[str, list[str]]]]]]], project())["tool"]
    packages = tools["hatch"]["build"]["targets"]["wheel"]["packages"]
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert set(packages) <= set(copied())
    assert set(copied()) == sent
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_the_image_runs_what_it_compiled_without_root() -> None:
    """numba takes a cached kernel only where processor name and features are those of the build."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    build, final = re.split(r"^FROM .*$", text, flags=re.MULTILINE)[1:]
    settings = [re.findall(r"NUMBA_CPU_\w+=\S*", stage) for stage in (build, final)]
    assert settings[0] == settings[1] == ["NUMBA_CPU_NAME=generic", 'NUMBA_CPU_FEATURES=""']
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "RISKD_CACHE=/opt/riskd/cache" in build
    assert 'cp -R /opt/riskd/cache "$RISKD_CACHE"' in (DEPLOY / "entrypoint.sh").read_text(encoding="utf-8")
    run("sh", "-n", DEPLOY / "entrypoint.sh")


def test_the_compose_file_follows_the_compose_specification() -> None:
    run(_BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_compose_binds_every_port_to_the_machines_loopback() -> None:
    ports = [port for service in services().values() for port in cast(list[str], service.get("ports", []))]
    assert len(ports) == 4
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_compose_mounts_only_what_is_there() -> None:
    mounts = [mount for service in services().values() for mount in cast(list[str], service.get("volumes", []))]
    missing = [mount for mount in mounts if mount.startswith(".") and not (DEPLOY / mount.split(":")[0]).exists()]
    assert missing == []


def test_compose_makes_the_topics_before_riskd_and_lets_it_write_only_its_volume() -> None:
    riskd = services()["riskd"]
    assert riskd["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert services()["topics"]["command"] == ["topics", "create", "--config", "/etc/riskd/riskd.yaml"]
    for service in (riskd, services()["topics"]):
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_every_lasting_service_of_compose_has_a_health_check() -> None:
    lasting = {name for name in services() if name not in ("topics", "riskd")}
    assert {name for name in lasting if "healthcheck" not in services()[name]} == set()
    assert "HEALTHCHECK" in DOCKERFILE.read_text(encoding="utf-8"), "riskd's is in its image"


def test_the_sample_configuration_speaks_of_the_services_of_compose() -> None:
    config = load_config(DEPLOY / "riskd.yaml", SHIPPED.known)
    assert config.clock == "wall"
    assert config.kafka.bootstrap == "kafka:9092"
    assert f"127.0.0.1:{config.http.port}:{config.http.port}" in cast(list[str], services()["riskd"]["ports"])
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert scraped == [{"job_name": "riskd", "static_configs": [{"targets": [f"riskd:{config.http.port}"]}]}]
    for folder in (config.journal.directory, config.audit.log_directory):
        assert Path(folder).is_relative_to("/var/lib/riskd")


def test_grafana_is_of_the_release_whose_types_the_dashboards_are_built_on() -> None:
    extras = cast(dict[str, dict[str, list[str]]], project()["project"])["optional-dependencies"]
    pinned = re.fullmatch(r"grafana-foundation-sdk==\d+!([\d.]+)", extras["monitoring"][0])
    assert pinned is not None
    assert services()["grafana"]["image"] == f"grafana/grafana:{pinned[1]}"


def test_grafana_is_given_the_data_source_and_the_folder_of_the_dashboards() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/riskd.yaml").read_text(encoding="utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    folder = provider["providers"][0]["options"]["path"]
    assert f"./grafana/dashboards:{folder}:ro" in cast(list[str], services()["grafana"]["volumes"])
