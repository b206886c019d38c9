"""What people do with kubectl every day, against `kubeactors up`."""

import pytest

from tests.kubectl.conftest import Kubectl, manifest, rows

pytestmark = pytest.mark.kubectl


def test_a_pod_and_its_service_come_up(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", manifest("app"))
    kubectl("wait", "-n", namespace, "pod/single", "--for=condition=Ready", "--timeout=20s")
    pod = kubectl("get", "-n", namespace, "pod", "single", "-o", "jsonpath={.status.podIP} {.status.phase}").split()
    kubectl("wait", "-n", namespace, "endpoints/single", f"--for=jsonpath={{.subsets[0].addresses[0].ip}}={pod[0]}")
    slices = kubectl("get", "-n", namespace, "endpointslices", "-o", "jsonpath={.items[0].endpoints[0].addresses[0]}")
    assert (pod[1], slices) == ("Running", pod[0])
    assert "8080:30123/TCP" in kubectl("get", "-n", namespace, "service", "single")


def test_the_downward_pod_runs_and_tells_its_log(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", manifest("downward"))
    kubectl("wait", "-n", namespace, "pod/downward", "--for=condition=Ready", "--timeout=20s")
    assert kubectl("logs", "-n", namespace, "downward").strip()
    assert "someone" in kubectl("describe", "-n", namespace, "pod", "downward")


def test_the_guestbook_gets_its_endpoints(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", manifest("guestbook"))
    for name, count in (("leader", 1), ("replica", 2), ("page", 3)):
        kubectl("rollout", "status", "-n", namespace, f"deployment/{name}", "--timeout=30s")
        kubectl("wait", "-n", namespace, f"deployment/{name}", "--for=condition=Available", "--timeout=20s")
        path = f"{{.subsets[0].addresses[{count - 1}].ip}}"
        kubectl("wait", "-n", namespace, f"endpoints/{name}", f"--for=jsonpath={path}", "--timeout=20s")


def test_a_deployment_is_scaled_rolled_paused_and_undone(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    def rolled_out() -> None:
        on("rollout", "status", "deployment/front", "--timeout=30s")

    def images() -> set[str]:
        found = on("get", "pods", "-l", "tier=front", "-o", "jsonpath={.items[*].spec.containers[0].image}")
        return set(found.split())

    on("apply", "-f", manifest("rollout"))
    rolled_out()
    on("scale", "deployment/front", "--replicas=7")
    rolled_out()
    assert len(rows(on("get", "pods", "-l", "tier=front"))) >= 7

    on("set", "image", "deployment/front", "front=example/front:2")
    rolled_out()
    on("wait", "pods", "-l", "tier=front", "--for=condition=Ready", "--timeout=20s")
    assert "example/front:2" in images()
    assert "REVISION" in on("rollout", "history", "deployment/front")

    on("rollout", "undo", "deployment/front")
    rolled_out()
    assert (
        on("get", "deployment/front", "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "example/front:1"
    )

    on("rollout", "pause", "deployment/front")
    on("set", "image", "deployment/front", "front=example/front:3")
    on("wait", "deployment/front", "--for=jsonpath={.status.observedGeneration}", "--timeout=20s")
    assert "example/front:3" not in images()
    on("rollout", "resume", "deployment/front")
    rolled_out()
    assert "example/front:3" in images()


def test_an_update_to_an_image_that_says_it_is_not_there_gets_stuck_until_it_is_undone(
    kubectl: Kubectl, namespace: str
) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    on("create", "deployment", "web", "--image=nginx:1.16.1", "--replicas=3")
    on("rollout", "status", "deployment/web", "--timeout=30s")
    on("set", "image", "deployment/web", "nginx=nginx:1.161")
    stuck = "jsonpath={.items[?(@.spec.containers[0].image=='nginx:1.161')].metadata.name}"
    on("wait", "deployment/web", "--for=jsonpath={.status.updatedReplicas}=1", "--timeout=20s")
    bad = on("get", "pods", "-o", stuck)
    reason = "{.status.containerStatuses[0].state.waiting.reason}"
    on("wait", f"pod/{bad}", f"--for=jsonpath={reason}=ImagePullBackOff", "--timeout=30s")
    assert 'Failed to pull image "nginx:1.161": rpc error: code = NotFound' in on("describe", "pod", bad)
    assert on("get", "deployment/web", "-o", "jsonpath={.status.availableReplicas}") == "3"
    on("rollout", "undo", "deployment/web")
    on("rollout", "status", "deployment/web", "--timeout=30s")
    on("run", "never", "--image=example/invalid", "--image-pull-policy=Never")
    on("wait", "pod/never", f"--for=jsonpath={reason}=ErrImageNeverPull", "--timeout=30s")


def test_objects_are_labelled_annotated_described_and_deleted(kubectl: Kubectl, namespace: str) -> None:
    def on(*arguments: str) -> str:
        return kubectl(*arguments, "-n", namespace)

    on("create", "configmap", "facts", "--from-literal=a=1")
    on("label", "configmap/facts", "colour=red")
    on("annotate", "configmap/facts", "note=hello")
    assert rows(on("get", "configmaps", "-l", "colour=red"))[0][:2] == ["facts", "1"]
    assert "note: hello" in on("describe", "configmap", "facts")
    on("patch", "configmap", "facts", "--type=merge", "-p", '{"data":{"b":"2"}}')
    assert on("get", "configmap", "facts", "-o", "jsonpath={.data.b}") == "2"
    on("delete", "configmap", "facts")
    assert "NotFound" in kubectl.run("get", "configmap", "facts", "-n", namespace).stderr


def test_events_tell_what_happened(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", manifest("rollout"))
    kubectl("rollout", "status", "-n", namespace, "deployment/back", "--timeout=30s")
    told = kubectl("events", "-n", namespace)
    for reason in ("ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulled", "Created", "Started"):
        assert reason in told


def test_explain_knows_fields(kubectl: Kubectl) -> None:
    told = kubectl("explain", "deployment.spec.strategy.rollingUpdate")
    assert "maxSurge" in told
    assert "maxUnavailable" in told


def test_explain_has_something_to_say_of_everything(kubectl: Kubectl) -> None:
    for what in ("pod.spec.containers", "deployment.spec", "service.spec", "job.spec", "ingress.spec.rules.http.paths"):
        told = kubectl("explain", what)
        assert "<no description>" not in told
        assert "DESCRIPTION:" in told
    assert "The desired number of pods. 1 by default." in kubectl("explain", "deployment.spec.replicas")


def test_an_unknown_field_is_refused_by_name(kubectl: Kubectl, namespace: str) -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "typo"}, "dota": {"a": "b"}}'
    done = kubectl.run("apply", "-n", namespace, "-f", "-", text=text)
    assert done.returncode == 1
    assert 'unknown field "dota"' in done.stderr


def test_a_drained_node_is_empty_and_its_pods_run_elsewhere(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "deployment", "hello", "-n", namespace, "--image=example/hello", "--replicas=6")
    kubectl("rollout", "status", "-n", namespace, "deployment/hello", "--timeout=30s")
    try:
        kubectl("cordon", "node-3")
        on_it = f"spec.nodeName=node-3,metadata.namespace={namespace}"
        for name in kubectl("get", "pods", "-n", namespace, "--field-selector", on_it, "-o", "name").split():
            kubectl("delete", "-n", namespace, name, "--grace-period=1")
        kubectl("rollout", "status", "-n", namespace, "deployment/hello", "--timeout=30s")
        assert not kubectl("get", "pods", "-n", namespace, "--field-selector", on_it, "-o", "name").split()
        until_told(kubectl, "NodeNotSchedulable")
    finally:
        kubectl("uncordon", "node-3")
    until_told(kubectl, "NodeSchedulable")


def until_told(kubectl: Kubectl, reason: str) -> None:
    """The kubelet of node-3 says what it sees of its Node."""
    for _ in range(100):
        if f"Node node-3 status is now: {reason}" in kubectl("describe", "node", "node-3"):
            return
    raise AssertionError(f"nobody says {reason}")
