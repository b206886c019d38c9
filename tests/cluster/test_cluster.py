"""A cluster inside a program, on both event loops."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx2
import pytest
import yaml

from kubeactors import Cluster, NodePool
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import ConfigMap, Container, Node, Pod, PodSpec, Taint
from kubeactors.api.storage.v1 import CSINode
from kubeactors.api.storage.v1.csinode import CSINodeSpec
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.apiserver.http.serving import WrongEventLoop
from kubeactors.cluster import ClusterSpec, ManifestError, machines
from kubeactors.cluster.machines import kubelet_configs
from kubeactors.cluster.manifest import read_manifest
from kubeactors.cluster.pki import ensure_pki
from kubeactors.cluster.power import POWER_ANNOTATION, PROCESSES_ANNOTATION
from kubeactors.cluster.spec import QUICK, ZONE_LABEL

MANIFESTS = Path(__file__).parents[1] / "manifests"


async def test_a_manifest_is_applied_and_waited_for() -> None:
    async with Cluster(nodes=3) as cluster:
        applied = await cluster.apply(MANIFESTS / "rollout.yaml")
        assert [obj.kind for obj in applied] == [
            "ConfigMap", "Secret", "Deployment", "Service", "Deployment", "Service", "ReplicaSet",
        ]  # fmt: skip
        front = await cluster.wait_for("deployment/front", "Complete")
        assert isinstance(front, Deployment)
        assert front.status.ready_replicas == 5
        await cluster.client.delete(Deployment, "front", "default")
        assert await cluster.wait_for("deploy/front", "Deleted") is None


WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {team: shop}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example/web:1", env: [{name: A, value: b}]}]}
"""


async def test_fields_removed_from_a_manifest_are_deleted_and_those_of_others_stay() -> None:
    async with Cluster(nodes=0) as cluster:
        await cluster.apply(WEB)
        patch = {"metadata": {"labels": {"by": "hand"}}, "spec": {"replicas": 7, "paused": True}}
        await cluster.client.patch(Deployment, "web", patch, "default")
        renamed = WEB.replace("name: web, image", "name: app, image").replace(", annotations: {team: shop}", "")
        (web,) = await cluster.apply(renamed.replace(", env: [{name: A, value: b}]", ""))
        assert isinstance(web, Deployment)
        assert [(one.name, one.image, one.env) for one in web.spec.template.spec.containers] == [
            ("app", "example/web:1", ())
        ]
        assert ("team" in web.metadata.annotations, web.metadata.labels) == (False, {"by": "hand"})
        assert (web.spec.replicas, web.spec.paused) == (1, True)
        (same,) = await cluster.apply(Deployment(metadata=ObjectMeta(name="web"), spec=web.spec))
        assert isinstance(same, Deployment)
        assert same.spec == web.spec


async def test_an_object_without_a_name_is_not_applied() -> None:
    async with Cluster(nodes=0) as cluster:
        with pytest.raises(ManifestError, match="this ConfigMap has no name to apply it to"):
            await cluster.apply(ConfigMap(metadata=ObjectMeta(generate_name="some-")))


async def test_a_condition_that_never_holds_is_a_timeout() -> None:
    async with Cluster(nodes=0) as cluster:
        spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
        await cluster.apply(Pod(metadata=ObjectMeta(name="nowhere"), spec=spec))
        with pytest.raises(TimeoutError, match=r"pod/nowhere in namespace default: not Ready within 0\.3 s; PodSch"):
            await cluster.wait_for("pod/nowhere", "Ready", timeout=0.3)
        with pytest.raises(TimeoutError, match=r"^node/n: not Ready=Unknown within 0\.1 s; it does not exist$"):
            await cluster.wait_for("node/n", "Ready=Unknown", timeout=0.1)
        with pytest.raises(ValueError, match="kind/name"):
            await cluster.wait_for("nowhere", "Ready")


