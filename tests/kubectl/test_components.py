"""What each component of the control plane does, as people see it with kubectl. One test for each that has none elsewhere."""

import json

import pytest

from tests.kubectl.conftest import Kubectl, rows

pytestmark = pytest.mark.kubectl

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  matchConstraints:
    resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}}]
  validations: [{{expression: "object.spec.replicas <= 5", message: at most five}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec:
  policyName: {name}
  validationActions: [Deny]
  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}
"""


class Place:
    """kubectl in one namespace."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self.kubectl = kubectl
        self.namespace = namespace

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        return self.kubectl(*arguments, "-n", self.namespace, text=text)

    def refused(self, *arguments: str) -> str:
        done = self.kubectl.run(*arguments, "-n", self.namespace)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def comes(self, what: str, path: str) -> None:
        self("wait", what, f"--for=jsonpath={path}", "--timeout=20s")

    def goes(self, *what: str) -> None:
        self("wait", *what, "--for=delete", "--timeout=20s")

    def pod(self, name: str, **spec: object) -> None:
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}}
        container = {"name": "c", "image": "nginx", **{k: spec.pop(k) for k in ("resources",) if k in spec}}
        self("apply", "-f", "-", text=json.dumps({**body, "spec": {"containers": [container], **spec}}))


@pytest.fixture
def place(kubectl: Kubectl, namespace: str) -> Place:
    return Place(kubectl, namespace)


def test_the_scheduler_says_why_a_pod_waits_and_takes_it_once_it_fits(place: Place) -> None:
    place.pod("waits", nodeSelector={"disk": place.namespace})
    place.comes("pod/waits", "{.status.conditions[?(@.type=='PodScheduled')].reason}=Unschedulable")
    assert "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector" in (
        place("get", "events", "--field-selector", "reason=FailedScheduling")
    )
    place("label", "node", "node-2", f"disk={place.namespace}")
    place("wait", "pod/waits", "--for=condition=Ready", "--timeout=20s")
    assert place("get", "pod", "waits", "-o", "jsonpath={.spec.nodeName}") == "node-2"
    place("label", "node", "node-2", "disk-")


def test_the_garbage_collector_takes_what_is_owned_unless_it_is_orphaned(place: Place) -> None:
    for name in ("taken", "orphaned"):
        place("create", "deployment", name, "--image=nginx", "--replicas=2")
        place("rollout", "status", f"deployment/{name}", "--timeout=20s")
    place("delete", "deployment", "orphaned", "--cascade=orphan")
    place("delete", "deployment", "taken", "--cascade=foreground", "--timeout=20s")
    assert place("get", "replicasets,pods", "-l", "app=taken", "-o", "name") == ""
    left = place("get", "replicasets,pods", "-l", "app=orphaned", "-o", "name").split()
    assert [one.partition("/")[0] for one in left] == ["replicaset.apps", "pod", "pod"]


def test_a_namespace_goes_with_everything_in_it(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "short-lived")
    place = Place(kubectl, "short-lived")
    place("create", "deployment", "web", "--image=nginx", "--replicas=0")
    place("create", "configmap", "facts", "--from-literal=a=1")
    kubectl("delete", "namespace", "short-lived", "--timeout=30s")
    assert "NotFound" in place.refused("get", "namespace", "short-lived")
    assert place("get", "all,configmaps", "-o", "name") == ""


def test_a_namespace_gets_its_service_account_and_the_root_of_trust(place: Place) -> None:
    place.comes("serviceaccount/default", "{.metadata.name}=default")
    place.comes("configmap/kube-root-ca.crt", "{.metadata.name}=kube-root-ca.crt")
    assert "BEGIN CERTIFICATE" in place("get", "configmap", "kube-root-ca.crt", "-o", r"jsonpath={.data.ca\.crt}")
    assert place("create", "token", "default").count(".") == 2


def test_services_get_addresses_ports_and_endpoints_of_pods_that_are_ready(place: Place) -> None:
    place("create", "deployment", "web", "--image=nginx", "--replicas=2", "--port=80")
    place("expose", "deployment", "web", "--type=NodePort")
    place("rollout", "status", "deployment/web", "--timeout=20s")
    service = json.loads(place("get", "service", "web", "-o", "json"))["spec"]
    assert service["clusterIP"].startswith("10.")
    assert 30000 <= service["ports"][0]["nodePort"] <= 32767
    place.comes("endpoints/web", "{.subsets[0].addresses[1].ip}")
    place("scale", "deployment", "web", "--replicas=0")
    place("wait", "pods", "-l", "app=web", "--for=delete", "--timeout=20s")
    assert rows(place("get", "endpoints", "web"))[0][1] == "<none>"
    assert "Selector:" in place("describe", "service", "web")


