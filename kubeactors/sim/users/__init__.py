"""How the user performs the actions of a plan, as a person with kubectl would.

session.py       what all actions use             effect.py    whether an action has an effect
manifests/       auxiliary.py    admission_objects.py         the objects that users create

One file for each kind of action:
deployments.py   sets.py   pods.py   nodes.py   bounds.py   namespaces.py   sharing.py   services.py   volumes.py
ownership.py   accounts.py   tenancy.py   devices.py   certificates.py   rules.py   rbac.py   defaults.py
field_managers.py   reads.py   interference.py   requests.py
"""

from kubeactors.sim.users.accounts import Accounts
from kubeactors.sim.users.bounds import Bounds
from kubeactors.sim.users.certificates import Certificates
from kubeactors.sim.users.defaults import Defaults
from kubeactors.sim.users.deployments import Deployments
from kubeactors.sim.users.devices import Devices
from kubeactors.sim.users.field_managers import FieldManagers
from kubeactors.sim.users.interference import Interference
from kubeactors.sim.users.namespaces import Namespaces
from kubeactors.sim.users.nodes import Nodes
from kubeactors.sim.users.ownership import Ownership
from kubeactors.sim.users.pods import Pods
from kubeactors.sim.users.rbac import Rbac
from kubeactors.sim.users.reads import Reads
from kubeactors.sim.users.requests import Requests
from kubeactors.sim.users.rules import Rules
from kubeactors.sim.users.services import Services
from kubeactors.sim.users.session import Session
from kubeactors.sim.users.sets import Sets
from kubeactors.sim.users.sharing import Sharing
from kubeactors.sim.users.tenancy import Tenancy
from kubeactors.sim.users.volumes import Volumes

__all__ = [
    "Accounts",
    "Bounds",
    "Certificates",
    "Defaults",
    "Deployments",
    "Devices",
    "FieldManagers",
    "Interference",
    "Namespaces",
    "Nodes",
    "Ownership",
    "Pods",
    "Rbac",
    "Reads",
    "Requests",
    "Rules",
    "Services",
    "Session",
    "Sets",
    "Sharing",
    "Tenancy",
    "Volumes",
]
