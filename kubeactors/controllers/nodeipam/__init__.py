"""Node IPAM: `controller.py` assigns pod CIDRs to nodes, `cidr_set.py` allocates them."""

from kubeactors.controllers.nodeipam.controller import NodeIpamController

__all__ = ["NodeIpamController"]
