"""What a component raises when the plan lets it crash."""


class SimulatedCrash(Exception):
    """A component crashes because the plan says so."""
