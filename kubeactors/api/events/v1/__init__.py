"""events.k8s.io/v1: Event."""

from kubeactors.api.events.v1.event import Event, EventSeries

__all__ = ["Event", "EventSeries"]
