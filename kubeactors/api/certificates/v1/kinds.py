"""The kind of certificate requests."""

from kubeactors.api.certificates.v1 import validation
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest, csr_fields
from kubeactors.apimachinery import names
from kubeactors.apimachinery.scheme import Kind

GROUP = "certificates.k8s.io"

KINDS = (
    Kind(
        type=CertificateSigningRequest,
        group=GROUP,
        kind="CertificateSigningRequest",
        resource="certificatesigningrequests",
        singular="certificatesigningrequest",
        short_names=("csr",),
        namespaced=False,
        subresources=("approval", "status"),
        name_rule=names.name_is_path_segment,
        validate=validation.validate_csr,
        validate_update=validation.validate_csr_update,
        validate_status_update=validation.validate_csr_status,
        fields=csr_fields,
    ),
)
