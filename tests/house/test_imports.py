"""What importing costs and promises."""

import importlib
import pkgutil
import subprocess
import sys

import kubeactors

OTHERS = (
    "cryptography", "cyclopts", "httptools", "hypothesis", "jsonpatch", "numpy", "opentelemetry",
    "prometheus_client", "rich", "uvicorn", "uvloop", "wsproto",
    "yaml",
)  # fmt: skip


def test_the_actor_framework_imports_with_anyio_msgspec_and_structlog_alone() -> None:
    code = f"import sys; sys.modules.update(dict.fromkeys({OTHERS!r})); import kubeactors, kubeactors.actor"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_the_test_kit_for_actors_imports_no_more_than_that() -> None:
    names = "Actors, Alone, AsyncTestProbe, ManualTime, TestProbe"
    code = f"import sys; sys.modules.update(dict.fromkeys({OTHERS!r})); from kubeactors.testing import {names}; "
    code += "assert not [name for name in sys.modules if name.startswith(('kubeactors.api', 'kubeactors.storage'))]"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_a_cluster_in_memory_imports_nothing_that_encrypts_or_serves() -> None:
    code = """
import sys, anyio
from kubeactors import Cluster
async def main():
    async with Cluster(nodes=1) as cluster:
        await cluster.wait_for("node/node-1", "Ready")
anyio.run(main)
assert not {"cryptography", "uvicorn", "httpx2", "jsonschema_rs", "re2"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_all_names_what_is_there() -> None:
    for info in pkgutil.walk_packages(kubeactors.__path__, "kubeactors."):
        if info.name == "kubeactors.__main__":
            continue
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{info.name}.__all__ names {name}"
