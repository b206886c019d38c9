"""kubectl top."""

import json

import pytest

from .conftest import Kubectl, rows

pytestmark = pytest.mark.kubectl

PODS = """
apiVersion: v1
kind: Pod
metadata:
  name: busy
  labels: {app: busy}
  annotations: {simulated.kubeactors.io/cpu: 250m, simulated.kubeactors.io/memory: 64Mi}
spec: {containers: [{name: a, image: example/x}, {name: b, image: example/y}]}
---
apiVersion: v1
kind: Pod
metadata: {name: calm}
spec: {containers: [{name: c, image: example/x}]}
"""


def until_measured(kubectl: Kubectl, namespace: str, pod: str) -> None:
    """What was measured may be some seconds old."""
    for _ in range(200):
        if kubectl.run("get", f"pods.metrics.k8s.io/{pod}", "-n", namespace).returncode == 0:
            return
    raise AssertionError(f"{pod} is not measured")


def test_pods_and_their_containers_are_shown_with_what_they_take(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", text=PODS)
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/busy", "pod/calm", "--timeout=30s")
    until_measured(kubectl, namespace, "calm")

    assert rows(kubectl("top", "pod", "-n", namespace, "--sort-by=cpu")) == [
        ["busy", "500m", "128Mi"],
        ["calm", "1m", "4Mi"],
    ]
    assert rows(kubectl("top", "pod", "-n", namespace, "-l", "app=busy", "--containers")) == [
        ["busy", "a", "250m", "64Mi"],
        ["busy", "b", "250m", "64Mi"],
    ]
    missing = kubectl.run("get", "pods.metrics.k8s.io", "nobody", "-n", namespace)
    assert missing.stderr == 'Error from server (NotFound): pods "nobody" not found\n'


def test_nodes_are_shown_with_their_share(kubectl: Kubectl) -> None:
    found = rows(kubectl("top", "node"))
    assert [row[0] for row in found] == ["node-1", "node-2", "node-3"]
    assert all(row[1].endswith("m") and row[2].endswith("%") and row[3].endswith("Mi") for row in found)


def test_a_node_has_a_summary_and_metrics_of_its_own(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", text=PODS)
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/busy", "--timeout=30s")
    until_measured(kubectl, namespace, "busy")
    node = kubectl("get", "pod", "busy", "-n", namespace, "-o", "jsonpath={.spec.nodeName}")
    summary = json.loads(kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    pods = [one for one in summary["pods"] if one["podRef"] == {"name": "busy", "namespace": namespace}]

    assert summary["node"]["nodeName"] == node
    assert [(one["name"], one["cpu"]["usageNanoCores"]) for one in pods[0]["containers"]] == [
        ("a", 250_000_000),
        ("b", 250_000_000),
    ]
    assert pods[0]["memory"]["workingSetBytes"] == 128 << 20
    metrics = kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/metrics/resource")
    labels = f'{{container="a",namespace="{namespace}",pod="busy"}}'
    assert f"container_memory_working_set_bytes{labels} {64 << 20}\n" in metrics
    assert kubectl.run("get", "--raw", "/api/v1/nodes/nobody/proxy/stats/summary").returncode == 1


STRESS = """
apiVersion: v1
kind: Pod
metadata: {name: memory-demo}
spec:
  containers:
  - name: stress
    image: polinux/stress
    resources: {limits: {memory: 200Mi}}
    command: [stress]
    args: ["--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"]
---
apiVersion: v1
kind: Pod
metadata: {name: memory-demo-2}
spec:
  containers:
  - name: stress
    image: polinux/stress
    resources: {limits: {memory: 100Mi}}
    command: [stress]
    args: ["--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"]
---
apiVersion: v1
kind: Pod
metadata: {name: cpu-demo}
spec:
  containers: [{name: stress, image: vish/stress, resources: {limits: {cpu: "1"}}, args: [-cpus, "2"]}]
"""


def test_stress_takes_what_it_is_told_to_and_no_more_than_its_limit(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", text=STRESS)
    killed = "--for=jsonpath={.status.containerStatuses[0].lastState.terminated.reason}=OOMKilled"
    kubectl("wait", "-n", namespace, killed, "pod/memory-demo-2", "--timeout=30s")

    wanted = [["cpu-demo", "1000m", "4Mi"], ["memory-demo", "1m", "150Mi"]]
    for _ in range(200):  # until it has been measured, nothing is known of it
        if rows(kubectl.run("top", "pod", "-n", namespace, "cpu-demo").stdout) == wanted[:1]:
            break
    shown = [row for row in rows(kubectl("top", "pod", "-n", namespace)) if row[0] != "memory-demo-2"]
    assert shown == wanted
