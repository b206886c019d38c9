"""The garbage collector: `controller.py` acts, `plan.py` decides, `graph.py` is the ownership graph, `owners.py` looks owners up."""

from kubeactors.controllers.garbagecollector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
