"""Benchmarks of the actor framework: `python -m benchmarks.actors`.

One question a file. Each answers it for kubeactors and, in the same run, for an `asyncio.Queue` with a consumer task,
for anyio's streams, and for pykka and xoscar where they are installed. Bounds, supervision and statistics are on.
"""
