"""Jobs, CronJobs, disruption budgets and autoscalers, driven by kubectl."""

import pytest

from tests.kubectl.conftest import Kubectl, rows

pytestmark = pytest.mark.kubectl

COUNT = """
apiVersion: batch/v1
kind: Job
metadata: {name: count}
spec:
  completions: 3
  parallelism: 2
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: example/count:1, command: [sh, -c, exit 0]}]
"""
BROKEN = """
apiVersion: batch/v1
kind: Job
metadata: {name: broken}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: example/broken:1, command: [sh, -c, exit 3]}]
"""
BOUNDS = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""


def test_a_job_runs_to_its_end(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "apply", "-f", "-", text=COUNT)
    kubectl("-n", namespace, "wait", "job/count", "--for=condition=Complete", "--timeout=30s")
    ((name, state, completions, *_),) = rows(kubectl("-n", namespace, "get", "jobs"))
    assert (name, state, completions) == ("count", "Complete", "3/3")
    told = kubectl("-n", namespace, "describe", "job", "count")
    assert "0 Active (0 Ready) / 3 Succeeded / 0 Failed" in told
    assert "0-2" in told
    assert "Job completed" in told
    kubectl("-n", namespace, "delete", "job", "count")
    assert kubectl("-n", namespace, "get", "pods") == ""


def test_a_job_that_fails_says_why(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "apply", "-f", "-", text=BROKEN)
    kubectl("-n", namespace, "wait", "job/broken", "--for=condition=Failed", "--timeout=30s")
    ((_, state, completions, *_),) = rows(kubectl("-n", namespace, "get", "jobs"))
    assert (state, completions) == ("Failed", "0/1")
    assert "Job has reached the specified backoff limit" in kubectl("-n", namespace, "describe", "job", "broken")


def test_a_cron_job_can_be_started_by_hand(kubectl: Kubectl, namespace: str) -> None:
    kubectl(
        "-n", namespace, "create", "cronjob", "nightly", "--image=example/count:1", "--schedule=30 2 * * *",
        "--", "sh", "-c", "exit 0",
    )  # fmt: skip
    ((name, schedule, *_),) = [line.split("   ") for line in kubectl("-n", namespace, "get", "cj").splitlines()[1:]]
    assert (name, schedule) == ("nightly", "30 2 * * *")
    kubectl("-n", namespace, "create", "job", "now", "--from=cronjob/nightly")
    kubectl("-n", namespace, "wait", "job/now", "--for=condition=Complete", "--timeout=30s")


def test_a_drain_waits_for_the_budget(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "create", "deployment", "web", "--image=example/web:1", "--replicas=2")
    kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("-n", namespace, "create", "pdb", "web", "--selector=app=web", "--min-available=2")
    kubectl("-n", namespace, "wait", "pdb/web", "--for=jsonpath={.status.currentHealthy}=2", "--timeout=30s")
    ((_, least, most, allowed, _),) = rows(kubectl("-n", namespace, "get", "pdb"))
    assert (least, most, allowed) == ("2", "N/A", "0")
    pod = kubectl("-n", namespace, "get", "pods", "-o", "name").splitlines()[0]
    node = kubectl("-n", namespace, "get", pod, "-o", "jsonpath={.spec.nodeName}")
    try:
        arguments = ("drain", node, "--ignore-daemonsets", "--force", "--pod-selector=app=web", "--timeout=3s")
        refused = kubectl.run(*arguments)
        assert refused.returncode != 0
        assert "Cannot evict pod as it would violate the pod's disruption budget" in refused.stderr
        kubectl("-n", namespace, "patch", "pdb", "web", "-p", '{"spec":{"minAvailable":0}}', "--type=merge")
        kubectl(*arguments[:-1], "--timeout=30s")
    finally:
        kubectl("uncordon", node)


def test_an_autoscaler_keeps_its_bounds(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "create", "deployment", "web", "--image=example/web:1", "--replicas=5")
    kubectl("-n", namespace, "apply", "-f", "-", text=BOUNDS)
    kubectl("-n", namespace, "wait", "deployment/web", "--for=jsonpath={.spec.replicas}=3", "--timeout=30s")
    ((name, reference, *_),) = rows(kubectl("-n", namespace, "get", "hpa"))
    assert (name, reference) == ("web", "Deployment/web")
    told = kubectl("-n", namespace, "describe", "hpa", "web")
    assert "New size: 3; reason: Current number of replicas above Spec.MaxReplicas" in told


def test_autoscale_is_understood_in_its_first_version_too(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "create", "deployment", "web", "--image=example/web:1")
    kubectl("-n", namespace, "autoscale", "deployment", "web", "--min=2", "--max=4", "--cpu-percent=50")
    kubectl("-n", namespace, "wait", "deployment/web", "--for=jsonpath={.spec.replicas}=2", "--timeout=30s")
    first = "horizontalpodautoscalers.v1.autoscaling"
    kubectl("-n", namespace, "patch", first, "web", "--type=merge", "-p", '{"spec":{"minReplicas":3}}')
    kubectl("-n", namespace, "wait", "deployment/web", "--for=jsonpath={.spec.replicas}=3", "--timeout=30s")
    ((name, *_),) = rows(kubectl("-n", namespace, "get", first))
    path = "-o=jsonpath={.spec.metrics[*].resource.target.averageUtilization}"
    assert (name, kubectl("-n", namespace, "get", "hpa", "web", path)) == ("web", "50")
