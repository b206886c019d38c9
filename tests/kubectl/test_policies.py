"""Quotas, limits, security of pods, and owners of fields, as people see them with kubectl."""

import pytest

from tests.kubectl.conftest import Kubectl, manifest

pytestmark = pytest.mark.kubectl

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{colour: {colour}}}
"""


def test_a_tenant_gets_what_its_quota_allows(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    on("apply", "-f", manifest("quota"))
    on("wait", "resourcequota/compute", "--for=jsonpath={.status.used.pods}=0", "--timeout=20s")
    for name in ("a", "b"):
        on("run", name, "--image=nginx")
    assert on("get", "pod", "a", "-o", "jsonpath={.spec.containers[0].resources.requests.cpu}") == "100m"
    refused = kubectl.run("run", "c", "--image=nginx", "-n", namespace)
    assert refused.returncode == 1
    assert (
        'pods "c" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2'
        in refused.stderr
    )
    on("wait", "resourcequota/compute", "--for=jsonpath={.status.used.pods}=2", "--timeout=20s")
    assert "pods: 2/2" in on("get", "resourcequota", "compute")
    assert "limits.memory" in on("describe", "resourcequota", "compute")
    assert "Container" in on("describe", "limitrange", "sizes")


def test_a_namespace_refuses_pods_that_are_not_hardened(kubectl: Kubectl, namespace: str) -> None:
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    refused = kubectl.run("run", "a", "--image=nginx", "-n", namespace)
    assert 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false' in refused.stderr
    created = kubectl.run("create", "deployment", "a", "--image=nginx", "-n", namespace)
    assert created.returncode == 0
    assert 'would violate PodSecurity "restricted:latest"' in created.stderr


def test_two_managers_apply_to_one_object(kubectl: Kubectl, namespace: str) -> None:
    def apply(colour: str, manager: str, *arguments: str) -> tuple[int, str]:
        text = CONFIG.format(colour=colour)
        command = ("apply", "--server-side", "-n", namespace, f"--field-manager={manager}", *arguments, "-f", "-")
        done = kubectl.run(*command, text=text)
        return done.returncode, done.stdout + done.stderr

    assert apply("red", "one") == (0, "configmap/settings serverside-applied\n")
    code, said = apply("blue", "two")
    assert code == 1
    assert 'Apply failed with 1 conflict: conflict with "one": .data.colour' in said
    assert apply("blue", "two", "--force-conflicts")[0] == 0
    assert apply("green", "two", "--dry-run=server")[0] == 0
    owners = kubectl("get", "configmap", "settings", "-n", namespace, "--show-managed-fields", "-o", "yaml")
    assert ("manager: two" in owners, "manager: one" in owners, "colour: blue" in owners) == (True, False, True)


def test_metrics_are_told(kubectl: Kubectl) -> None:
    text = kubectl("get", "--raw", "/metrics")
    assert "apiserver_request_total{" in text
    assert 'actor_mailbox_messages{actor="ApiServer"}' in text
