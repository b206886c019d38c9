"""The garbage collector: `controller.py` acts, `plan.py` decides, `graph.py` knows who owns what, `owners.py` asks."""

from kubeactors.controllers.garbagecollector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
