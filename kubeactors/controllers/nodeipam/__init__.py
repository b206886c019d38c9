"""Node IPAM: see `controller.py` (who gets a range) and `cidr_set.py` (which ranges are free)."""

from kubeactors.controllers.nodeipam.controller import NodeIpamController

__all__ = ["NodeIpamController"]
