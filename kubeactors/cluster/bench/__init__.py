"""Benchmarks: a scenario runs in a cluster of its own, in memory, and is measured from outside, through the API.

    scenario.py     what stands in the YAML file       reading.py      from text; what is wrong with it
    fits.py         what cannot work, known before     workload.py     the objects that it creates
    run.py          a whole measurement                steps.py        doing one step after the other
    pods.py         what is seen of its pods           nodes.py        waiting for nodes
    latency.py      percentiles; timed requests        samples.py      memory, mailboxes, busy actors
    dump.py         a real cluster, from kubectl       progress.py     how far it is
    stacks.py       samples of the Python stack        result.py       what was measured
    figures.py      its rows and columns               page.py         a report, as one HTML page
    plots.py        its plots                          flame.py        its flame graph

Who sends to it: nobody; the API server tells it of pods. What it sends: requests to the API server, as kubectl would.
"""

from kubeactors.cluster.bench.progress import Progress
from kubeactors.cluster.bench.reading import ScenarioError, read_scenario
from kubeactors.cluster.bench.result import BenchResult
from kubeactors.cluster.bench.run import measure
from kubeactors.cluster.bench.scenario import Scenario, plain
from kubeactors.cluster.bench.steps import StepFailed

__all__ = ["BenchResult", "Progress", "Scenario", "ScenarioError", "StepFailed", "measure", "plain", "read_scenario"]
