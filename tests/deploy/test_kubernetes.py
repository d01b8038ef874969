"""The manifests in deploy/kubernetes hang together, with each other and with the product; no cluster is needed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway.access.auth import OPEN_PATHS
from gateway.app import create_app
from gateway.cli import app
from gateway.config.settings import Settings, load_settings
from gateway.conversations.store import CONNECTIONS
from gateway.ledger.database import DOORKEEPERS, READERS, WRITERS
from gateway.record.metrics import Metrics
from models.engine.http.access_check import OPEN_PATH
from models.engine.scheduling.metrics import EngineMetrics
from tests.deploy.kustomize import KUBECTL, Manifest, containers, load, pod_of, render, render_by_kubectl
from tests.deploy.network_policies import Peer, may_connect
from tests.deploy.pod import FOLDER, Pod, copy_with_secrets

OVERLAYS = ("cloud-only", "engine")
RENDERERS = [render, *([render_by_kubectl] if KUBECTL else [])]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")

ADAPTER_VALUES = FOLDER / "components" / "monitoring" / "adapter-values.yaml"

GATEWAY = {"app.kubernetes.io/name": "slimgate", "app.kubernetes.io/component": "gateway"}
ENGINE = {**GATEWAY, "app.kubernetes.io/component": "engine"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as an operator has it: with secrets."""
    url = "postgresql://slimgate@postgres.slimgate-data/slimgate"
    return copy_with_secrets(tmp_path_factory.mktemp("kubernetes") / "tree", ledger_url=url)


@pytest.fixture(params=OVERLAYS)
def manifests(tree: Path, request: pytest.FixtureRequest) -> list[Manifest]:
    """Everything that an overlay applies."""
    return render(tree / "overlays" / request.param)


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [manifest for manifest in of_kind(manifests, kind) if manifest["metadata"]["name"] == name]
    return found


def pod_labels(manifest: Manifest) -> dict[str, str]:
    labels: dict[str, str] = manifest["spec"]["template"]["metadata"]["labels"]
    return labels


def test_every_file_is_used_once() -> None:
    used: list[Path] = []
    for path in FOLDER.rglob("kustomization.yaml"):
        (told,) = load(path)
        names = [*told.get("resources", ()), *told.get("components", ())]
        for generator in (*told.get("configMapGenerator", ()), *told.get("secretGenerator", ())):
            names += [*generator.get("files", ()), *generator.get("envs", ())]
        used += [(path.parent / name).resolve() for name in names]
    tools = {FOLDER / ".checkov.yaml", ADAPTER_VALUES}
    files = {path for path in FOLDER.rglob("*") if path.suffix in (".yaml", ".toml", ".env")}
    assert files == {path for path in used if path.suffix} | set(FOLDER.rglob("kustomization.yaml")) | tools


