"""How many scenarios does the fuzzer play a second?"""

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, Stopwatch
from kubeactors.sim.campaign import Tally, scenarios
from kubeactors.sim.simulation import Simulation

SCENARIOS = 100


async def answer(scale: float) -> Figures:
    """The plans of the first seeds: three nodes, faults on, invariants checked at every step."""
    count, tally = max(int(SCENARIOS * scale), 1), Tally()
    with Stopwatch() as watch:
        for plan in scenarios(1):
            if tally.scenarios >= count:
                break
            tally.add(plan, Simulation(plan).run())
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="scenarios a second of CPU", value=count / watch.cpu, unit="/s"),
        Figure(name="virtual seconds a scenario", value=tally.virtual_seconds / count, unit="s"),
        Figure(name="virtual seconds a second of CPU", value=tally.virtual_seconds / watch.cpu, unit="x"),
        Figure(
            name="scenarios of ten virtual minutes a second",
            value=tally.virtual_seconds / watch.cpu / 600.0,
            unit="/s",
            at_least=50,
        ),
    )


QUESTIONS = (Question(name="fuzz", text="the fuzzer, as `kubeactors fuzz` runs it", answer=answer),)
