"""Validation of certificate requests.

Source: pkg/apis/certificates/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    DENIED,
    FAILED,
    LEGACY_UNKNOWN,
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
)
from kubeactors.api.certificates.v1.pem import PemError, check_certificates, parse_request
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required, too_long
from kubeactors.apimachinery.objectmeta import validate_immutable

USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
"""The usages of a certificate."""

_MIN_SECONDS = 600
_MAX_SIGNER = 571
_DECISIONS = (APPROVED, DENIED)


def validate_csr(csr: CertificateSigningRequest) -> Iterator[FieldError]:
    """The request is signed, and signer and usages are valid."""
    spec = csr.spec
    try:
        parse_request(spec.request or b"")
    except PemError as error:
        yield invalid("spec.request", spec.request, str(error))
    if not spec.usages:
        yield required("spec.usages")
    for i, usage in enumerate(spec.usages):
        if usage not in USAGES:
            yield not_supported(f"spec.usages[{i}]", usage, USAGES)
        if usage in spec.usages[:i]:
            yield duplicate(f"spec.usages[{i}]", usage)
    yield from _validate_signer(spec.signer_name, "spec.signerName")
    if spec.signer_name == LEGACY_UNKNOWN:
        yield invalid("spec.signerName", spec.signer_name, "the legacy signerName is not allowed via this API version")
    seconds = spec.expiration_seconds
    if seconds is not None and seconds < _MIN_SECONDS:
        why = f"may not specify a duration less than {_MIN_SECONDS} seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", seconds, why)


def validate_csr_update(new: CertificateSigningRequest, old: CertificateSigningRequest) -> Iterator[FieldError]:
    """Only metadata is mutable."""
    yield from validate_immutable(new.spec, old.spec, "spec")
    yield from _validate_kept(new, old)


def validate_csr_approval(new: CertificateSigningRequest, old: CertificateSigningRequest) -> Iterator[FieldError]:
    """A decision is final."""
    yield from _validate_conditions(new)
    if new.status.certificate != old.status.certificate:
        yield forbidden("status.certificate", "updates may not set certificate content")
    yield from _validate_kept(new, old)


def validate_csr_status(new: CertificateSigningRequest, old: CertificateSigningRequest) -> Iterator[FieldError]:
    """A certificate is issued once; signers may only add Failed."""
    yield from _validate_conditions(new)
    certificate, before = new.status.certificate, old.status.certificate
    if before and certificate != before:
        yield forbidden("status.certificate", "updates may not change certificate content")
    elif certificate and not before:
        try:
            check_certificates(certificate)
        except PemError as error:
            yield invalid("status.certificate", "<certificate data>", str(error))
    known = _of_type(old, _DECISIONS)
    for type_ in _DECISIONS:
        if _of_type(new, (type_,)) != tuple(one for one in known if one.type == type_):
            yield forbidden("status.conditions", f"updates may not add a condition of type {_quoted(type_)}")
    yield from _validate_kept(new, old, ())


def _of_type(csr: CertificateSigningRequest, types: tuple[str, ...]) -> tuple[CertificateSigningRequestCondition, ...]:
    return tuple(one for one in csr.status.conditions if one.type in types)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _validate_kept(
    new: CertificateSigningRequest,
    old: CertificateSigningRequest,
    types: tuple[str, ...] = (APPROVED, DENIED, FAILED),
) -> Iterator[FieldError]:
    """Decisions are kept."""
    for type_ in types:
        if _of_type(old, (type_,)) and not _of_type(new, (type_,)):
            yield forbidden("status.conditions", f"updates may not remove a condition of type {_quoted(type_)}")


def _validate_signer(name: str, path: str) -> Iterator[FieldError]:
    """A domain and a path.

    >>> [str(error) for error in _validate_signer("nodomain", "spec.signerName")][0][:47]
    'spec.signerName: Invalid value: "nodomain": mus'
    """
    if not name:
        yield required(path)
        return
    domain, slash, within = name.partition("/")
    if not slash or "/" in within:
        why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield invalid(path, name, why)
        return
    yield from validate_text(domain, path, names.dns1123_subdomain)
    if "." not in domain:
        yield invalid(path, domain, "should be a domain with at least two segments separated by dots")
    for message in names.dns1123_subdomain(within):
        yield invalid(path, within, f"validating label {_quoted(within)}: {message}")
    if len(name) > _MAX_SIGNER:
        yield too_long(path, _MAX_SIGNER)


def _validate_conditions(csr: CertificateSigningRequest) -> Iterator[FieldError]:
    seen: list[str] = []
    for i, one in enumerate(csr.status.conditions):
        path = f"status.conditions[{i}]"
        if not one.type:
            yield required(f"{path}.type")
        if one.type in (APPROVED, DENIED, FAILED) and one.status != "True":
            yield not_supported(f"{path}.status", one.status, ("True",))
        elif not one.status:
            yield required(f"{path}.status")
        elif one.status not in ("False", "True", "Unknown"):
            yield not_supported(f"{path}.status", one.status, ("False", "True", "Unknown"))
        contrary = {APPROVED: DENIED, DENIED: APPROVED}.get(one.type)
        if contrary in seen:
            yield invalid(f"{path}.type", one.type, "Approved and Denied conditions are mutually exclusive")
        if one.type in seen:
            yield duplicate(f"{path}.type", one.type)
        seen.append(one.type)
