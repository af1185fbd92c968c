"""Slow work of every kind: what is wanted now, its computation, and what a result does to the state."""

from risk import stress_work, tail_fits, verification_work
from risk.state import RiskState
from risk.stress_result import StressResult
from risk.stress_work import StressRequest
from risk.tail_fits import TailRequest
from risk.tail_result import TailResult
from risk.verification_work import VerificationRequest, VerificationResult

SlowRequest = TailRequest | StressRequest | VerificationRequest


def due_requests(state: RiskState) -> list[SlowRequest]:
    """Return what is wanted now, tail fits first, in scope order, and forget that it is."""
    fits = tail_fits.due_requests(state)
    stress_work.request_again(state, [request.scope for request in fits])
    return [*fits, *stress_work.due_requests(state)]


def compute(request: SlowRequest) -> TailResult | StressResult | VerificationResult:
    """Compute: a function of the request alone."""
    if isinstance(request, VerificationRequest):
        return verification_work.compute(request)
    if isinstance(request, StressRequest):
        return stress_work.compute(request)
    return tail_fits.compute(request)


def apply_result(state: RiskState, result: TailResult | StressResult) -> bool:
    """Take a result in; False where no such request waits (a result that comes twice)."""
    if isinstance(result, StressResult):
        return stress_work.apply_result(state, result)
    return tail_fits.apply_result(state, result)
