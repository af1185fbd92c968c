"""Scenarios whose severity can be scaled: every factor's shock times m, each price with its floor, fully revalued."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from risk.kernels.stress import scaled_losses
from risk.measures import IntVector, Matrix, Vector
from risk.reverse_stress import Losses
from risk.shocks import own_move
from risk.state import RiskState

_LEGS = 2  # a path to the base currency has at most one cross


@dataclass(frozen=True, slots=True)
class ScaledShocks:
    """What every scenario tells of some instruments, unfloored and apart: prices here, currencies there.

    moves, inverted          : (S, m) of the instruments' own prices; covered: (S, m) 1.0 where a key told it
    funded, currency         : (m,) 1 for funded kinds; index of the currency
    leg_moves, leg_inverted  : (S, C, 2) of the pairs on each currency's path
    """

    moves: Matrix
    inverted: IntVector
    covered: Matrix
    funded: IntVector
    currency: IntVector
    leg_moves: Matrix
    leg_inverted: IntVector

    def of(self, held: IntVector) -> "ScaledShocks":
        """Return the same for some of the instruments: (k,) places among these."""
        return ScaledShocks(
            self.moves[:, held], self.inverted[:, held], self.covered[:, held], self.funded[held],
            self.currency[held], self.leg_moves, self.leg_inverted,
        )  # fmt: skip

    def losses(self, scenario: int, exposure: Vector) -> Losses:
        """Return the loss of a book (m,) in one scenario as a function of the multiplier of its shocks."""
        return partial(self._losses, scenario, exposure)

    def _losses(self, scenario: int, exposure: Vector, multipliers: Vector) -> Vector:
        losses = np.zeros(multipliers.size)
        legs = self.leg_moves[scenario]
        scaled_losses(
            exposure, self.moves[scenario], self.inverted[scenario], self.funded, self.currency, legs,
            self.leg_inverted[scenario], multipliers, np.zeros(legs.shape[0]), losses,
        )  # fmt: skip
        return losses


def scaled_shocks(state: RiskState) -> ScaledShocks:
    """Return the shocks of every scenario for every instrument, as `risk.shocks` binds them at a multiplier of one."""
    count, scenarios = len(state.terms), len(state.scenarios)
    codes = {code: at for at, code in enumerate(dict.fromkeys(terms.currency for terms in state.terms))}
    moves, covered = np.zeros((scenarios, count)), state.arrays.covered[:count, :scenarios].T.copy()
    inverted = np.zeros((scenarios, count), dtype=np.int64)
    leg_moves = np.zeros((scenarios, max(len(codes), 1), _LEGS))
    leg_inverted = np.zeros((scenarios, max(len(codes), 1), _LEGS), dtype=np.int64)
    for k, scenario in enumerate(state.scenarios):
        table = dict(scenario.shocks)
        for i, terms in enumerate(state.terms):
            if (told := own_move(table, terms)) is not None:
                moves[k, i], inverted[k, i] = told
        for code, c in codes.items():
            for leg, (pair, turned) in enumerate(state.paths.get(code, ())):
                move, is_inverse = own_move(table, state.terms[pair]) or (0.0, False)
                leg_moves[k, c, leg], leg_inverted[k, c, leg] = move, is_inverse != turned
    funded = np.array([terms.is_funded for terms in state.terms], dtype=np.int64)
    currency = np.array([codes[terms.currency] for terms in state.terms], dtype=np.int64)
    return ScaledShocks(moves, inverted, covered, funded, currency, leg_moves, leg_inverted)
