"""Small objects for tests."""

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ObjectMeta


def config_map(name: str, revision: int = 1, *, uid: str = "", **data: str) -> ConfigMap:
    """A ConfigMap at a revision, as the API server would send it."""
    metadata = ObjectMeta(name=name, namespace="default", uid=uid or f"uid-{name}", resource_version=str(revision))
    return ConfigMap(metadata=metadata, data=data)
