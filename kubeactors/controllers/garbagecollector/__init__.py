"""The garbage collector: see `controller.py` (what is done), `graph.py` (who owns whom) and `plan.py` (what to do).

`monitors.py` says which kinds are watched, and starts and stops informers as custom kinds come and go.
"""

from kubeactors.controllers.garbagecollector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
