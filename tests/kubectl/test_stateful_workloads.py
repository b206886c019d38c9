"""Workloads with names, places and storage of their own, as people use them with kubectl."""

import json

import pytest

from tests.kubectl.conftest import Kubectl, manifest, rows

pytestmark = pytest.mark.kubectl


def test_a_stateful_set_is_grown_rolled_undone_and_keeps_its_claims(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    def images() -> list[str]:
        return on("get", "pods", "-l", "app=ledger", "-o", "jsonpath={.items[*].spec.containers[0].image}").split()

    on("apply", "-f", manifest("ledger"))
    on("rollout", "status", "statefulset/ledger", "--timeout=40s")
    assert [row[0] for row in rows(on("get", "pods", "-l", "app=ledger"))] == ["ledger-0", "ledger-1"]
    assert rows(on("get", "statefulset", "ledger"))[0][:2] == ["ledger", "2/2"]
    assert [row[:2] for row in rows(on("get", "pvc"))] == [["pages-ledger-0", "Bound"], ["pages-ledger-1", "Bound"]]
    on("scale", "statefulset/ledger", "--replicas=3")
    on("rollout", "status", "statefulset/ledger", "--timeout=40s")

    on("set", "image", "statefulset/ledger", "ledger=example/ledger:2")
    on("rollout", "status", "statefulset/ledger", "--timeout=40s")
    assert images() == ["example/ledger:2"] * 3
    assert rows(on("rollout", "history", "statefulset/ledger"))[-2:]
    on("rollout", "undo", "statefulset/ledger")
    on("rollout", "status", "statefulset/ledger", "--timeout=40s")
    assert images() == ["example/ledger:1"] * 3
    assert "SuccessfulCreate" in on("describe", "statefulset", "ledger")

    on("delete", "statefulset", "ledger", "--timeout=40s")
    on("wait", "--for=delete", "pod/ledger-0", "--timeout=20s")
    assert len(rows(on("get", "pvc"))) == 3
    on("delete", "pvc", "--all", "--timeout=30s")
    kubectl("delete", "storageclass", "ledger")


def test_a_daemon_runs_on_every_node_and_rolls(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    on("apply", "-f", manifest("agent"))
    on("rollout", "status", "daemonset/agent", "--timeout=40s")
    assert rows(on("get", "daemonset", "agent"))[0][:6] == ["agent", "3", "3", "3", "3", "3"]
    nodes = on("get", "pods", "-l", "app=agent", "-o", "jsonpath={.items[*].spec.nodeName}").split()
    assert sorted(nodes) == ["node-1", "node-2", "node-3"]
    on("set", "image", "daemonset/agent", "agent=example/agent:2")
    on("rollout", "status", "daemonset/agent", "--timeout=40s")
    found = on("get", "pods", "-l", "app=agent", "-o", "jsonpath={.items[*].spec.containers[0].image}").split()
    assert found == ["example/agent:2"] * 3
    assert "Desired Number of Nodes Scheduled: 3" in on("describe", "daemonset", "agent")


def test_a_replication_controller_is_scaled_and_described(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    on("apply", "-f", manifest("controller"))
    on("wait", "rc/old", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=30s")
    on("scale", "rc/old", "--replicas=3")
    on("wait", "rc/old", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=30s")
    assert rows(on("get", "rc", "old"))[0][:4] == ["old", "3", "3", "3"]
    assert "3 Running" in on("describe", "rc", "old")


def test_volumes_are_bound_shown_and_released(kubectl: Kubectl, namespace: str) -> None:
    volume = (
        '{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "shelf"}, "spec": {"capacity": '
        '{"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "shelf", "hostPath": {"path": "/s"}}}'
    )
    claim = (
        '{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "books"}, "spec": {"resources": '
        '{"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"], "storageClassName": "shelf"}}'
    )
    try:
        kubectl("apply", "-f", "-", text=volume)
        kubectl("apply", "-n", namespace, "-f", "-", text=claim)
        kubectl("wait", "-n", namespace, "pvc/books", "--for=jsonpath={.status.phase}=Bound", "--timeout=20s")
        assert rows(kubectl("get", "pv", "shelf"))[0][:6] == [
            "shelf", "2Gi", "RWO", "Retain", "Bound", f"{namespace}/books"
        ]  # fmt: skip
        assert rows(kubectl("get", "pvc", "books", "-n", namespace))[0][1:5] == ["Bound", "shelf", "2Gi", "RWO"]
        kubectl("delete", "-n", namespace, "pvc", "books", "--timeout=20s")
        kubectl("wait", "pv/shelf", "--for=jsonpath={.status.phase}=Released", "--timeout=20s")
    finally:
        kubectl("delete", "pv", "shelf", "--timeout=20s")


GROWING = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: growing}
provisioner: kubeactors.io/simulated
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: growing, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def to_be(size: str) -> str:
    return json.dumps({"spec": {"resources": {"requests": {"storage": size}}}})


def test_a_claim_grows_as_it_is_told_to(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str, text: str | None = None) -> str:
        return kubectl(*arguments, "-n", namespace, text=text)

    on("apply", "-f", "-", text=GROWING)
    on("wait", "pvc/data", "--for=jsonpath={.status.phase}=Bound", "--timeout=20s")
    on("patch", "pvc", "data", "-p", to_be("2Gi"))
    on("wait", "pvc/data", "--for=jsonpath={.status.capacity.storage}=2Gi", "--timeout=20s")
    assert rows(on("get", "pvc"))[0][3] == "2Gi"
    volume = on("get", "pvc", "data", "-o", "jsonpath={.spec.volumeName}")
    assert rows(kubectl("get", "pv", volume))[0][1] == "2Gi"
    assert f"External resizer is resizing volume {volume}" in on("describe", "pvc", "data")
    kubectl("patch", "storageclass", "growing", "-p", '{"allowVolumeExpansion": false}')
    refused = kubectl.run("patch", "pvc", "data", "-n", namespace, "-p", to_be("3Gi"))
    assert "the storageclass that provisions the pvc must support resize" in refused.stderr
    on("delete", "pvc", "data", "--timeout=20s")
    kubectl("delete", "storageclass", "growing")


SITE = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: shared}
provisioner: kubeactors.io/simulated
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: site}
spec:
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: nginx, image: nginx, volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {storageClassName: shared, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def test_a_volume_keeps_what_a_pod_has_written_when_the_pod_moves(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str, text: str | None = None) -> str:
        return kubectl("-n", namespace, *arguments, text=text)

    def node() -> str:
        return on("get", "pod", "site-0", "-o", "jsonpath={.spec.nodeName}")

    on("apply", "-f", "-", text=SITE)
    on("rollout", "status", "statefulset/site", "--timeout=20s")
    on("exec", "site-0", "--", "sh", "-c", "hostname > /usr/share/nginx/html/index.html")
    before = node()
    kubectl("cordon", before)
    try:
        on("delete", "pod", "site-0", "--timeout=20s")
        on("rollout", "status", "statefulset/site", "--timeout=20s")
        assert node() != before
        assert on("exec", "site-0", "--", "curl", "-s", "http://localhost") == "site-0\n"
        assert kubectl("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/site-0/proxy/") == "site-0\n"
        address = on("get", "pod", "site-0", "-o", "jsonpath={.status.podIP}")
        assert "site-0\n" in on(
            "run", "reader", "-i", "--image=busybox", "--restart=Never", "--", "wget", "-qO-", address
        )
    finally:
        kubectl("uncordon", before)
