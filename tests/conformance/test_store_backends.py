"""Our own backends keep the contract."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubeactors.storage import Backend
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.backends.sqlite import SqliteBackend
from kubeactors.testing import StoreBackendContract


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
