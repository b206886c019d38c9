"""Errors of the test author: an operator, an invariant or a declaration is wrong in itself, whatever the cluster does."""

from kubeactors.actor import ForeignError


class Mistake(Exception):
    """The code under test, or a check, is invalid; that says nothing about the cluster. The message says why."""


MISTAKES = (Mistake, ForeignError)
"""The exceptions that end a run without a verdict."""
