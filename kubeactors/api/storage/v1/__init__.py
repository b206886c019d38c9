"""storage.k8s.io/v1: StorageClass."""

from kubeactors.api.storage.v1.storageclass import StorageClass

__all__ = ["StorageClass"]
