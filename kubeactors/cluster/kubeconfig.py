"""The kubeconfig with which kubectl reaches the cluster as its administrator.

Source: client-go/tools/clientcmd/api/v1/types.go (v1.36).
"""

import base64
from pathlib import Path

import msgspec
import yaml

from kubeactors.cluster.files import write_private
from kubeactors.cluster.pki import Pki

NAME = "kubeactors"
"""The name of the cluster, the context and the user."""


class _Entry(msgspec.Struct, frozen=True):
    name: str = ""


class _Named(msgspec.Struct, frozen=True):
    """A named entry of a kubeconfig."""

    clusters: tuple[_Entry, ...] = ()
    contexts: tuple[_Entry, ...] = ()
    users: tuple[_Entry, ...] = ()


def kubeconfig(server: str, pki: Pki) -> str:
    """A kubeconfig with embedded credentials. `server` is the URL, `https://HOST:PORT`."""
    user = {"client-certificate-data": _embedded(pki.admin_certificate), "client-key-data": _embedded(pki.admin_key)}
    cluster = {"server": server, "certificate-authority-data": _embedded(pki.ca_certificate)}
    document: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": user}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
        "preferences": {},
    }
    return yaml.safe_dump(document, sort_keys=False)


class KubeconfigTaken(Exception):
    """The path has a file that is not ours; it was left alone. Choose another path."""


def write_kubeconfig(path: Path, server: str, pki: Pki) -> None:
    """Write the kubeconfig, readable by its owner only; an older one of ours is replaced atomically.

    Raises:
        KubeconfigTaken: the path has another file, such as a kubeconfig with other clusters.
    """
    check_kubeconfig(path)
    write_private(path, kubeconfig(server, pki).encode())


def check_kubeconfig(path: Path) -> None:
    """Raise `KubeconfigTaken` if writing a kubeconfig there would overwrite something else."""
    if path.is_dir():
        raise KubeconfigTaken(f"{path}: a directory; the kubeconfig needs a file of its own")
    if path.exists() and not _is_ours(path.read_bytes()):
        raise KubeconfigTaken(f"{path}: holds something else, which was left alone; write the kubeconfig elsewhere")


def _is_ours(content: bytes) -> bool:
    """Whether our cluster is the only one in it. An empty file has none.

    >>> _is_ours(b""), _is_ours(b"clusters: [{name: kubeactors}]"), _is_ours(b"clusters: [{name: production}]")
    (True, True, False)
    """
    try:
        found = msgspec.yaml.decode(content or b"{}", type=_Named)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return all(one.name == NAME for one in (*found.clusters, *found.contexts, *found.users)) and not (
        content and not found.clusters
    )


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
