"""Mistakes of who tests: an operator, an invariant or a declaration is wrong in itself, whatever the cluster does."""

from kubeactors.actor import ForeignError


class Mistake(Exception):
    """What is tested, or what judges it, cannot be so: that says nothing about the cluster. The message says why."""


MISTAKES = (Mistake, ForeignError)
"""What ends a run without a verdict."""
