"""The failures at the end of enforcement.md, and the mutants that bring each of them back."""

from tests.mutants.configurations import CONFIGURATIONS
from tests.mutants.confirmations import CONFIRMATIONS
from tests.mutants.evidence import EVIDENCE
from tests.mutants.mutant import Mutant
from tests.mutants.orders import ORDERS
from tests.mutants.overrides import OVERRIDES
from tests.mutants.standings import STANDINGS

MUTANTS: tuple[Mutant, ...] = (*CONFIRMATIONS, *ORDERS, *STANDINGS, *OVERRIDES, *EVIDENCE, *CONFIGURATIONS)
