"""A life of a whole control plane, and its trace. Run as a program it prints the trace's digest, or the trace."""

import gc
import sys
from hashlib import sha256

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import NodePowerLoss
from kubeactors.sim.trace import Trace
from kubeactors.sim.user import Perform
from kubeactors.sim.workload import CreateDeployment, Roll

CREATE = CreateDeployment(at=0.0, name="web", replicas=5, tolerate_seconds=5)
ROLL = Roll(at=0.0, name="web", image="2")


def live(seed: int) -> list[str]:
    """A deployment, a rollout, a node without power, a mass stop, and another control plane on the same store."""
    simulation = Simulation(Plan(seed=seed, steps=(NodePowerLoss(at=3.0, node="node-2", seconds=80.0),)))
    trace: list[str] = []

    simulation.network.listeners.append(Trace(simulation.sim.kernel, trace.append))
    assert simulation.boot()
    simulation.arm()
    simulation.user.tell(Perform(CREATE))
    simulation.sim.run(2)
    simulation.user.tell(Perform(ROLL))
    simulation.sim.run(70)
    trace.append("the whole control plane stops")
    simulation.replace_plane()
    simulation.sim.run(40)
    trace += [repr(line) for line in simulation.sim.logged]
    trace += [f"{key}: {value!r}" for key, value in simulation.world.everything()]
    return trace


def main() -> None:
    """Print the trace of a seed, or its digest."""
    seed, what = int(sys.argv[1]), sys.argv[2]
    if what == "without-gc":
        gc.disable()
    text = "\n".join(live(seed)) + "\n"
    sys.stdout.write(text if what == "trace" else sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
