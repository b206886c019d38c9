"""EndpointSlices: see `controller.py` (what happens and what is done) and `plan.py` (what to do; pure).

`hints.py` says which zones and nodes should use which endpoints.
"""

from kubeactors.controllers.endpointslice.controller import EndpointSliceController

__all__ = ["EndpointSliceController"]
