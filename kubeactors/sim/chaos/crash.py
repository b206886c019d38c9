"""The exception that a simulated crash raises in a component."""


class SimulatedCrash(Exception):
    """A component crashes because the plan says so."""
