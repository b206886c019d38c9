"""CertificateSigningRequests: request, approval, signing."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestSpec,
    CertificateSigningRequestStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta
from tests.apiserver.plane import Plane, refusal

CLIENT = "kubernetes.io/kube-apiserver-client"


def pem(name: str, *groups: str) -> bytes:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def asked(signer: str = CLIENT, request: bytes | None = None) -> CertificateSigningRequest:
    spec = CertificateSigningRequestSpec(
        request=pem("jane") if request is None else request,
        signer_name=signer,
        usages=("client auth",),
        username="somebody else",
        uid="of somebody else",
        extra={"of": ("somebody else",)},
    )
    return CertificateSigningRequest(metadata=ObjectMeta(name="jane"), spec=spec)


def decided(csr: CertificateSigningRequest, type_: str, status: str = "True") -> CertificateSigningRequest:
    condition = CertificateSigningRequestCondition(type=type_, status=status, reason="Told")
    return replace(csr, status=replace(csr.status, conditions=(*csr.status.conditions, condition)))


def test_the_server_records_the_requester_and_clears_the_status() -> None:
    made = Plane().create(decided(asked(), "Approved"))
    assert made.spec.username == "kubernetes-admin"
    assert made.spec.groups == ("system:masters", "system:authenticated")
    assert (made.spec.uid, made.spec.extra) == ("", {})
    assert made.status == CertificateSigningRequestStatus()


def test_a_request_is_approved_once_through_its_subresource() -> None:
    plane = Plane()
    made = plane.create(asked())
    assert plane.update(decided(made, "Approved")).status.conditions == ()
    approved = plane.update(decided(plane.get(type(made), "jane"), "Approved"), "approval")
    (condition,) = approved.status.conditions
    assert (condition.type, condition.reason) == ("Approved", "Told")
    assert condition.last_update_time is not None
    assert condition.last_update_time == condition.last_transition_time
    assert refusal(plane.try_update(decided(approved, "Denied"), "approval"))[2].endswith(
        'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'
    )
    forgotten = replace(approved, status=CertificateSigningRequestStatus())
    assert refusal(plane.try_update(forgotten, "approval"))[2].endswith(
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"'
    )


def test_a_signer_issues_certificates_but_does_not_approve() -> None:
    plane = Plane()
    made = plane.create(asked("example.com/mine"))
    assert refusal(plane.try_update(decided(made, "Approved"), "status"))[2].endswith(
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"'
    )
    wrong = replace(made, status=replace(made.status, certificate=b"nothing"))
    assert refusal(plane.try_update(wrong, "status"))[2].endswith(
        'status.certificate: Invalid value: "<certificate data>": certificate must contain at least one PEM block'
    )


def test_a_certificate_for_system_masters_is_forbidden() -> None:
    code, reason, message = refusal(Plane().try_create(asked(request=pem("jane", "system:masters"))))
    assert (code, reason) == (403, "Forbidden")
    assert message == (
        'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: use of '
        "kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
    )


@pytest.mark.parametrize(
    ("signer", "why"),
    [
        ("nodomain", "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
        ("short/x", "should be a domain with at least two segments separated by dots"),
        ("kubernetes.io/legacy-unknown", "the legacy signerName is not allowed via this API version"),
    ],
)
def test_permissions_on_a_signer_may_cover_its_domain(signer: str, why: str) -> None:
    assert refusal(Plane().try_create(asked(signer)))[2].endswith(why)
