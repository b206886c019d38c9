"""Requests for certificates as bytes: PEM around PKCS #10.

The library is loaded with the first request.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

REQUEST, CERTIFICATE = "CERTIFICATE REQUEST", "CERTIFICATE"


class PemError(ValueError):
    """The bytes are malformed; the message is Kubernetes'."""


def parse_request(data: bytes) -> "x509.CertificateSigningRequest":
    """The request in PEM, with a valid signature.

    Raises:
        PemError: there is none.
    """
    from cryptography import x509  # noqa: PLC0415 -- few clusters use certificates

    if not data.lstrip().startswith(f"-----BEGIN {REQUEST}-----".encode()):
        raise PemError(f"PEM block type must be {REQUEST}")
    try:
        request = x509.load_pem_x509_csr(data)
    except ValueError as error:
        raise PemError(f"asn1: structure error: {error}") from error
    if not request.is_signature_valid:
        raise PemError("x509: signature of the request does not verify")
    return request


def check_certificates(data: bytes) -> None:
    """Check that the bytes are PEM certificates.

    Raises:
        PemError: something else.
    """
    from cryptography import x509  # noqa: PLC0415 -- few clusters use certificates

    begin = f"-----BEGIN {CERTIFICATE}-----".encode()
    if begin not in data:
        raise PemError(
            "certificate must contain at least one PEM block" if b"-----BEGIN" not in data else _wrong_type()
        )
    try:
        x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise PemError(f"x509: {error}") from error


def _wrong_type() -> str:
    return f"only CERTIFICATE PEM blocks are allowed, found another than {CERTIFICATE}"
