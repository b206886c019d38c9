"""The storage backend of a cluster: SQLite, etcd, or memory."""

from contextlib import ExitStack

from kubeactors.cluster.data_dir import STORE
from kubeactors.cluster.spec import ClusterSpec
from kubeactors.storage import Backend
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.backends.sqlite import SqliteBackend


def open_disk(spec: ClusterSpec, stack: ExitStack) -> Backend:
    """The backend of a spec, closed with the stack.

    Raises:
        StorageError: it cannot be used; the class says why.
        ValueError: the prefix in etcd is empty.
        OSError: the data directory cannot be created, or a certificate file cannot be read.
    """
    if spec.etcd is not None:
        from kubeactors.storage.backends.etcd import EtcdBackend  # noqa: PLC0415 -- few clusters need it
        from kubeactors.storage.backends.etcd_client import Credentials, EtcdClient  # noqa: PLC0415 -- the same

        etcd = spec.etcd
        user = Credentials(etcd.user, etcd.password) if etcd.user else None
        return stack.enter_context(EtcdBackend(EtcdClient(etcd.servers, etcd.tls(), user), etcd.prefix))
    if spec.data_dir is None:
        return MemoryBackend()
    spec.data_dir.mkdir(parents=True, exist_ok=True)
    return stack.enter_context(SqliteBackend(spec.data_dir / STORE))
