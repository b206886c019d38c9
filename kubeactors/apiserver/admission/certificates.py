"""CertificateApproval, CertificateSigning, CertificateSubjectRestriction; and the requester recorded in a CSR.

In Kubernetes the strategy records the requester; here a plug-in does, because it knows the user.

Source: plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}, pkg/registry/certificates/certificates/
strategy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    KUBE_APISERVER_CLIENT,
    CertificateSigningRequest,
)
from kubeactors.api.certificates.v1.pem import PemError, parse_request
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, UPDATE, Attributes, Plugin, refused
from kubeactors.apiserver.authorization import MASTERS, Access, Authorizer
from kubeactors.apiserver.registry.certificates import APPROVAL
from kubeactors.apiserver.registry.strategy import STATUS

GROUP = "certificates.k8s.io"


class Certificates(Plugin):
    """Guards CertificateSigningRequests."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation, approval and signing."""
        of_csr = kind.type is CertificateSigningRequest
        return of_csr and (operation == CREATE or (operation == UPDATE and subresource in (APPROVAL, STATUS)))

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """A new request with the user of the API request, whatever it says itself."""
        assert isinstance(value, CertificateSigningRequest), "nothing else concerns this plug-in"
        if attributes.operation != CREATE:
            return value
        user = attributes.user
        spec = replace(value.spec, username=user.name, uid=user.uid, groups=user.groups, extra=user.extra)
        return replace(value, spec=spec)

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check that the user may do this for the signer.

        Raises:
            Forbidden: the user may not, or the subject is restricted.
        """
        old = attributes.old
        if attributes.operation == CREATE:
            assert isinstance(value, CertificateSigningRequest), "nothing else concerns this plug-in"
            _check_subject(value, attributes)
        elif isinstance(value, CertificateSigningRequest) and isinstance(old, CertificateSigningRequest):
            if attributes.subresource == APPROVAL:
                self._require("approve", old.spec.signer_name, attributes)
            elif value.status != old.status:
                self._require("sign", old.spec.signer_name, attributes)

    def _require(self, verb: str, signer: str, attributes: Attributes) -> None:
        """Require the verb on the signer, or on all signers of its domain."""
        names = (signer, f"{signer.partition('/')[0]}/*")
        if not any(self._authorizer.allows(_access(verb, name, attributes)) for name in names):
            raise refused(None, attributes, f"user not permitted to {verb} requests with signerName {quoted(signer)}")


def _access(verb: str, name: str, attributes: Attributes) -> Access:
    return Access(user=attributes.user, verb=verb, group=GROUP, resource="signers", name=name)


def _check_subject(csr: CertificateSigningRequest, attributes: Attributes) -> None:
    """Reject certificates for system:masters."""
    if csr.spec.signer_name != KUBE_APISERVER_CLIENT:
        return
    try:
        subject = parse_request(csr.spec.request or b"").subject
    except PemError as error:
        raise refused(csr, attributes, f"failed to parse CSR: {error}") from error
    groups = [one.value for one in subject if one.oid.dotted_string == "2.5.4.10"]
    if MASTERS in groups:
        why = f"use of {KUBE_APISERVER_CLIENT} signer with {MASTERS} group is not allowed"
        raise refused(csr, attributes, why)
