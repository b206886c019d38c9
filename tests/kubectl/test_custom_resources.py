"""Kinds of one's own, as people define and use them with kubectl."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kubectl.conftest import Kubectl, rows

pytestmark = pytest.mark.kubectl

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [cronSpec]
            properties:
              cronSpec: {type: string, description: "When it runs.", pattern: '^(\\S+\\s*){5}$'}
              image: {type: string}
              replicas: {type: integer, default: 1, maximum: 10}
            x-kubernetes-validations:
            - {rule: "self.replicas > 0 || !has(self.image)", message: "an image needs replicas"}
          status: {type: object, properties: {replicas: {type: integer}}}
"""
TABLE = """
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: mine}
spec: {cronSpec: "* * * * */5", image: a}
"""


@pytest.fixture(scope="module")
def defined(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", text=DEFINITION)
    kubectl("wait", "crd/crontabs.stable.example.com", "--for=condition=Established", "--timeout=10s")
    return kubectl


def test_a_kind_is_defined_and_explained(defined: Kubectl) -> None:
    assert defined("apply", "-f", "-", text=DEFINITION).endswith(" unchanged\n")
    assert ["crontabs", "ct", "stable.example.com/v1", "true", "CronTab"] in rows(
        defined("api-resources", "--api-group=stable.example.com")
    )
    assert "When it runs." in defined("explain", "crontabs.spec.cronSpec")
    assert "FIELD: replicas <integer>" in defined("explain", "crontab.spec.replicas")


def test_objects_of_a_defined_kind_are_used_as_others(defined: Kubectl, namespace: str) -> None:
    def on(*arguments: str, text: str | None = None) -> str:
        return defined(*arguments, "-n", namespace, text=text)

    assert on("apply", "-f", "-", text=TABLE) == "crontab.stable.example.com/mine created\n"
    assert on("apply", "-f", "-", text=TABLE) == "crontab.stable.example.com/mine unchanged\n"
    assert [row[0] for row in rows(on("get", "ct"))] == ["mine"]
    assert "1" in on("get", "crontab", "mine").splitlines()[1].split()
    on("scale", "crontab", "mine", "--replicas=3")
    on("patch", "ct", "mine", "--type=merge", "-p", '{"spec":{"image":"b"}}')
    on("label", "ct", "mine", "a=b")
    assert on("get", "ct", "-l", "a=b", "-o", "jsonpath={.items[0].spec.replicas}{.items[0].spec.image}") == "3b"
    assert "Cron Spec:" in on("describe", "ct", "mine")
    on("patch", "ct", "mine", "--subresource=status", "--type=merge", "-p", '{"status":{"replicas":2}}')
    assert on("get", "ct", "mine", "-o", "jsonpath={.status.replicas}") == "2"
    assert "crontab.stable.example.com/mine" in on("get", "all", "-o", "name")
    assert on("delete", "ct", "mine").startswith('crontab.stable.example.com "mine" deleted')


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ('{cronSpec: "* *"}', 'spec.cronSpec: Invalid value: "* *"'),
        ("{image: a}", "spec.cronSpec: Required value"),
        ('{cronSpec: "* * * * *", image: a, replicas: 0}', "spec: Invalid value: an image needs replicas"),
        ('{cronSpec: "* * * * *", colour: red}', 'unknown field "spec.colour"'),
    ],
    ids=["pattern", "required", "rule", "unknown"],
)
def test_objects_that_do_not_fit_are_refused(defined: Kubectl, spec: str, message: str) -> None:
    text = f"apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {{name: bad}}\nspec: {spec}\n"
    refused = defined.run("create", "-f", "-", text=text)
    assert refused.returncode == 1
    assert message in refused.stderr


def test_a_kind_goes_with_its_objects(kubectl: Kubectl, namespace: str) -> None:
    definition = DEFINITION.replace("crontab", "daytab").replace("CronTab", "DayTab").replace("[ct]", "[dt]")
    kubectl("apply", "-f", "-", text=definition)
    kubectl("wait", "crd/daytabs.stable.example.com", "--for=condition=Established", "--timeout=10s")
    kubectl("apply", "-n", namespace, "-f", "-", text=TABLE.replace("CronTab", "DayTab"))
    kubectl("delete", "crd", "daytabs.stable.example.com", "--timeout=10s")
    refused = kubectl.run("get", "daytabs", "-n", namespace)
    assert refused.returncode == 1
    assert "the server could not find the requested resource" in refused.stderr


def test_a_request_for_a_certificate_is_approved_and_signed(kubectl: Kubectl) -> None:
    request = _request()
    text = f"""
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: jane}}
spec: {{request: {request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}}
"""
    kubectl("apply", "-f", "-", text=text)
    assert "Pending" in kubectl("get", "csr", "jane")
    kubectl("certificate", "approve", "jane")
    kubectl("wait", "csr/jane", "--for=jsonpath={.status.certificate}", "--timeout=10s")
    assert "Approved,Issued" in kubectl("get", "csr", "jane")
    found = base64.b64decode(kubectl("get", "csr", "jane", "-o", "jsonpath={.status.certificate}"))
    assert x509.load_pem_x509_certificate(found).subject.rfc4514_string() == "CN=jane"


def _request() -> str:
    """A request for a certificate of the user `jane`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jane")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def test_kinds_of_networks_are_listed_and_described(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "ingress", "web", "--rule=a.example.com/=web:80", "-n", namespace)
    assert rows(kubectl("get", "ingress", "-n", namespace))[0][:3] == ["web", "<none>", "a.example.com"]
    assert "web:80" in kubectl("describe", "ingress", "web", "-n", namespace)
    found = {row[0] for row in rows(kubectl("api-resources", "--api-group=networking.k8s.io"))}
    assert found >= {"ingresses", "ingressclasses", "networkpolicies"}


def test_events_are_seen_in_both_groups(kubectl: Kubectl, namespace: str) -> None:
    kubectl("run", "a", "--image=nginx", "-n", namespace)
    kubectl("wait", "pod/a", "--for=condition=Ready", "-n", namespace, "--timeout=20s")
    assert "Scheduled" in kubectl("get", "events.events.k8s.io", "-n", namespace)
    assert "Scheduled" in kubectl("events", "-n", namespace)


OWNED = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: owned
  ownerReferences: [{apiVersion: stable.example.com/v1, kind: CronTab, name: mine, uid: %s, blockOwnerDeletion: true}]
"""


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_what_a_custom_object_owns_goes_along_unless_it_is_orphaned(
    defined: Kubectl, namespace: str, cascade: str
) -> None:
    defined("create", "-n", namespace, "-f", "-", text=TABLE)
    uid = defined("get", "crontab", "mine", "-n", namespace, "-o", "jsonpath={.metadata.uid}")
    defined("create", "-n", namespace, "-f", "-", text=OWNED % uid)
    defined("delete", "crontab", "mine", "-n", namespace, f"--cascade={cascade}", "--timeout=10s")
    if cascade == "orphan":
        found = defined("get", "configmap", "owned", "-n", namespace, "-o", "jsonpath={.metadata.ownerReferences}")
        assert found == ""
    else:
        defined("wait", "configmap/owned", "-n", namespace, "--for=delete", "--timeout=10s")
