"""Checks that a certificate and a private key match, with the messages of Go's TLS.

Source: crypto/tls/tls.go, X509KeyPair (Go 1.25).
"""

import re

_is_block = re.compile(rb"-----BEGIN ([^\n]*?)-----\s*\n.*?-----END \1-----", re.DOTALL).finditer
_CERTIFICATE = "CERTIFICATE"
_KEY = "PRIVATE KEY"


def problem_of_key_pair(certificate: bytes, key: bytes) -> str:
    """The error of a server that loads both (PEM); empty if they match.

    >>> problem_of_key_pair(b"no", b"no")
    'tls: failed to find any PEM data in certificate input'
    """
    found = _blocks(certificate)
    if _CERTIFICATE not in found:
        return _no_certificate(found)
    found = _blocks(key)
    if not any(map(_is_key, found)):
        return _no_key(found)
    return _mismatch(certificate, key)


def _blocks(text: bytes) -> list[str]:
    return [match[1].decode(errors="replace") for match in _is_block(text)]


def _is_key(block: str) -> bool:
    return block == _KEY or block.endswith(f" {_KEY}")


def _no_certificate(found: list[str]) -> str:
    if not found:
        return "tls: failed to find any PEM data in certificate input"
    if len(found) == 1 and found[0].endswith(_KEY):
        return (
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
            "PEM inputs may have been switched"
        )
    return (
        'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following '
        f"types: [{' '.join(found)}]"
    )


def _no_key(found: list[str]) -> str:
    if not found:
        return "tls: failed to find any PEM data in key input"
    if found == [_CERTIFICATE]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    return (
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the '
        f"following types: [{' '.join(found)}]"
    )


def _mismatch(certificate: bytes, key: bytes) -> str:
    from cryptography import x509  # noqa: PLC0415 -- few clusters use certificates
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 -- as above

    try:
        public = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError:
        return "x509: malformed certificate"
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return "tls: failed to parse private key"
    return "" if private.public_key() == public else "tls: private key does not match public key"