async def test_pods_of_a_rack_without_power_run_elsewhere() -> None:
    pool = NodePool(count=4, racks=2, start_latency_seconds=0.0)
    async with Cluster(spec=ClusterSpec(nodes=pool, timing=QUICK)) as cluster:
        await cluster.apply(make_tolerant("web", 6))
        await cluster.wait_for("deployment/web", "Complete")
        racks = await cluster.racks()
        assert racks == {"rack-1": ("node-1", "node-3"), "rack-2": ("node-2", "node-4")}
        cluster.power_off(racks["rack-1"])
        running: dict[str, str] = {}
        async with cluster.watching(Pod, "default") as inbox:
            while len(running) < 6:
                event = await inbox.next()
                assert event is not None
                pod = event.object
                assert isinstance(pod, Pod)
                running.pop(pod.metadata.name, None)
                if pod.status.phase == "Running" and pod.spec.node_name in racks["rack-2"]:
                    running[pod.metadata.name] = pod.spec.node_name


async def test_an_annotation_cuts_a_machines_power_and_restores_it() -> None:
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=2), timing=QUICK, power_switch=True)) as cluster:
        await cluster.wait_for("node/node-1", "Ready")
        for power, status in (("off", "Unknown"), ("on", "True")):
            async with cluster.watching(Node, "", "metadata.name=node-1") as inbox:
                await cluster.client.patch(Node, "node-1", {"metadata": {"annotations": {POWER_ANNOTATION: power}}})
                ready = ""
                while ready != status:
                    event = await inbox.next()
                    assert event is not None
                    node = event.object
                    assert isinstance(node, Node)
                    ready = next(one.status for one in node.status.conditions if one.type == "Ready")


async def test_an_annotation_loads_a_machine_which_then_evicts_pods_and_is_tainted() -> None:
    pool = NodePool(count=1, eviction_hard={"pid.available": "10%"})
    async with Cluster(spec=ClusterSpec(nodes=pool, timing=QUICK, power_switch=True)) as cluster:
        spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
        await cluster.apply(Pod(metadata=ObjectMeta(name="p"), spec=spec))
        await cluster.wait_for("pod/p", "Ready")
        async with cluster.watching(Node, "", "metadata.name=node-1") as inbox:
            await cluster.client.patch(Node, "node-1", {"metadata": {"annotations": {PROCESSES_ANNOTATION: "32k"}}})
            tainted = False
            while not tainted:
                event = await inbox.next()
                assert event is not None
                assert isinstance(event.object, Node)
                tainted = any(one.key == "node.kubernetes.io/pid-pressure" for one in event.object.spec.taints)
        pod = await cluster.client.get(Pod, "p", "default")
        assert (pod.status.phase, pod.status.reason) == ("Failed", "Evicted")


