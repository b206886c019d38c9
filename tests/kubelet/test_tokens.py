"""Service account tokens in projected volumes."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from kubeactors.api.authentication.v1 import BoundObjectReference
from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec, ServiceAccount
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.volume import (
    ProjectedVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver.registry.tokens import Claims
from kubeactors.apiserver.tokens import ISSUER, AccountTokens
from kubeactors.kubelet import Log, ReadLog
from tests.kubelet.plane import Plane, a_pod

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


class Issuer(AccountTokens):
    """Records the tokens that it issues."""

    def __init__(self) -> None:
        super().__init__(KEY)
        self.issued: list[Claims] = []

    def issue(self, claims: Claims) -> str:
        self.issued.append(claims)
        return super().issue(claims)


def a_plane(issuer: Issuer) -> Plane:
    plane = Plane(nodes=1, tokens=issuer)
    plane.create(ConfigMap(metadata=ObjectMeta(name="kube-root-ca.crt", namespace="default"), data={"ca.crt": "ca"}))
    plane.create(ServiceAccount(metadata=ObjectMeta(name="web", namespace="default")))
    return plane


def a_reader(script: str, path: str = TOKEN, **spec: object) -> Pod:
    """Return a pod that prints its token repeatedly."""
    mounts = (VolumeMount(name="own", mount_path="/own"),) if "volumes" in spec else ()
    container = Container(
        name="c", image="busybox", command=("sh", "-c", script.replace("TOKEN", path)), volume_mounts=mounts
    )
    pod = a_pod("p", container, spec=PodSpec(service_account_name="web", **spec))  # type: ignore[arg-type]
    return replace(pod, spec=replace(pod.spec, restart_policy="Never"))


def bound(plane: Plane, pod: Pod) -> Pod:
    made = plane.create(pod)
    plane.do(lambda: plane.client.bind(made, "node-0"))
    return made


def lines(plane: Plane) -> tuple[str, ...]:
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="p", container="c"))
    assert isinstance(log, Log)
    return log.lines


WATCH = (
    'seen=""; while true; do now=$(cat TOKEN); if [ "$now" != "$seen" ]; then echo $now; seen=$now; fi; sleep 60; done'
)


def test_a_container_reads_a_token_that_is_bound_to_its_pod() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    made = bound(plane, a_reader("cat TOKEN; echo; cat ${T:-/var/run/secrets/kubernetes.io/serviceaccount/ca.crt}"))
    plane.run_until_pod("p", lambda pod: pod.status.phase == "Succeeded")
    token, authority = lines(plane)
    claims = issuer.read(token)
    assert authority == "ca"
    assert claims is not None
    assert (claims.namespace, claims.name, claims.audiences) == ("default", "web", (ISSUER,))
    assert claims.bound == BoundObjectReference(kind="Pod", api_version="v1", name="p", uid=made.metadata.uid)
    assert (claims.warn_after - claims.issued, claims.expires - claims.issued) == (3607, 365 * 24 * 3600)
    node = plane.node("node-0").metadata.uid
    assert claims.node == BoundObjectReference(kind="Node", api_version="v1", name="node-0", uid=node)
    assert len(issuer.issued) == 1


def test_a_token_is_renewed_after_80_percent_of_its_lifetime() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    bound(plane, a_reader(WATCH))
    plane.sim.run(2860.0)
    assert len(lines(plane)) == 1
    plane.sim.run(100.0)
    assert len(lines(plane)) == len(issuer.issued) == 2
    first, second = issuer.issued
    assert 0.8 * 3607 - 10 <= second.issued - first.issued <= 0.8 * 3607 + 1


def test_a_projected_volume_sets_the_audience_and_lifetime_of_its_token() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    source = ServiceAccountTokenProjection(audience="vault", expiration_seconds=600, path="token")
    projected = ProjectedVolumeSource(sources=(VolumeProjection(service_account_token=source),))
    volumes = (Volume(name="own", projected=projected),)
    bound(plane, a_reader("sleep 560; cat TOKEN", "/own/token", volumes=volumes, automount_service_account_token=False))
    plane.sim.run(565.0)
    (token,) = lines(plane)
    first, second = issuer.issued
    assert issuer.read(token) == second
    assert (first.audiences, first.expires - first.issued) == (("vault",), 600)
    assert 480 - 10 <= second.issued - first.issued <= 480 + 60  # its volume is synced every minute


def test_a_pod_whose_token_cannot_be_issued_waits_with_an_event() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    made = plane.create(a_reader("cat TOKEN"))
    plane.do(lambda: plane.client.delete(ServiceAccount, "web", "default"))
    plane.do(lambda: plane.client.bind(made, "node-0"))
    plane.sim.run(15.0)
    volume = plane.pod("p").spec.volumes[0].name
    message = f'MountVolume.SetUp failed for volume "{volume}" : failed to fetch token: serviceaccounts "web" not found'
    assert [(one.reason, one.message, one.count) for one in plane.events("p")] == [("FailedMount", message, 2)]
    assert plane.pod("p").status.phase == "Pending"

    plane.create(ServiceAccount(metadata=ObjectMeta(name="web", namespace="default")))
    plane.run_until_pod("p", lambda pod: pod.status.phase == "Succeeded")
    assert issuer.read(lines(plane)[0]) is not None


def test_a_token_that_cannot_be_renewed_stays_in_use() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    bound(plane, a_reader(WATCH))
    plane.sim.run(60.0)
    plane.do(lambda: plane.client.delete(ServiceAccount, "web", "default"))
    plane.sim.run(2 * 3600.0)
    assert len(lines(plane)) == len(issuer.issued) == 1
    assert plane.pod("p").status.phase == "Running"


def test_tokens_that_no_container_reads_are_not_requested() -> None:
    issuer = Issuer()
    plane = a_plane(issuer)
    for number in range(3):
        plane.create(a_pod(f"p{number}", node_name="node-0"))
    plane.run_until_pod("p2", lambda pod: pod.status.phase == "Running")
    plane.sim.run(3600.0)
    assert issuer.issued == []
