"""Certificate signing requests, their approval, and the CA of simulated clusters."""

from functools import cache

from msgspec.structs import replace

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    DENIED,
    KUBE_APISERVER_CLIENT,
    KUBE_APISERVER_CLIENT_KUBELET,
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestSpec,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    CertificateAction,
    DeleteCertificateRequest,
    RequestCertificate,
    ReviewCertificateRequest,
    Signer,
)

JANE = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIHKMHECAQAwDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABI5TO2+gv3tGJbswZnwB+2B++fi4qA/vWzAGKHAxh7Kjc+sdveAzGDZtBp+D
pvWQAFPHNjPLBBshxV4ahsH0ALSgADAKBggqhkjOPQQDAgNJADBGAiEAhNGj0Ezf
WKdhfzEkYx9vYx9gRVCtjKB506D9bXxJ7MsCIQC8nNWTzkTWEEnsnJ0BDuCE//U2
Wi+xz9MuPRebtx8BTQ==
-----END CERTIFICATE REQUEST-----
"""
"""A request of a user called jane."""
NEWCOMER = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIHxMIGYAgEAMDYxFTATBgNVBAoMDHN5c3RlbTpub2RlczEdMBsGA1UEAwwUc3lz
dGVtOm5vZGU6bmV3Y29tZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASOUztv
oL97RiW7MGZ8Aftgfvn4uKgP71swBihwMYeyo3PrHb3gMxg2bQafg6b1kABTxzYz
ywQbIcVeGobB9AC0oAAwCgYIKoZIzj0EAwIDSAAwRQIgaSoMqgsIRWskHEvta+Qa
k7r0S5I5EDGGrATzGDDrVZcCIQCkoMvXZczVfdrXNDfQtAyGT+0Eu1aXJj8ZqodU
6qWh2w==
-----END CERTIFICATE REQUEST-----
"""
"""A request of a kubelet."""
ROOT_CA = """\
-----BEGIN CERTIFICATE-----
MIIBKzCB0qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCXNpbXVsYXRl
ZDAgFw0yMDAxMDEwMDAwMDBaGA8yMDUwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
c2ltdWxhdGVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbq1CGp2pTWHrbKP6
y+tulnwsC0YBpPEzbletfGMA2wE+ZoK9eaBCx/gDzuSDTUzI7SniHzFwg++oRw7u
gy4oRqMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAgOKu
891MLlG/f7TeORxn2u+wW8DOj8hbdu/lCJi/VUQCIAWwqkdf6GPr/VevQ1fAT54z
cQk1Eqbi4P6H/+Lv40cN
-----END CERTIFICATE-----
"""
"""The CA certificate of all simulated clusters, which do not use TLS themselves."""
AUTHORITY = 2026
"""The private scalar of that CA's key. It need not be secret: nothing outside simulations trusts the CA."""
FOREIGN = "example.org/signer"
"""A signer outside the cluster, which never signs."""
SIGNERS: dict[Signer, str] = {
    "client": KUBE_APISERVER_CLIENT, "kubelet": KUBE_APISERVER_CLIENT_KUBELET, "foreign": FOREIGN
}  # fmt: skip
GOOD, BAD = ("digital signature", "client auth"), ("server auth",)
"""Usages that the signers of client certificates accept, and one that they do not."""
SHORTEST_SECONDS = 600


class Certificates:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: CertificateAction) -> None:
        """Perform the action."""
        match action:
            case RequestCertificate():
                await self._session.ensure(request_of(action))
            case ReviewCertificateRequest():
                await self._review(action)
            case DeleteCertificateRequest():
                await self._session.remove(CertificateSigningRequest, action.name, "")

    async def _review(self, action: ReviewCertificateRequest) -> None:
        live = await self._session.client.get(CertificateSigningRequest, action.name)
        made = CertificateSigningRequestCondition(
            type=APPROVED if action.approve else DENIED, status="True", reason="Asked", message="as was asked for"
        )
        if not any(one.type in {APPROVED, DENIED} for one in live.status.conditions):
            decided = replace(live, status=replace(live.status, conditions=(*live.status.conditions, made)))
            await self._session.client.update(decided, subresource="approval")


def request_of(action: RequestCertificate) -> CertificateSigningRequest:
    """The request that the action creates."""
    spec = CertificateSigningRequestSpec(
        request=NEWCOMER if action.signer == "kubelet" else JANE,
        signer_name=SIGNERS[action.signer],
        usages=GOOD if action.good else BAD,
        expiration_seconds=SHORTEST_SECONDS if action.short else None,
    )
    return CertificateSigningRequest(metadata=ObjectMeta(name=action.name), spec=spec)


@cache
def signing_key() -> bytes:
    """The private key of the CA, in PEM."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- only plans with certificate requests need it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- the same

    return ec.derive_private_key(AUTHORITY, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
