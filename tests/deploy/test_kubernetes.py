"""The manifests of Kubernetes, by the schemas of its own API."""

from pathlib import Path
from typing import cast

import kubernetes_validate
import pytest
import yaml

from config.loader import parse_config
from sensors.catalogue import SHIPPED

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.32", "1.35")

Json = dict[str, object]


def manifests() -> dict[str, Json]:
    """Return every object by its kind and name."""
    found = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            found[f"{document['kind']}/{document['metadata']['name']}"] = document
    return found


def pods() -> list[Json]:
    """Return the specifications of all pods."""
    templates = [
        at(manifests()[name], "spec", "template", "spec") for name in ("StatefulSet/riskd", "Job/riskd-topics")
    ]
    return [cast(Json, template) for template in templates]


def at(tree: object, *path: str) -> object:
    for key in path:
        tree = cast(Json, tree)[key]
    return tree


def containers() -> list[Json]:
    return [
        c for pod in pods() for c in cast(list[Json], [*at_list(pod, "initContainers"), *at_list(pod, "containers")])
    ]


def at_list(tree: Json, key: str) -> list[Json]:
    return cast(list[Json], tree.get(key, []))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_the_api_takes(version: str) -> None:
    assert len(manifests()) == 7
    for name, manifest in manifests().items():
        assert kubernetes_validate.validate(manifest, version, strict=True), name


def test_the_configuration_of_the_config_map_is_a_good_one() -> None:
    text = cast(str, at(manifests()["ConfigMap/riskd"], "data", "riskd.yaml"))
    config = parse_config(text.encode(), "riskd.yaml", SHIPPED.known)
    assert config.clock == "wall"
    assert config.kafka.security.protocol == "sasl_ssl"
    daemon = at_list(pods()[0], "containers")[0]
    assert at_list(daemon, "ports")[0]["containerPort"] == config.http.port
    mounts = {cast(str, mount["mountPath"]) for mount in at_list(daemon, "volumeMounts")}
    assert {"/etc/riskd-secrets", "/var/lib/riskd", "/run/riskd"} <= mounts
    for secret in (config.kafka.security.password_file, config.audit.signing_key_file, config.kafka.security.ca_file):
        assert secret is not None
        assert secret.startswith("/etc/riskd-secrets/")


def test_no_manifest_holds_a_secret() -> None:
    assert [name for name in manifests() if name.startswith("Secret/")] == []


def test_pods_follow_the_restricted_standard() -> None:
    """Kubernetes' Pod Security Standards, restricted; and a root that cannot be written."""
    for pod in pods():
        assert at(pod, "securityContext", "runAsNonRoot") is True
        assert at(pod, "securityContext", "seccompProfile", "type") == "RuntimeDefault"
        assert pod["automountServiceAccountToken"] is False
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_one_process_owns_the_journal() -> None:
    daemon = cast(Json, manifests()["StatefulSet/riskd"]["spec"])
    claim = at_list(daemon, "volumeClaimTemplates")[0]
    assert daemon["replicas"] == 1
    assert at(claim, "spec", "accessModes") == ["ReadWriteOncePod"]
    assert at(daemon, "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Retain"


def test_probes_ask_the_pages_that_are_for_them() -> None:
    container = at_list(pods()[0], "containers")[0]
    pages = {
        name: at(container, name, "httpGet", "path") for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert pages == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_selectors_pick_the_daemon_and_not_the_job() -> None:
    labels = cast(Json, at(manifests()["StatefulSet/riskd"], "spec", "template", "metadata", "labels"))
    selectors = [
        at(manifests()["Service/riskd"], "spec", "selector"),
        at(manifests()["StatefulSet/riskd"], "spec", "selector", "matchLabels"),
        at(manifests()["PodDisruptionBudget/riskd"], "spec", "selector", "matchLabels"),
        at(manifests()["NetworkPolicy/riskd"], "spec", "podSelector", "matchLabels"),
    ]
    assert selectors == [labels] * 4
