"""How soon after the import does a cluster answer over HTTPS?"""

import tempfile
import time
from pathlib import Path

from benchmarks.cluster.http_client import Access, Connection
from benchmarks.cluster.question import Figure, Figures, Question
from kubeactors import Cluster
from kubeactors.apiserver.http import app, serving
from kubeactors.cluster import pki

MODULES = (app, serving, pki)
"""Imported before the measurement."""


async def answer(scale: float) -> Figures:
    """From the start to the first answer, with new certificates and with existing ones."""
    del scale
    with tempfile.TemporaryDirectory() as directory:
        first, again = [await _start(Path(directory)) for _ in range(2)]
    return (
        Figure(name="first answer, certificates made", value=first * 1e3, unit="ms", at_most=300),
        Figure(name="first answer, certificates there", value=again * 1e3, unit="ms", at_most=300),
    )


async def _start(directory: Path) -> float:
    begun = time.perf_counter()
    async with Cluster(3) as cluster, cluster.serve(directory, port=0):
        connection = await Connection.open(Access(directory / "kubeconfig"))
        await connection.request("GET", "/api/v1/namespaces/default")
        return time.perf_counter() - begun


QUESTIONS = (Question(name="ready", text="ready to serve kubectl, after the import", answer=answer),)
