"""Other people's operators, in the simulator: their `reconcile`, their users, their faults, their invariants.

    operator.py    what is tested, as data           declared.py    functions with arguments to choose from
    component.py   the operator as a process         client.py      what its code is given
    view.py        the cluster, read-only            checks.py      functions of it as invariants
    drawing.py     plans for it                      simulation.py  the run of a plan with it
    fuzzing.py     `fuzz`: the decorator             places.py      `module:name` in replay files
    kopf_handlers.py   the handlers of a kopf operator as a `reconcile` (extra `kopf`)
    kopf_memory.py     what the process of such an operator remembers
    unchanged.py   nobody changes what he has read

Who sends to it: tests and scripts, and the commands `fuzz` and `replay`. What it sends: what the operator does.
Its shape is that of controller-runtime: what changes in watched and owned objects puts keys into a work queue; caches
are informers that list what the server's cache has, as client-go does.
"""

from kubeactors.sim.operators.client import OperatorClient
from kubeactors.sim.operators.declared import OperatorError
from kubeactors.sim.operators.fuzzing import FuzzFailed, fuzz
from kubeactors.sim.operators.operator import Operator
from kubeactors.sim.operators.view import ClusterView

__all__ = ["ClusterView", "FuzzFailed", "Operator", "OperatorClient", "OperatorError", "fuzz"]
