"""The garbage collector: see `controller.py` (what is done), `graph.py` (who owns whom) and `plan.py` (what to do)."""

from kubeactors.controllers.garbagecollector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
