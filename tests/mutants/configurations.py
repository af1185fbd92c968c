"""Guards of other configurations and models: what changed begins anew, and what was said elsewhere is nothing here."""

from tests.mutants.failures import EXCEPTION, NO_EVIDENCE, VANISHED
from tests.mutants.mutant import Mutant

_FILE = "tests/daemon/test_reconfiguring.py"
_START = "tests/daemon/test_start_setup.py"

CONFIGURATIONS: tuple[Mutant, ...] = (
    Mutant(
        "a limit that a file changed keeps its evidence",
        NO_EVIDENCE,
        "daemon/takeover.py",
        "        restarts=tuple(name for name in new if name in old and name in restarts),\n",
        "        restarts=(),\n",
        (f"{_FILE}::test_a_lower_level_acts_at_once_and_only_its_evidence_begins_anew",),
    ),
    Mutant(
        "limits keep the evidence of another model",
        NO_EVIDENCE,
        "enforcement/ladders.py",
        'self._tell(unit, unit.reset(now_ns, "model_changed", reason))',
        "pass",
        (f"{_FILE}::test_another_model_begins_the_evidence_of_every_limit_anew_in_its_stage",),
    ),
    Mutant(
        "a limit that returns has the evidence of the one that went",
        NO_EVIDENCE,
        "daemon/limit_changes.py",
        "ladders.reset((*ids, *others),",
        "ladders.reset((*ids,),",
        (f"{_FILE}::test_a_limit_that_returns_as_another_one_begins_its_evidence_anew",),
    ),
    Mutant(
        "a file takes back nothing that a command had loosened",
        EXCEPTION,
        "daemon/takeover.py",
        "    limits = stands if known == wanted else wanted\n",
        "    limits = stands\n",
        (f"{_FILE}::test_the_file_takes_back_what_a_command_had_set_and_says_so",),
    ),
    Mutant(
        "another model goes on with whatever it makes of the journal",
        VANISHED,
        "daemon/model_check.py",
        "            if told != _as_written(record):\n",
        "            if False:\n",
        (f"{_START}::test_another_model_that_decides_otherwise_is_refused_at_the_first_record",),
    ),
    Mutant(
        "what was signed for a test desk counts in production",
        EXCEPTION,
        "feeds/signature.py",
        "    if named == own:\n",
        "    if True:\n",
        ("tests/daemon/test_deployment.py::test_a_command_for_another_riskd_is_refused_in_words",),
    ),
)
