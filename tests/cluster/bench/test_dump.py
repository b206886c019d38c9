"""Imports of dumps of real clusters."""

from pathlib import Path
from typing import cast

import msgspec
import pytest

from kubeactors.cluster.bench import measure
from kubeactors.cluster.bench.dump import Dump, DumpError, parse_dump
from kubeactors.cluster.bench.reading import ScenarioError, parse_scenario
from kubeactors.cluster.bench.workload import GENERATION_LABEL, WORKLOAD_LABEL

DUMP = """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: worker-a, uid: "1", resourceVersion: "7", labels: {kubernetes.io/hostname: worker-a, disk: ssd}}
  spec: {podCIDR: 10.1.0.0/24, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}], unschedulable: true}
  status: {capacity: {cpu: "4", memory: 8Gi, pods: "20"}, allocatable: {cpu: 3900m, memory: 8Gi, pods: "20"}}
- apiVersion: v1
  kind: Node
  metadata: {name: worker-b, labels: {kubernetes.io/hostname: worker-b, disk: ssd}}
  status: {capacity: {cpu: "4", memory: 8Gi, pods: "20"}, allocatable: {cpu: 3900m, memory: 8Gi, pods: "20"}}
- apiVersion: v1
  kind: Node
  metadata: {name: gpu-1}
  spec: {taints: [{key: gpu, value: "yes", effect: NoSchedule}]}
  status: {capacity: {cpu: "64", memory: 256Gi, pods: "110", nvidia.com/gpu: "8", ephemeral-storage: 1Ti}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop, uid: "2", generation: 3, annotations: {deployment.kubernetes.io/revision: "1"}}
  spec:
    replicas: 3
    selector: {matchLabels: {app: web}}
    template: &template
      metadata: {labels: {app: web}}
      spec: {serviceAccountName: seller, containers: [{name: web, image: "example/web:1"}]}
  status: {replicas: 3, observedGeneration: 3}
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata:
    {name: web-1, namespace: shop, uid: "3", labels: {app: web, pod-template-hash: "1"}, annotations: {deployment.kubernetes.io/revision: "1"},
     ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: "2", controller: true}]}
  spec:
    replicas: 3
    selector: {matchLabels: {app: web, pod-template-hash: "1"}}
    template:
      metadata: {labels: {app: web, pod-template-hash: "1"}}
      spec: {serviceAccountName: seller, containers: [{name: web, image: "example/web:1"}]}
- apiVersion: v1
  kind: Pod
  metadata: &pod
    {name: web-1-a, namespace: shop, uid: "4", labels: {app: web, pod-template-hash: "1"},
     ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: "3", controller: true}]}
  spec: &spec
    nodeName: worker-b
    serviceAccountName: seller
    priority: 0
    volumes: [{name: kube-api-access-x, projected: {sources: []}}]
    containers: [{name: web, image: "example/web:1", volumeMounts: [{name: kube-api-access-x, mountPath: /var/run}]}]
  status: {phase: Running, podIP: 10.1.0.7}
- apiVersion: v1
  kind: Pod
  metadata: {name: bare, namespace: default}
  spec: {nodeName: worker-b, containers: [{name: web, image: "example/web:1"}]}
  status: {phase: Running}
- {apiVersion: v1, kind: Pod, metadata: {name: over, namespace: default}, spec: {containers: []}, status: {phase: Succeeded}}
- {apiVersion: v1, kind: Pod, metadata: {name: static, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}}
- apiVersion: batch/v1
  kind: Job
  metadata: {name: done, namespace: default}
  status: {conditions: [{type: Complete, status: "True"}]}
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop}
  spec: {clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], selector: {app: web}, ports: [{port: 80}]}
- {apiVersion: v1, kind: Event, metadata: {name: noise, namespace: shop}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}
- {apiVersion: example.com/v1, kind: Shop, metadata: {name: mine, namespace: shop}}
"""


