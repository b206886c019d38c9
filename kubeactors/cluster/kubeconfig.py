"""The kubeconfig: what kubectl needs to know to reach the cluster as its administrator.

Source: client-go/tools/clientcmd/api/v1/types.go (v1.36).
"""

import base64
from pathlib import Path

import yaml

from kubeactors.cluster.files import write_private
from kubeactors.cluster.pki import Pki

NAME = "kubeactors"
"""The name of the cluster, of its context and of its user."""


def kubeconfig(server: str, pki: Pki) -> str:
    """A kubeconfig with everything embedded. `server` is the URL, `https://HOST:PORT`."""
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


def write_kubeconfig(path: Path, server: str, pki: Pki) -> None:
    """Write it so that only its owner can read it; whatever was there is replaced in one step."""
    write_private(path, kubeconfig(server, pki).encode())


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