def test_endpoints_of_a_service_without_selector_are_mirrored(place: Place) -> None:
    place("create", "service", "clusterip", "outside", "--tcp=80")
    place("patch", "service", "outside", "-p", '{"spec": {"selector": null}}')
    subset = [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"name": "80", "port": 80}]}]
    found = json.dumps({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "outside"}, "subsets": subset})
    place("delete", "endpoints", "outside", "--ignore-not-found")
    place("apply", "-f", "-", text=found)
    chosen = ("endpointslices", "-l", "endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io")
    place("wait", *chosen, "--for=jsonpath={.endpoints[0].addresses[0]}=192.0.2.7", "--timeout=20s")


def test_a_finished_job_goes_after_its_time_to_live(place: Place) -> None:
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", "exit 0"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "brief"}}
    place("apply", "-f", "-", text=json.dumps({**job, "spec": {"ttlSecondsAfterFinished": 1, "template": template}}))
    place("wait", "job/brief", "--for=condition=Complete", "--timeout=20s")
    place.goes("job/brief")
    assert place("get", "pods", "-o", "name") == ""


def test_limits_of_a_namespace_are_defaults_and_bounds(place: Place) -> None:
    limit = {"type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}}
    found = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "sizes"}, "spec": {"limits": [limit]}}
    place("apply", "-f", "-", text=json.dumps(found))
    place.pod("usual")
    wanted = "jsonpath={.spec.containers[0].resources.requests.cpu} {.spec.containers[0].resources.limits.cpu}"
    assert place("get", "pod", "usual", "-o", wanted) == "100m 200m"
    body = {"spec": {"containers": [{"name": "c", "image": "nginx", "resources": {"limits": {"cpu": "2"}}}]}}
    refused = place.refused("run", "big", "--image=nginx", f"--overrides={json.dumps(body)}")
    assert "maximum cpu usage per Container is 1, but limit is 2" in refused


def test_a_tainted_node_sheds_its_pods_and_takes_no_others(place: Place) -> None:
    place.pod("stays", nodeName="node-3", tolerations=[{"key": "gone", "operator": "Exists"}])
    place.pod("goes", nodeName="node-3")
    place("wait", "pod/stays", "pod/goes", "--for=condition=Ready", "--timeout=20s")
    place("taint", "node", "node-3", "gone=yes:NoExecute")
    place.goes("pod/goes")
    assert rows(place("get", "pods"))[0][:1] == ["stays"]
    place("taint", "node", "node-3", "gone-")


def test_one_scheduler_and_one_controller_manager_hold_their_leases(kubectl: Kubectl) -> None:
    place = Place(kubectl, "kube-system")
    for name in ("kube-scheduler", "kube-controller-manager"):
        place.comes(f"lease/{name}", "{.spec.holderIdentity}")
    assert "node-1" in Place(kubectl, "kube-node-lease")("get", "leases", "-o", "name")


def test_a_pod_of_higher_priority_makes_room_for_itself(place: Place) -> None:
    label = {"room": place.namespace}
    place("label", "node", "node-1", f"room={place.namespace}")
    place("create", "priorityclass", place.namespace, "--value=1000")
    cpu = {"requests": {"cpu": "5"}}
    place.pod("low", nodeSelector=label, resources=cpu, terminationGracePeriodSeconds=0)
    place("wait", "pod/low", "--for=condition=Ready", "--timeout=20s")
    place.pod("high", nodeSelector=label, resources=cpu, priorityClassName=place.namespace)
    place("wait", "pod/high", "--for=condition=Ready", "--timeout=20s")
    assert [row[0] for row in rows(place("get", "pods"))] == ["high"]
    assert "Preempted" in place("get", "events", "--field-selector", "involvedObject.name=low")
    place("delete", "priorityclass", place.namespace)
    place("label", "node", "node-1", "room-")


def test_a_policy_in_cel_holds_where_it_is_bound(place: Place) -> None:
    policy = POLICY.format(name=place.namespace)
    place("apply", "-f", "-", text=policy)
    place("create", "deployment", "fits", "--image=nginx", "--replicas=5")
    refused = place.refused("create", "deployment", "large", "--image=nginx", "--replicas=6")
    assert refused.startswith('error: failed to create deployment: deployments.apps "large" is forbidden: ')
    assert refused.rstrip().endswith("denied request: at most five")
    place("delete", "-f", "-", text=policy)