def test_everything_is_in_one_namespace_and_no_name_is_taken_twice(manifests: list[Manifest]) -> None:
    (namespace,) = of_kind(manifests, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [manifest["metadata"]["namespace"] for manifest in manifests if manifest is not namespace]
    assert set(others) == {namespace["metadata"]["name"]}
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_the_overlays_render(tree: Path, renderer: Callable[[Path], list[Manifest]]) -> None:
    """By kubectl to the same as by `render`, from which the other tests start."""
    for overlay in OVERLAYS:
        ours, rendered = render(tree / "overlays" / overlay), renderer(tree / "overlays" / overlay)
        assert len(ours) == len(rendered)
        for manifest in rendered:
            if manifest["kind"] != "Secret":  # there in base64
                assert named(ours, manifest["kind"], manifest["metadata"]["name"]) == manifest


def test_pods_are_locked_down(manifests: list[Manifest]) -> None:
    for workload in of_kind(manifests, *WORKLOADS):
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001, "the user of the image"
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert named(manifests, "ServiceAccount", pod["serviceAccountName"])["automountServiceAccountToken"] is False
        for container in containers(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert set(container["resources"]) == {"requests", "limits"}
            written = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
            assert written == ["/var/lib/slimgate", "/tmp"]


def test_no_service_puts_settings_into_the_environment(manifests: list[Manifest]) -> None:
    """The Service slimgate alone would set SLIMGATE_PORT to tcp://10.0.0.1:80."""
    assert [pod_of(workload)["enableServiceLinks"] for workload in of_kind(manifests, *WORKLOADS)] == [False] * len(
        of_kind(manifests, *WORKLOADS)
    )


def test_selectors_find_their_pods(manifests: list[Manifest]) -> None:
    workloads = of_kind(manifests, *WORKLOADS)
    all_labels = [pod_labels(workload) for workload in workloads]
    for workload in workloads:
        labels = pod_labels(workload)
        assert workload["spec"]["selector"]["matchLabels"] == labels
        for constraint in pod_of(workload)["topologySpreadConstraints"]:
            assert constraint["labelSelector"]["matchLabels"] == labels
        service = named(manifests, "Service", workload["spec"]["serviceName"])
        assert service["spec"]["selector"] == labels
        assert service["spec"]["clusterIP"] == "None"
        budgets = [budget["spec"]["selector"]["matchLabels"] for budget in of_kind(manifests, "PodDisruptionBudget")]
        assert budgets.count(labels) == 1
    for service in of_kind(manifests, "Service"):
        (workload,) = [one for one in workloads if pod_labels(one) == service["spec"]["selector"]]
        ports = {port["name"] for container in containers(workload) for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for policy in of_kind(manifests, "NetworkPolicy"):
        assert policy["spec"]["podSelector"] == {} or policy["spec"]["podSelector"]["matchLabels"] in all_labels


def test_what_pods_name_is_there(manifests: list[Manifest]) -> None:
    for workload in of_kind(manifests, *WORKLOADS):
        pod = pod_of(workload)
        for volume in pod["volumes"]:
            for source in volume.get("projected", {}).get("sources", ()):
                if not source["secret"].get("optional"):
                    named(manifests, "Secret", source["secret"]["name"])
            if "secret" in volume:
                named(manifests, "Secret", volume["secret"]["secretName"])
            if "configMap" in volume:
                named(manifests, "ConfigMap", volume["configMap"]["name"])
        claims = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())]
        volumes = {*claims, *(volume["name"] for volume in pod["volumes"])}
        for container in containers(workload):
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
            for source in container.get("envFrom", ()):
                named(manifests, "ConfigMap", source["configMapRef"]["name"])


def test_probes_ask_what_is_open_and_there(manifests: list[Manifest]) -> None:
    paths = set(
        create_app(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})).openapi()["paths"]
    )
    for workload in of_kind(manifests, *WORKLOADS):
        (container,) = containers(workload)
        probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
        assert {probe["port"] for probe in probes.values()} <= {port["name"] for port in container["ports"]}
        if container["name"] == "engine":
            assert {probe["path"] for probe in probes.values()} == {OPEN_PATH}
        else:
            assert {probe["path"] for probe in probes.values()} <= paths
            assert all(probe["path"].startswith(OPEN_PATHS) for probe in probes.values())
            assert probes["readiness"]["path"] == "/health/ready"
            assert probes["liveness"]["path"] == "/health/live", "a gateway that is not ready must not be killed"


