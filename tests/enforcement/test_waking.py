"""Evaluating always, or only where something wakes: the same decisions."""

from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement.records import encode
from risk.measures import METRICS, Measures, Status
from tests.enforcement.desk import SECOND, Desk, config_with, measures_with
from tests.enforcement.test_modes import CAP, LIMITS

PRICES = st.lists(
    st.tuples(
        st.sampled_from([5e4, 8.1e4, 9.5e4, 1.5e5, 3e5]), st.sampled_from([0.1, 0.21, 0.3, 0.6]),
        st.sampled_from([Status.OK, Status.OK, Status.OK, Status.DEGRADED, Status.INVALID]),
        st.sampled_from(["price", "price", "other"]), st.integers(6, 9), st.booleans(), st.booleans(),
    ),
    max_size=40,
)  # fmt: skip


def wakes(desk: Desk, before: Measures, after: Measures) -> bool:
    """Say what the kernel says: over a wake-up level, a status changed, known changed, or a life is not ok."""
    over = bool((after.values > desk.enforcer.wake_levels("firm")).any())
    changed = bool((before.statuses != after.statuses).any()) or before.known != after.known
    return over or changed or desk.enforcer.alive("firm")


@settings(max_examples=80)
@given(PRICES)
def test_running_all_always_changes_nothing(steps) -> None:
    always, woken = (Desk(config_with(*LIMITS, CAP, mode="full")) for _ in range(2))
    for value, share, status, cause, names, is_suspect, opens_session in steps:
        statuses = dict.fromkeys(METRICS[:8], status)
        for desk in (always, woken):
            before = desk.measures
            desk.session += opens_session
            shown = measures_with_all(value, share, statuses, names)
            if desk is always or wakes(desk, before, shown):
                desk.see(cause, suspect=is_suspect, measures=shown)
                if desk is always:  # and once more at the same moment
                    moment = desk.moment(cause, suspect=is_suspect)
                    again = desk.enforcer.evaluate("firm", shown, lambda book=desk.book: book, moment)
                    assert again == []
            else:
                desk.wait(SECOND)
                desk.n, desk.measures = desk.n + 1, shown
    assert [encode(each.decision) for each in always.outcomes] == [encode(each.decision) for each in woken.outcomes]
    assert always.outcomes == woken.outcomes


def measures_with_all(value: float, share: float, statuses: dict[str, Status], names: int) -> Measures:
    return measures_with(
        statuses=statuses, names=names, var_99=value, worst_loss=value, top_share=share, gross_leverage=10 * share,
        gross=10 * value,
    )  # fmt: skip
