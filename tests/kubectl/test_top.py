"""kubectl top."""

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


def test_pods_and_their_containers_are_shown_with_what_they_take(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", text=PODS)
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/busy", "pod/calm", "--timeout=30s")
    kubectl(
        "wait", "-n", namespace, "--for=jsonpath={.containers[0].name}=c", "pods.metrics.k8s.io/calm", "--timeout=30s"
    )

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