def names(dump: Dump) -> list[str]:
    return [f"{one.kind} {one.metadata.name}" for one in dump.objects]


def test_nodes_become_pools_of_their_shapes() -> None:
    dump = parse_dump(DUMP, keep_pods=False)
    ssd, gpu = dump.pools
    assert (ssd.names(), ssd.labels, ssd.allocatable, ssd.taints) == (
        ("worker-a", "worker-b"), {"disk": "ssd"}, {"cpu": "3900m"}, (),
    )  # fmt: skip
    assert (gpu.names(), gpu.resources["nvidia.com/gpu"], [one.key for one in gpu.taints]) == (("gpu-1",), "8", ["gpu"])
    assert dump.cordoned == ("worker-a",)


def test_owned_objects_are_left_to_their_controllers() -> None:
    dump = parse_dump(DUMP, keep_pods=False)
    assert names(dump) == ["Namespace shop", "ServiceAccount seller", "Pod bare", "Deployment web", "Service web"]
    assert dump.wanted == (0, 0, 1, 3, 0)
    assert dump.unknown == {"Shop": 1}


def test_fields_set_by_the_server_are_removed() -> None:
    dump = parse_dump(DUMP, keep_pods=False)
    made = {one.kind: cast("dict[str, dict[str, object]]", msgspec.to_builtins(one)) for one in dump.objects}
    assert made["Deployment"]["metadata"].keys() == {"name", "namespace", "annotations"}
    assert not made["Deployment"]["status"]
    assert "nodeName" not in made["Pod"]["spec"]
    assert not {"clusterIP", "clusterIPs"} & made["Service"]["spec"].keys()


def test_kept_pods_precede_their_controllers_and_stay_on_their_nodes() -> None:
    dump = parse_dump(DUMP, keep_pods=True)
    assert names(dump) == [
        "Namespace shop", "ServiceAccount seller", "Pod web-1-a", "Pod bare", "ReplicaSet web-1", "Deployment web",
        "Service web",
    ]  # fmt: skip
    assert dump.wanted == (0, 0, 0, 1, 0, 3, 0)
    pod = cast("dict[str, dict[str, object]]", msgspec.to_builtins(dump.objects[2]))
    assert pod["spec"]["nodeName"] == "worker-b"
    assert "volumes" not in pod["spec"]
    assert pod["metadata"]["labels"] == {
        "app": "web", "pod-template-hash": "1", WORKLOAD_LABEL: "import", GENERATION_LABEL: "0",
    }  # fmt: skip


@pytest.mark.parametrize("pods", ["recreate", "keep"])
async def test_an_imported_cluster_runs(tmp_path: Path, pods: str) -> None:
    (tmp_path / "dump.yaml").write_text(DUMP)
    scenario = parse_scenario(f"steps: [{{import: {{file: dump.yaml, pods: {pods}}}}}]".encode(), tmp_path)
    result = await measure(scenario)
    assert [(one.step, one.pods, one.complete, one.detail) for one in result.steps] == [
        ("import dump.yaml", 4, True, "left out: 1 Shop")
    ]
    assert result.nodes == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{apiVersion: v1, kind: Pod, metadata: {name: 3}}", 'dump.yaml: Pod "3": json: cannot unmarshal number'),
        ("- 1", "dump.yaml: this is not output of kubectl get -o yaml: a document is not an object"),
        ("a: [", "dump.yaml: this is not YAML"),
    ],
)
def test_the_error_of_a_malformed_dump_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "dump.yaml").write_text(text)
    with pytest.raises(ScenarioError) as error:
        parse_scenario(b"steps: [{import: {file: dump.yaml}}]", tmp_path)
    assert sentence in str(error.value)
    with pytest.raises((DumpError, ValueError)):
        parse_dump(text, keep_pods=False)


def test_the_error_of_a_missing_dump_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"steps\[0\]\.import\.file: .*: No such file or directory"):
        parse_scenario(b"steps: [{import: {file: nowhere.yaml}}]", tmp_path)
