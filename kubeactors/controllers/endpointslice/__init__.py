"""EndpointSlices: `controller.py` acts, `plan.py` decides, `hints.py` computes topology hints (both pure)."""

from kubeactors.controllers.endpointslice.controller import EndpointSliceController

__all__ = ["EndpointSliceController"]
