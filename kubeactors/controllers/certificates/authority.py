"""The cluster's certificate authority: parses requests and signs certificates.

Source: pkg/controller/certificates/authority/{authority,policies}.go (v1.36).
"""

import ipaddress
from datetime import UTC, datetime, timedelta
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequestSpec
from kubeactors.api.certificates.v1.pem import parse_request
from kubeactors.apimachinery.time import SECOND
from kubeactors.controllers.certificates.signers import Subject

LONGEST = timedelta(days=365)
SHORTEST = timedelta(minutes=10)
BACKDATED = timedelta(minutes=5)
"""Certificates are backdated by this, so that machines whose clocks lag accept them."""
SHORT = timedelta(hours=8)
"""Certificates of a shorter lifetime are not shortened by the backdating."""

_EXTENDED = {"client auth": ExtendedKeyUsageOID.CLIENT_AUTH, "server auth": ExtendedKeyUsageOID.SERVER_AUTH}
_SERIAL_BITS = 127


class Authority:
    """Signs certificates with the cluster's CA key. All input and output is PEM."""

    def __init__(self, certificate: str, key: bytes) -> None:
        self._certificate = x509.load_pem_x509_certificate(certificate.encode("ascii"))
        found = serialization.load_pem_private_key(key, password=None)
        assert isinstance(found, ec.EllipticCurvePrivateKey), "the cluster's key is one of an elliptic curve"
        self._key = found

    def sign(self, spec: CertificateSigningRequestSpec, now: int, random: Random) -> bytes:
        """The requested certificate, issued at `now` (Unix nanoseconds)."""
        request = parse_request(spec.request or b"")
        start, end = self._life(spec.expiration_seconds, datetime.fromtimestamp(now / SECOND, UTC))
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(self._certificate.subject)
            .public_key(request.public_key())
            .serial_number(random.getrandbits(_SERIAL_BITS) + 1)
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(spec.usages), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        extended = [_EXTENDED[one] for one in spec.usages if one in _EXTENDED]
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        names = _names(request)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        # Deterministic: `random` is the only source of randomness.
        signed = builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True)
        return signed.public_bytes(serialization.Encoding.PEM)

    def _life(self, seconds: int | None, now: datetime) -> tuple[datetime, datetime]:
        wanted = LONGEST if seconds is None else timedelta(seconds=seconds)
        life = min(max(wanted, SHORTEST), LONGEST)
        end = now + (life if life < SHORT else life - BACKDATED)
        return now - BACKDATED, min(end, self._certificate.not_valid_after_utc)


def subject_of(request: bytes) -> Subject:
    """The subject that a PEM request names.

    Raises:
        PemError: the request cannot be parsed.
    """
    found = parse_request(request)
    names = _names(found)
    common = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Subject(
        common_name=str(common[-1].value) if common else "",
        organizations=tuple(str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)),
        dns=() if names is None else tuple(names.get_values_for_type(x509.DNSName)),
        addresses=() if names is None else tuple(map(_address, names.get_values_for_type(x509.IPAddress))),
        emails=() if names is None else tuple(names.get_values_for_type(x509.RFC822Name)),
        uris=() if names is None else tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
    )


def end_of(certificate: bytes) -> int | None:
    """When a PEM certificate expires (Unix nanoseconds); None if it cannot be parsed."""
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return None
    return int(found.not_valid_after_utc.timestamp()) * SECOND


def _address(found: object) -> str:
    return str(found) if isinstance(found, ipaddress.IPv4Address | ipaddress.IPv6Address) else ""


def _names(request: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    try:
        return request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _key_usage(usages: tuple[str, ...]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digital signature" in usages or "signing" in usages,
        content_commitment="content commitment" in usages,
        key_encipherment="key encipherment" in usages,
        data_encipherment="data encipherment" in usages,
        key_agreement="key agreement" in usages,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
