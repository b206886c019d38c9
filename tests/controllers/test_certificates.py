"""Requests for certificates: which are approved by themselves, what signers sign, how long requests are kept."""

from datetime import UTC, datetime
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec.structs import replace

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestSpec,
    CertificateSigningRequestStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.cluster.pki import ensure_pki
from kubeactors.controllers.certificates.authority import Authority, end_of, subject_of
from kubeactors.controllers.certificates.plan import awaits_signature, kept_until, recognized
from kubeactors.controllers.certificates.signers import (
    CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    Subject,
    problem,
)

KUBELET = Subject(common_name="system:node:a", organizations=("system:nodes",))
SERVING = replace(KUBELET, dns=("a",))
OF_CLIENT = ("digital signature", "client auth")
OF_SERVER = ("digital signature", "key encipherment", "server auth")
THEN = "2026-01-01T00:00:00Z"
HOUR = 3600 * SECOND

PROBLEMS: list[tuple[str, Subject, tuple[str, ...], str]] = [
    (CLIENT, Subject(common_name="jane"), OF_CLIENT, ""),
    (CLIENT, Subject(), ("server auth",), "invalid usage for client certificate: server auth"),
    (CLIENT, Subject(), ("digital signature",), "missing required usage for client certificate: client auth"),
    (KUBELET_CLIENT, KUBELET, OF_CLIENT, ""),
    (KUBELET_CLIENT, KUBELET, (*OF_CLIENT, "key encipherment"), ""),
    (
        KUBELET_CLIENT,
        KUBELET,
        OF_SERVER,
        "usages did not match [client auth digital signature key encipherment]",
    ),
    (KUBELET_CLIENT, replace(KUBELET, organizations=()), OF_CLIENT, "subject organization is not system:nodes"),
    (KUBELET_CLIENT, replace(KUBELET, dns=("a",)), OF_CLIENT, "DNS subjectAltNames are not allowed"),
    (
        KUBELET_CLIENT,
        replace(KUBELET, common_name="jane"),
        OF_CLIENT,
        "subject common name does not begin with system:node:",
    ),
    (KUBELET_SERVING, SERVING, OF_SERVER, ""),
    (KUBELET_SERVING, KUBELET, OF_SERVER, "DNS or IP subjectAltName is required"),
    (KUBELET_SERVING, replace(SERVING, emails=("a@b",)), OF_SERVER, "Email subjectAltNames are not allowed"),
]


@pytest.mark.parametrize(("signer", "subject", "usages", "expected"), PROBLEMS)
def test_signers_enforce_their_rules(signer: str, subject: Subject, usages: tuple[str, ...], expected: str) -> None:
    assert problem(signer, subject, usages) == expected


def asked(username: str = "", signer: str = KUBELET_CLIENT) -> CertificateSigningRequest:
    return CertificateSigningRequest(
        metadata=ObjectMeta(name="a", creation_timestamp=THEN),
        spec=CertificateSigningRequestSpec(signer_name=signer, usages=OF_CLIENT, username=username),
    )


def decided(type_: str, certificate: bytes = b"") -> CertificateSigningRequest:
    condition = CertificateSigningRequestCondition(type=type_, status="True", last_update_time=THEN)
    return replace(asked(), status=CertificateSigningRequestStatus(conditions=(condition,), certificate=certificate))


def test_client_certificates_of_kubelets_are_recognized() -> None:
    def found(csr: CertificateSigningRequest, subject: Subject) -> list[str]:
        return [one.subresource for one in recognized(csr, subject)]

    assert found(asked("system:node:a"), KUBELET) == ["selfnodeclient", "nodeclient"]
    assert found(asked("system:bootstrap:x"), KUBELET) == ["nodeclient"]
    assert found(asked("jane"), Subject(common_name="jane")) == []
    assert found(asked("system:node:a", CLIENT), KUBELET) == []


def test_an_approved_request_awaits_its_signature() -> None:
    assert awaits_signature(decided("Approved"))
    assert not awaits_signature(decided("Approved", b"certificate"))
    assert not awaits_signature(decided("Denied"))
    assert not awaits_signature(asked())


@pytest.mark.parametrize(
    ("csr", "end", "hours"),
    [
        (asked(), None, 24),
        (decided("Approved"), None, None),
        (decided("Approved", b"x"), None, 1),
        (decided("Approved", b"x"), parse_time(THEN) + HOUR // 2, 0.5),
        (decided("Denied"), None, 1),
        (decided("Failed"), None, 1),
    ],
    ids=["pending", "approved", "issued", "ended", "denied", "failed"],
)
def test_requests_are_retained_for_a_while(
    csr: CertificateSigningRequest, end: int | None, hours: float | None
) -> None:
    expected = None if hours is None else parse_time(THEN) + int(hours * HOUR)
    assert kept_until(csr, end) == expected


def test_a_certificate_has_the_requested_content(tmp_path_factory: pytest.TempPathFactory) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    pki = ensure_pki(tmp_path_factory.mktemp("pki"), [], then)
    authority = Authority(pki.ca_certificate.read_text(), pki.ca_key.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "jane"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "team")]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    assert subject_of(pem) == Subject(common_name="jane", organizations=("team",))
    spec = CertificateSigningRequestSpec(request=pem, usages=OF_CLIENT, expiration_seconds=3600)
    signed = authority.sign(spec, parse_time(THEN), Random(1))
    certificate = x509.load_pem_x509_certificate(signed)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.ca_certificate.read_bytes()))
    assert certificate.subject == name
    assert end_of(signed) == parse_time(THEN) + HOUR
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.CLIENT_AUTH]
