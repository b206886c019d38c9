import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from kubeactors.cluster.kubeconfig import write_kubeconfig
from kubeactors.cluster.pki import LEAF_LIFE, Pki, PkiError, ensure_pki, issue_client

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = [
    "admin.crt",
    "admin.key",
    "apiserver.crt",
    "apiserver.key",
    "ca.crt",
    "ca.key",
    "sa.key",
]


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_all_files_are_created_readable_by_their_owner_only(tmp_path: Path) -> None:
    ensure_pki(tmp_path, [], NOW)
    assert [path.name for path in sorted(tmp_path.iterdir())] == FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_existing_certificates_are_reused(tmp_path: Path) -> None:
    ensure_pki(tmp_path, ["192.0.2.1"], NOW)
    before = content(tmp_path)
    ensure_pki(tmp_path, ["192.0.2.1"], NOW + timedelta(days=100))
    assert content(tmp_path) == before


def test_the_servers_certificate_has_its_names(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, ["192.0.2.1", "example.com"], NOW)
    names = certificate(pki.server_certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "example.com",
    ]
    addresses = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1", "10.96.0.1", "127.96.0.1", "192.0.2.1"]


def test_the_administrator_is_a_member_of_system_masters(tmp_path: Path) -> None:
    subject = certificate(ensure_pki(tmp_path, [], NOW).admin_certificate).subject
    assert [one.value for one in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]
    assert [one.value for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["kubernetes-admin"]


@pytest.mark.parametrize(
    ("hosts", "later", "renewed"),
    [
        (["new.example.com"], timedelta(), ["apiserver.crt"]),
        ([], LEAF_LIFE - timedelta(days=10), ["admin.crt", "apiserver.crt"]),
    ],
)
def test_only_outdated_certificates_are_renewed(
    tmp_path: Path, hosts: list[str], later: timedelta, renewed: list[str]
) -> None:
    ensure_pki(tmp_path, [], NOW)
    before = content(tmp_path)
    ensure_pki(tmp_path, hosts, NOW + later)
    after = content(tmp_path)
    assert [name for name in FILES if before[name] != after[name]] == renewed


def test_certificates_follow_a_new_authority(tmp_path: Path) -> None:
    ensure_pki(tmp_path, [], NOW)
    (tmp_path / "ca.crt").unlink()
    (tmp_path / "ca.key").unlink()
    pki = ensure_pki(tmp_path, [], NOW)
    authority = certificate(pki.ca_certificate)
    certificate(pki.server_certificate).verify_directly_issued_by(authority)
    certificate(pki.admin_certificate).verify_directly_issued_by(authority)


@pytest.mark.parametrize("name", ["ca.key", "ca.crt", "apiserver.key", "admin.crt", "sa.key"])
def test_a_corrupt_file_is_named_and_not_touched(tmp_path: Path, name: str) -> None:
    ensure_pki(tmp_path, [], NOW)
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(PkiError, match=name):
        ensure_pki(tmp_path, [], NOW)
    assert (tmp_path / name).read_bytes() == b"nonsense"


def test_a_key_of_another_authority_is_rejected(tmp_path: Path) -> None:
    ensure_pki(tmp_path / "a", [], NOW)
    ensure_pki(tmp_path / "b", [], NOW)
    (tmp_path / "a" / "ca.key").write_bytes((tmp_path / "b" / "ca.key").read_bytes())
    with pytest.raises(PkiError, match=r"ca\.key does not belong to ca\.crt"):
        ensure_pki(tmp_path / "a", [], NOW)


def test_a_client_certificate_is_issued_and_not_stored(tmp_path: Path) -> None:
    ensure_pki(tmp_path, [], NOW)
    before = content(tmp_path)
    pem, key = issue_client(tmp_path, "jane", ["a", "b"], NOW)
    assert content(tmp_path) == before
    assert key.startswith(b"-----BEGIN PRIVATE KEY-----")
    subject = x509.load_pem_x509_certificate(pem).subject
    assert [one.value for one in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["a", "b"]


def pki_in(directory: Path) -> Pki:
    return ensure_pki(directory / "pki", [], NOW)


def test_a_kubeconfig_holds_everything_and_is_private(tmp_path: Path) -> None:
    pki, path = pki_in(tmp_path), tmp_path / "kubeconfig"
    write_kubeconfig(path, "https://127.0.0.1:6443", pki)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = yaml.safe_load(path.read_text())
    assert found["current-context"] == "kubeactors"
    assert found["contexts"] == [{"name": "kubeactors", "context": {"cluster": "kubeactors", "user": "kubeactors"}}]
    assert found["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert sorted(found["users"][0]["user"]) == ["client-certificate-data", "client-key-data"]


def test_a_kubeconfig_is_replaced_atomically(tmp_path: Path) -> None:
    pki, path = pki_in(tmp_path), tmp_path / "kubeconfig"
    path.write_text("clusters: [{name: kubeactors, cluster: {server: https://127.0.0.1:9}}]")
    path.chmod(0o644)
    write_kubeconfig(path, "https://127.0.0.1:1", pki)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["kubeconfig", "pki"]
