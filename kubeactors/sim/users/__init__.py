"""How the user performs the actions of a plan, as a person with kubectl would.

hands.py         what all actions use            noted.py         whether an action has an effect
manifests/       belongings.py    rulings.py      the objects that users create
deployments.py   sets.py   pods.py   nodes.py   bounds.py   namespaces.py   sharing.py   services.py   volumes.py   ownership.py
accounts.py   tenancy.py   devices.py   certificates.py   things.py   rules.py   rights.py   defaults.py   management.py   looks.py   one file for each kind of action
"""

from kubeactors.sim.users.accounts import Accounts
from kubeactors.sim.users.bounds import Bounds
from kubeactors.sim.users.certificates import Certificates
from kubeactors.sim.users.defaults import Defaults
from kubeactors.sim.users.deployments import Deployments
from kubeactors.sim.users.devices import Devices
from kubeactors.sim.users.hands import Hands
from kubeactors.sim.users.looks import Looks
from kubeactors.sim.users.management import Management
from kubeactors.sim.users.namespaces import Namespaces
from kubeactors.sim.users.nodes import Nodes
from kubeactors.sim.users.ownership import Ownership
from kubeactors.sim.users.pods import Pods
from kubeactors.sim.users.rights import Rights
from kubeactors.sim.users.rules import Rules
from kubeactors.sim.users.services import Services
from kubeactors.sim.users.sets import Sets
from kubeactors.sim.users.sharing import Sharing
from kubeactors.sim.users.tenancy import Tenancy
from kubeactors.sim.users.things import Things
from kubeactors.sim.users.volumes import Volumes

__all__ = [
    "Accounts",
    "Bounds",
    "Certificates",
    "Defaults",
    "Deployments",
    "Devices",
    "Hands",
    "Looks",
    "Management",
    "Namespaces",
    "Nodes",
    "Ownership",
    "Pods",
    "Rights",
    "Rules",
    "Services",
    "Sets",
    "Sharing",
    "Tenancy",
    "Things",
    "Volumes",
]
