"""Fuzzing of users' operators: their `reconcile`, user actions, faults and invariants.

    operator.py    the operator under test, as data  declared.py    functions with drawn arguments
    component.py   the operator as a process         client.py      the client that its code gets
    view.py        the cluster, read-only            checks.py      functions of the view as invariants
    drawing.py     plans for it                      simulation.py  the run of a plan with it
    fuzzing.py     the decorator `fuzz`              places.py      `module:name` in replay files
    kopf_handlers.py   the handlers of a kopf operator as a `reconcile` (extra `kopf`)
    kopf_memory.py     in-memory state of such an operator
    unchanged.py   detects mutation of shared objects

Who sends to it: tests and scripts, and the commands `fuzz` and `replay`. What it sends: the operator's requests.
It has the shape of controller-runtime: changes of watched and owned objects enqueue keys; caches are informers that list
from the server's watch cache, as in client-go.
"""

from kubeactors.sim.operators.client import OperatorClient
from kubeactors.sim.operators.declared import OperatorError
from kubeactors.sim.operators.fuzzing import FuzzFailed, fuzz
from kubeactors.sim.operators.operator import Operator
from kubeactors.sim.operators.view import ClusterView

__all__ = ["ClusterView", "FuzzFailed", "Operator", "OperatorClient", "OperatorError", "fuzz"]
