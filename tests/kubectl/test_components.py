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


DEVICES = """
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {selectors: [{cel: {expression: 'device.driver == "gpu.example.com"'}}]}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: node-2-gpus}
spec:
  driver: gpu.example.com
  nodeName: node-2
  pool: {name: node-2, generation: 1, resourceSliceCount: 1}
  devices: [{name: gpu-0, attributes: {model: {string: a100}}}]
"""
ONE_DEVICE = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: one-gpu}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}}
"""


def test_a_pod_runs_where_its_device_is_and_the_next_waits_for_it(place: Place) -> None:
    place.kubectl("apply", "-f", "-", text=DEVICES)
    place("apply", "-f", "-", text=ONE_DEVICE)
    wanted = [{"name": "gpu", "resourceClaimTemplateName": "one-gpu"}]
    for name in ("first", "second"):
        place.pod(name, resourceClaims=wanted, resources={"claims": [{"name": "gpu"}]})
        place.comes(f"pod/{name}", "{.status.conditions[?(@.type=='PodScheduled')].status}")
    place("wait", "pod/first", "--for=condition=Ready", "--timeout=20s")
    assert place("get", "pod", "first", "-o", "jsonpath={.spec.nodeName}") == "node-2"
    assert [row[1] for row in rows(place("get", "resourceclaims"))] == ["allocated,reserved", "pending"]
    assert "cannot allocate all claims" in place("describe", "pod", "second")
    place("delete", "pod", "first", "--timeout=20s")
    place("wait", "pod/second", "--for=condition=Ready", "--timeout=20s")
    place("delete", "pod", "second", "--timeout=20s")
    place.goes("resourceclaims", "--all")
    place.kubectl("delete", "-f", "-", text=DEVICES)


VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {namespace}-{name}}}
spec:
  capacity: {{storage: 1Gi}}
  accessModes: [ReadWriteOnce]
  csi: {{driver: disk.example.com, volumeHandle: {name}}}
  claimRef: {{namespace: {namespace}, name: {name}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  accessModes: [ReadWriteOnce]
  volumeName: {namespace}-{name}
  storageClassName: ""
  resources: {{requests: {{storage: 1Gi}}}}
"""
DRIVER = """
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: node-3}
spec: {drivers: [{name: disk.example.com, nodeID: node-3, allocatable: {count: 1}}]}
"""


def test_a_node_takes_as_many_volumes_as_its_driver_says(place: Place) -> None:
    place.kubectl("apply", "-f", "-", text=DRIVER)
    for name in ("one", "two"):
        place.kubectl("apply", "-f", "-", text=VOLUME.format(namespace=place.namespace, name=name))
        place.comes(f"pvc/{name}", "{.status.phase}=Bound")
        claimed = [{"name": "disk", "persistentVolumeClaim": {"claimName": name}}]
        place.pod(name, volumes=claimed, nodeSelector={"kubernetes.io/hostname": "node-3"})
        place.comes(f"pod/{name}", "{.status.conditions[?(@.type=='PodScheduled')].status}")
    place("wait", "pod/one", "--for=condition=Ready", "--timeout=20s")
    assert "1 node(s) exceed max volume count" in place("describe", "pod", "two")
    place("delete", "pod", "one", "--timeout=20s")
    place("wait", "pod/two", "--for=condition=Ready", "--timeout=20s")
    place("delete", "pod", "two", "--timeout=20s")
    place.kubectl("delete", "csinode", "node-3")
    place("delete", "pvc", "--all", "--timeout=20s")
    place.kubectl("delete", "pv", *(f"{place.namespace}-{name}" for name in ("one", "two")), "--timeout=20s")


LOADED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {simulated.kubeactors.io/cpu: 400m}}
    spec: {containers: [{name: web, image: example/web, resources: {requests: {cpu: 100m}}}]}
"""


def test_a_deployment_grows_with_its_load(place: Place) -> None:
    place("apply", "-f", "-", text=LOADED)
    place("autoscale", "deployment", "web", "--cpu-percent=80", "--max=6")
    place("wait", "hpa/web", "--for=jsonpath={.status.desiredReplicas}=4", "--timeout=50s")
    place("rollout", "status", "deployment/web", "--timeout=20s")
    place("wait", "hpa/web", "--for=condition=ScalingActive", "--timeout=20s")
    told = place("describe", "hpa", "web")
    assert "New size: 4; reason: cpu resource utilization (percentage of request) above target" in told
    assert "resource cpu on pods  (as a percentage of request):  400% (400m) / 80%" in told


def test_a_running_pod_gets_another_size(place: Place) -> None:
    place.pod("grows", resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "200m"}})
    place("wait", "pod/grows", "--for=condition=Ready", "--timeout=20s")

    def resize(requests: str, limits: str) -> None:
        pod = json.loads(place("get", "pod", "grows", "-o", "json"))
        pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": requests}, "limits": {"cpu": limits}}
        path = f"/api/v1/namespaces/{place.namespace}/pods/grows/resize"
        place.kubectl("replace", "--raw", path, "-f", "-", text=json.dumps(pod))

    resize("300m", "1")
    place.comes("pod/grows", "{.status.containerStatuses[0].resources.limits.cpu}=1")
    resize("1000", "1000")
    place.comes("pod/grows", "{.status.conditions[?(@.type=='PodResizePending')].reason}=Infeasible")
    told = place("describe", "pod", "grows")
    for said in ("Pod resize started: ", "Pod resize completed: ", "Pod resize Infeasible: ", "Restart Count:  0"):
        assert said in told