def test_the_gateway_takes_its_configuration(
    manifests: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = Pod.of(manifests, named(manifests, "StatefulSet", "slimgate"), tmp_path)
    for name, value in pod.environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    (container,) = pod.manifest["containers"]
    assert settings.port == container["ports"][0]["containerPort"]
    assert settings.host == "0.0.0.0"
    assert str(settings.state_dir).startswith(pod.here("/var/lib/slimgate/")), "on the volume"
    assert settings.secret is not None, "one for all gateways"
    assert settings.responses.encryption_key is not None, "one for all gateways"
    assert settings.api_key is not None
    assert settings.cloud.api_key is not None
    assert settings.ledger_url.startswith("postgresql")
    assert settings.drain_s > 2 * container["readinessProbe"]["periodSeconds"]
    stop_s = settings.drain_s + settings.grace_s
    assert pod.manifest["terminationGracePeriodSeconds"] >= stop_s + 25, "the ledger's last rows take up to 10 s"
    if settings.local.enabled:
        assert settings.local.api_key is not None
        found = re.fullmatch(r"http://([\w-]+):(\d+)/v1", settings.local.base_url or "")
        assert found, settings.local.base_url
        ports = named(manifests, "Service", found[1])["spec"]["ports"]
        assert int(found[2]) in {port["port"] for port in ports}


def test_the_engine_takes_its_arguments(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = render(tree / "overlays" / "engine")
    workload = named(manifests, "StatefulSet", "slimgate-engine")
    (container,) = containers(workload)
    name, *arguments = container["args"]
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    context = command.make_context(name, list(arguments))
    assert context.params["port"] == container["ports"][0]["containerPort"]
    pod = Pod.of(manifests, workload, tmp_path)
    for variable, value in pod.environment.items():
        monkeypatch.setenv(variable, value)
    load_settings(serves=False)
    gateway = Pod.of(manifests, named(manifests, "StatefulSet", "slimgate"), tmp_path / "gateway")
    keys = [one.secret("SLIMGATE_LOCAL__API_KEY_FILE") for one in (pod, gateway)]
    assert keys[0] == keys[1]


def test_scaling_goes_by_metrics_that_there_are(manifests: list[Manifest]) -> None:
    exposed = set(re.findall(r"# TYPE (\w+) gauge", (Metrics().exposition() + EngineMetrics().text()).decode()))
    scalers = of_kind(manifests, "HorizontalPodAutoscaler")
    assert {scaler["spec"]["scaleTargetRef"]["name"] for scaler in scalers} == {
        workload["metadata"]["name"] for workload in of_kind(manifests, *WORKLOADS)
    }
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]
        workload = named(manifests, target["kind"], target["name"])
        assert workload["apiVersion"] == target["apiVersion"]
        assert "replicas" not in workload["spec"], "two would decide how many there are"
        of_pods = [metric["pods"] for metric in scaler["spec"]["metrics"] if metric["type"] == "Pods"]
        names = {metric["metric"]["name"] for metric in of_pods}
        assert names
        assert names <= exposed
        (rule,) = load(ADAPTER_VALUES)[0]["rules"]["custom"]
        assert names <= set(re.findall(r"slimgate_\w+", rule["seriesQuery"]))


def test_so_many_gateways_fit_a_database(tree: Path) -> None:
    scaler = named(render(tree / "overlays" / "cloud-only"), "HorizontalPodAutoscaler", "slimgate")
    of_one = WRITERS + READERS + DOORKEEPERS + CONNECTIONS
    assert scaler["spec"]["maxReplicas"] * of_one <= 97, "PostgreSQL's default, less what is kept for its superuser"


def test_the_components_fit(tree: Path) -> None:
    manifests = render(tree / "overlays" / "engine")
    (ingress,) = render(tree / "components" / "ingress")
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            wanted = path["backend"]["service"]
            ports = named(manifests, "Service", wanted["name"])["spec"]["ports"]
            assert wanted["port"]["name"] in {port["name"] for port in ports}
    settings = Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    annotations = ingress["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{settings.max_body_bytes >> 20}m"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > settings.cloud.total_timeout_s
    for monitor in render(tree / "components" / "monitoring"):
        (workload,) = [
            one
            for one in of_kind(manifests, *WORKLOADS)
            if pod_labels(one) == monitor["spec"]["selector"]["matchLabels"]
        ]
        ports = {port["name"] for container in containers(workload) for port in container["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} <= ports


def test_secrets_stay_out_of_git_and_out_of_other_objects(tree: Path) -> None:
    ignored = (FOLDER.parents[1] / ".gitignore").read_text().splitlines()
    assert {"deploy/kubernetes/secrets/*", "deploy/kubernetes/secrets/engine/*"} <= set(ignored)
    for overlay in OVERLAYS:
        for manifest in render(tree / "overlays" / overlay):
            assert manifest["kind"] == "Secret" or "planted-" not in str(manifest)


NAMESPACE = {"kubernetes.io/metadata.name": "slimgate"}
DATA = {"kubernetes.io/metadata.name": "slimgate-data"}
DNS = Peer("kube-system", {"k8s-app": "kube-dns"}, {"kubernetes.io/metadata.name": "kube-system"})
PEERS: dict[str, Peer] = {
    "gateway": Peer("slimgate", GATEWAY, NAMESPACE, {"http": 8000}),
    "engine": Peer("slimgate", ENGINE, NAMESPACE, {"http": 8080}),
    "neighbour": Peer("slimgate", {"app": "something-else"}, NAMESPACE),
    "application": Peer("shop", {"app": "shop"}, {"slimgate-clients": "allowed"}),
    "stranger": Peer("elsewhere", GATEWAY, {"kubernetes.io/metadata.name": "elsewhere"}),
    "prometheus": Peer("monitoring", {}, {"kubernetes.io/metadata.name": "monitoring"}),
    "database": Peer("slimgate-data", {"app": "postgresql"}, DATA),
    "redis": Peer("slimgate-data", {"app": "redis"}, DATA),
    "dns": DNS,
    "provider": Peer(address="162.159.140.245"),
    "provider over IPv6": Peer(address="2606:4700::6810:84e5"),
    "metadata server": Peer(address="169.254.169.254"),
    "private network": Peer(address="10.1.2.3"),
}

ALLOWED = {
    ("application", "gateway", 8000),
    ("prometheus", "gateway", 8000),
    ("prometheus", "engine", 8080),
    ("gateway", "engine", 8080),
    ("gateway", "database", 5432),
    ("gateway", "redis", 6379),
    ("gateway", "database", 6379),  # by namespace, not by pod
    ("gateway", "redis", 5432),
    ("gateway", "dns", 53),
    ("gateway", "provider", 443),
    ("gateway", "provider over IPv6", 443),
}

PORTS = (22, 53, 80, 443, 5432, 6379, 8000, 8080)


@pytest.mark.parametrize("source", PEERS)
def test_who_may_talk_to_whom(tree: Path, source: str) -> None:
    manifests = [*render(tree / "overlays" / "engine"), *render(tree / "data")]
    policies = of_kind(manifests, "NetworkPolicy")
    found = {
        (source, target, port)
        for target in PEERS
        for port in PORTS
        if target != source
        and {"slimgate", "slimgate-data"} & {PEERS[source].namespace, PEERS[target].namespace}
        and may_connect(policies, PEERS[source], PEERS[target], port)
    }
    # What pods of slimgate-data call is not limited, and within it everybody may talk.
    in_data = {
        peer for peer in found if PEERS[source].namespace == "slimgate-data" and PEERS[peer[1]].namespace != "slimgate"
    }
    assert found - in_data == {row for row in ALLOWED if row[0] == source}


def test_names_are_resolved_over_both_protocols(tree: Path) -> None:
    policies = of_kind(render(tree / "overlays" / "engine"), "NetworkPolicy")
    for protocol in ("UDP", "TCP"):
        assert may_connect(policies, PEERS["gateway"], DNS, 53, protocol)
        assert not may_connect(policies, PEERS["engine"], DNS, 53, protocol)
    assert not may_connect(policies, PEERS["gateway"], PEERS["provider"], 443, "UDP")


def test_gateways_may_go_without_an_engine(tree: Path) -> None:
    policies: list[dict[str, Any]] = of_kind(render(tree / "overlays" / "cloud-only"), "NetworkPolicy")
    assert may_connect(policies, PEERS["gateway"], PEERS["provider"], 443)
    assert not may_connect(policies, PEERS["gateway"], PEERS["engine"], 8080)
