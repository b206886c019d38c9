"""The campaign of an operator with a bug, as a file for the commands."""

from hypothesis import strategies as st

from kubeactors.sim import fuzz
from tests.sim.shops import add_pods, close, order, shops_have_their_pods

SHOPS = st.sampled_from(["a", "b"])

careless = fuzz(
    add_pods,
    watches="configmaps",
    owns="pods",
    actions={order: {"shop": SHOPS, "pods": st.integers(0, 3)}, close: {"shop": SHOPS}},
)(shops_have_their_pods)