async def test_a_cluster_cancelled_during_its_start_leaves_nothing_behind(tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with Cluster(nodes=1, data_dir=tmp_path):
            pytest.fail("the start was cancelled")
    async with Cluster(nodes=1, data_dir=tmp_path) as cluster:  # the store is not locked any more
        await cluster.wait_for("node/node-1", "Ready")


async def test_an_error_in_the_serving_block_is_not_wrapped(tmp_path: Path, anyio_backend: str) -> None:
    expected = KeyError if anyio_backend == "asyncio" else WrongEventLoop
    async with Cluster(nodes=0) as cluster:
        with pytest.raises(expected):
            async with cluster.serve(tmp_path, port=0):
                raise KeyError


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_every_path_listed_at_the_root_is_served(tmp_path: Path) -> None:
    async with (
        Cluster(nodes=0) as cluster,
        cluster.serve(tmp_path, port=0) as url,
        httpx2.AsyncClient(base_url=url, verify=admin_of(tmp_path)) as client,
    ):
        paths: list[str] = (await client.get("/")).json()["paths"]
        answers = {path: (await client.get(path)).status_code for path in paths}
        flags = (await client.get("/flagz")).text
        ready = (await client.get("/readyz?verbose")).text
    assert {path: code for path, code in answers.items() if code != 200} == {}
    assert {"/livez/poststarthook/rbac/bootstrap-roles", "/readyz/etcd-readiness", "/healthz/etcd"} <= set(paths)
    assert "\nservice-cluster-ip-range: 10.96.0.0/12\n" in flags
    assert "\n[+]poststarthook/start-apiextensions-controllers ok\n" in ready


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_request_is_not_said_to_have_begun_before_it_was_sent(tmp_path: Path) -> None:
    """Not even on an idle server, where the time of the actors' kernel stands still."""
    idle_seconds, waited = 0.4, 0.0
    async with (
        Cluster(nodes=0) as cluster,
        cluster.serve(tmp_path, port=0) as url,
        httpx2.AsyncClient(base_url=url, verify=admin_of(tmp_path)) as client,
    ):
        for _ in range(3):
            await anyio.sleep(idle_seconds)
            began = anyio.current_time()
            assert (await client.get("/api/v1/nodes")).status_code == 200
            waited += anyio.current_time() - began
        metrics = (await client.get("/metrics")).text
    (said,) = (line for line in metrics.splitlines() if DURATION in line and 'resource="nodes"' in line)
    assert float(said.split()[-1]) < waited + idle_seconds


DURATION = "apiserver_request_duration_seconds_sum"


def admin_of(directory: Path) -> ssl.SSLContext:
    """Trusts a cluster that keeps its certificates here, as its administrator."""
    pki = ensure_pki(directory, [], datetime.now(UTC))  # noqa: TID251 -- TLS checks validity in real time
    trust = ssl.create_default_context(cafile=str(pki.ca_certificate))
    trust.load_cert_chain(pki.admin_certificate, pki.admin_key)
    return trust


async def test_state_outlives_the_cluster(tmp_path: Path) -> None:
    async with Cluster(nodes=1, data_dir=tmp_path) as cluster:
        await cluster.apply(ConfigMap(metadata=ObjectMeta(name="kept"), data={"a": "b"}))
        before = await cluster.client.get(ConfigMap, "kept", "default")
    async with Cluster(nodes=1, data_dir=tmp_path) as cluster:
        assert await cluster.client.get(ConfigMap, "kept", "default") == before


async def test_a_cluster_can_have_several_node_pools() -> None:
    taint = Taint(key="dedicated", value="gpu", effect="NoSchedule")
    big = NodePool(
        prefix="big",
        count=2,
        racks=0,
        zones=2,
        cpu="64",
        labels={"disk": "ssd"},
        taints=(taint,),
        resources={"nvidia.com/gpu": "8"},
        allocatable={"cpu": "60"},
    )
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=1), more_nodes=(big,))) as cluster:
        await cluster.wait_for("node/node-1", "Ready")
        node = await cluster.wait_for("node/big-2", "Ready")
        racks = await cluster.racks()
    assert isinstance(node, Node)
    assert racks == {"rack-1": ("node-1",)}
    assert (node.metadata.labels["disk"], node.metadata.labels[ZONE_LABEL]) == ("ssd", "zone-2")
    assert (node.status.capacity["cpu"], node.status.allocatable["cpu"]) == ("64", "60")
    assert node.status.allocatable["nvidia.com/gpu"] == "8"
    assert taint in node.spec.taints


async def test_machines_boot_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "AT_ONE_TIME", 2)
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=5), timing=QUICK)) as cluster:
        cluster.power_off(["node-5"])  # perhaps before it has booted
        for number in range(1, 5):
            await cluster.wait_for(f"node/node-{number}", "Ready", timeout=20)


async def test_the_error_names_an_unknown_machine() -> None:
    async with Cluster(nodes=1) as cluster:
        for switch in (cluster.power_off, cluster.power_on):
            with pytest.raises(ValueError, match='there is no machine "node-2"'):
                switch(["node-1", "node-2"])
        await cluster.wait_for("node/node-1", "Ready")


@pytest.mark.parametrize(
    "twice",
    [
        lambda: Cluster(5, spec=ClusterSpec()),
        lambda: Cluster(NodePool(), spec=ClusterSpec()),
        lambda: Cluster(spec=ClusterSpec(), data_dir=Path("state")),
    ],
)
def test_a_spec_excludes_other_arguments(twice: Callable[[], Cluster]) -> None:
    with pytest.raises(ValueError, match="a spec or a snapshot has"):
        twice()


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Cluster(nodes=-1), "count"),
        (lambda: NodePool(count=-1), "count"),
        (lambda: NodePool(racks=-1), "racks"),
        (lambda: NodePool(zones=-1), "zones"),
    ],
)
def test_negative_counts_are_rejected(make: Callable[[], object], field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} of a node pool is -1; it must not be negative"):
        make()


