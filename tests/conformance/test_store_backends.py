"""Our own backends keep the contract."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from kubeactors.storage import Backend
from kubeactors.storage.backends.etcd import EtcdBackend
from kubeactors.storage.backends.etcd_client import EtcdClient
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.backends.sqlite import SqliteBackend
from kubeactors.testing import StoreBackendContract
from tests.storage.etcd_server import ETCD, EtcdServer


class TestMemory(StoreBackendContract):
    @pytest.fixture
    def open_backend(self) -> Callable[[], Backend]:
        memory = MemoryBackend()
        return lambda: memory


class TestSqlite(StoreBackendContract):
    @pytest.fixture
    def open_backend(self, tmp_path: Path) -> Iterator[Callable[[], Backend]]:
        opened: list[SqliteBackend] = []

        def open_sqlite() -> SqliteBackend:
            for old in opened:
                old.close()
            opened.append(SqliteBackend(tmp_path / "store.db"))
            return opened[-1]

        yield open_sqlite
        for backend in opened:
            backend.close()


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    with EtcdServer(tmp_path_factory.mktemp("etcd")) as server:
        yield server


PREFIXES = count()


@pytest.mark.skipif(ETCD is None, reason="etcd is not installed")
class TestEtcd(StoreBackendContract):
    @pytest.fixture
    def open_backend(self, etcd: EtcdServer) -> Iterator[Callable[[], Backend]]:
        prefix = f"test-{next(PREFIXES)}/"
        opened: list[EtcdBackend] = []

        def open_etcd() -> EtcdBackend:
            opened.append(EtcdBackend(EtcdClient([etcd.url]), prefix))
            return opened[-1]

        yield open_etcd
        for backend in opened:
            backend.close()
