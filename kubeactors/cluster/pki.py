"""The cluster's certificate authority, and the certificates that it signs.

Everything is in one directory, and reused at the next start. Keys are readable by their owner only.

    ca.crt, ca.key                  the CA, which clients trust
    apiserver.crt, apiserver.key    the server's certificate
    admin.crt, admin.key            the administrator's: a member of system:masters
    sa.key                          signs service account tokens

Source: kubeadm's certificates, cmd/kubeadm/app/phases/certs/certlist.go (v1.36).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubeactors.cluster.files import write_private

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
"""A certificate with a shorter remaining lifetime is renewed at the next start."""

SERVER_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "10.96.0.1",
    "127.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
"""The names of every API server; the last addresses are those of its service in the usual range: as it is, and where
the service proxy serves it."""

ADMIN_NAME, ADMIN_GROUP = "kubernetes-admin", "system:masters"


class PkiError(Exception):
    """The directory has keys or certificates that do not match; restore them, or remove the directory."""


class Pki(msgspec.Struct, frozen=True, kw_only=True):
    """The paths of the certificates and keys (PEM)."""

    ca_certificate: Path
    ca_key: Path
    server_certificate: Path
    server_key: Path
    admin_certificate: Path
    admin_key: Path
    service_account_key: Path


class _Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a certificate to issue."""

    name: str
    groups: tuple[str, ...] = ()
    usage: x509.ObjectIdentifier
    names: tuple[str, ...] = ()


class _Signer(msgspec.Struct, frozen=True):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_pki(directory: Path, hosts: Sequence[str], now: datetime) -> Pki:
    """Create missing and renew expiring certificates. `hosts` are further names and addresses of the server.

    Raises:
        PkiError: a file is unreadable, or a key does not match its certificate.
    """
    signer = _ensure_authority(directory, now)
    names = tuple(dict.fromkeys((*SERVER_NAMES, *hosts)))
    server = _Leaf(name="kube-apiserver", usage=ExtendedKeyUsageOID.SERVER_AUTH, names=names)
    admin = _Leaf(name=ADMIN_NAME, groups=(ADMIN_GROUP,), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    _ensure_leaf(directory, "apiserver", server, signer, now)
    _ensure_leaf(directory, "admin", admin, signer, now)
    _ensure_key(directory / "sa.key")
    return Pki(
        ca_certificate=directory / "ca.crt",
        ca_key=directory / "ca.key",
        server_certificate=directory / "apiserver.crt",
        server_key=directory / "apiserver.key",
        admin_certificate=directory / "admin.crt",
        admin_key=directory / "admin.key",
        service_account_key=directory / "sa.key",
    )


def issue_client(directory: Path, name: str, groups: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """A certificate and key (PEM) for a user, for components and tests. They are not stored.

    Raises:
        PkiError: the CA in the directory is unreadable.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _Leaf(name=name, groups=tuple(groups), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    certificate = _sign(leaf, key, _ensure_authority(directory, now), now)
    return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def _ensure_authority(directory: Path, now: datetime) -> _Signer:
    key = _ensure_key(directory / "ca.key")
    certificate = _read_certificate(directory / "ca.crt")
    if certificate is None or certificate.not_valid_after_utc < now + RENEWED_BEFORE:
        certificate = _self_signed(key, now)
        write_private(directory / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
    if certificate.public_key() != key.public_key():
        raise PkiError(f"{directory}: ca.key does not belong to ca.crt; restore both, or remove the directory")
    return _Signer(certificate, key)


def _ensure_leaf(directory: Path, stem: str, leaf: _Leaf, signer: _Signer, now: datetime) -> None:
    key = _ensure_key(directory / f"{stem}.key")
    path = directory / f"{stem}.crt"
    certificate = _read_certificate(path)
    if certificate is None or not _still_good(certificate, key, leaf, signer, now):
        write_private(path, _sign(leaf, key, signer, now).public_bytes(serialization.Encoding.PEM))


def _still_good(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, leaf: _Leaf, signer: _Signer, now: datetime
) -> bool:
    try:
        certificate.verify_directly_issued_by(signer.certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    lasting = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE
    return (
        lasting
        and certificate.public_key() == key.public_key()
        and _names_of(certificate).issuperset(_general_names(leaf.names))
    )


def _names_of(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(names)


def _ensure_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        write_private(path, _pem(ec.generate_private_key(ec.SECP256R1())))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise PkiError(f"{path}: not a readable private key ({error}); restore it, or remove the directory") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PkiError(f"{path}: not an elliptic-curve key; restore it, or remove the directory")
    return key


def _read_certificate(path: Path) -> x509.Certificate | None:
    if not path.exists():
        return None
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise PkiError(f"{path}: not a readable certificate ({error}); restore it, or remove the directory") from error


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    return (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _sign(leaf: _Leaf, key: ec.EllipticCurvePrivateKey, signer: _Signer, now: datetime) -> x509.Certificate:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in leaf.groups]
    subject = x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, leaf.name)])
    authority = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(subject, signer.certificate.subject, key.public_key(), now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([leaf.usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
    )
    if leaf.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(_general_names(leaf.names)), critical=False)
    return builder.sign(signer.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # tolerate clients whose clocks are slow
        .not_valid_after(now + life)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found