async def test_duplicate_node_names_are_rejected() -> None:
    with pytest.raises(ValueError, match='two nodes are named "node-1"'):
        list(kubelet_configs([NodePool(), NodePool()], QUICK))


async def test_each_node_has_a_csi_node_that_goes_with_it() -> None:
    async with Cluster(nodes=1) as cluster:
        await cluster.wait_for("csinode/node-1", "create")
        made = await cluster.client.get(CSINode, "node-1")
        node = await cluster.client.get(Node, "node-1")
        owner = OwnerReference(api_version="v1", kind="Node", name="node-1", uid=node.metadata.uid)
        assert (made.metadata.owner_references, made.spec) == ((owner,), CSINodeSpec())
        await cluster.client.delete(Node, "node-1")
        await cluster.wait_for("csinode/node-1", "delete")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Nothing\napiVersion: v1\n", 'document 1: unknown kind "Nothing" in version "v1"'),
        ("kind: ConfigMap\napiVersion: v1\ndota: {}\n", r'document 1 \(ConfigMap\): unknown field "dota"'),
        ("a: [\n", "this is not YAML"),
        ("- 1\n- 2\n", "document 1 is not an object"),
        ("a: 1\n? [b]\n: 2\n", "document 1: .* found unhashable key"),
        ("items: !new 1\n", "document 1: .* could not determine a constructor for the tag '!new'"),
        ("a: [b", "this is not YAML"),
        ("kind: List\napiVersion: v1\nitems: []\n", "the manifest has no objects"),
        ("kind: List\napiVersion: v1\nitems: [1]\n", "document 1 is not an object"),
        ("kind: List\napiVersion: v1\nkind: List\nitems: []\n", 'key "kind" already set in map'),
        ("", "the manifest has no objects"),
        ("# nothing\n---\n", "the manifest has no objects"),
    ],
)
def test_the_error_of_a_malformed_manifest_has_place_and_reason(text: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        read_manifest(text)


@pytest.mark.parametrize(
    "text",
    [
        """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: "2001-01-01"}, data: {mode: "0777"}}
""",
        """
apiVersion: v1
kind: ConfigMapList
items:
- metadata: {name: a}
- {metadata: {name: "2001-01-01"}, data: {mode: "0777"}}
""",
    ],
)
def test_the_items_of_a_list_are_the_objects_of_a_manifest(text: str) -> None:
    one = ConfigMap(metadata=ObjectMeta(name="a"))
    other = ConfigMap(metadata=ObjectMeta(name="2001-01-01"), data={"mode": "0777"})
    assert read_manifest(text) == read_manifest(yaml.load(text, Loader=yaml.CSafeLoader)) == (one, other)


@pytest.mark.parametrize("key", ["when", "items"])
def test_what_looks_like_a_date_that_does_not_exist_is_a_string(key: str) -> None:
    text = f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{{key}: 2026-13-45}}}}"
    assert read_manifest(text) == (ConfigMap(metadata=ObjectMeta(name="c"), data={key: "2026-13-45"}),)


def test_a_path_may_have_a_colon_and_a_space_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "shop: all.yaml"
    path.write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")
    assert read_manifest(str(path)) == (ConfigMap(metadata=ObjectMeta(name="c")),)
    with pytest.raises(FileNotFoundError, match=r"shop\.yaml"):
        read_manifest("shop.yaml")


def make_tolerant(name: str, replicas: int) -> dict[str, object]:
    """A Deployment whose pods are evicted from a lost node at once."""
    keys = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
    tolerations = [{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0} for key in keys]
    labels = {"app": name}
    spec = {"tolerations": tolerations, "containers": [{"name": "app", "image": "example/app:1"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }
