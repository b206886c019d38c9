"""Benchmarks: a scenario runs in an in-memory cluster of its own, and is measured from outside, through the API.

    scenario.py     the Structs of a scenario          reading.py      parsing and errors
    fits.py         static validation                  workload.py     the objects that it creates
    run.py          a whole measurement                steps.py        execution of the steps
    pods.py         the state of its pods              nodes.py        waiting for nodes
    latency.py      percentiles; timed requests        samples.py      memory, mailboxes, busy actors
    dump.py         import of a real cluster           progress.py     the state of a run
    stacks.py       samples of the Python stack        result.py       the results
    figures.py      the results as rows and columns    page.py         a report, as one HTML page
    plots.py        its plots                          flame.py        its flame graph

Who sends to it: the API server sends events about pods. What it sends: requests to the API server, as kubectl would.
"""

from kubeactors.cluster.bench.progress import Progress
from kubeactors.cluster.bench.reading import ScenarioError, read_scenario
from kubeactors.cluster.bench.result import BenchResult
from kubeactors.cluster.bench.run import measure
from kubeactors.cluster.bench.scenario import Scenario, plain
from kubeactors.cluster.bench.steps import StepFailed

__all__ = ["BenchResult", "Progress", "Scenario", "ScenarioError", "StepFailed", "measure", "plain", "read_scenario"]
