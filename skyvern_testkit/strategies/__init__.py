"""Hypothesis strategies: legal histories of runs, outputs of a schema, plans of faults.

>>> @given(script=run_scripts("workflow"), plan=faults(["get_run"]))
... def test_my_client(script, plan):
...     with fake_skyvern() as fake:
...         fake.on().play(script)
...         fake.faults.extend(plan)
...         ...

Importing this imports Hypothesis. :func:`skyvern_testkit.explore` puts the same strategies to work
with less writing.
"""

from skyvern_testkit.strategies.histories import RUN_TYPE_OF, every_move, run_scripts
from skyvern_testkit.strategies.outputs import outputs
from skyvern_testkit.strategies.plans import STATUSES, WAYS, Way, every_fault, faults

__all__ = [
    "RUN_TYPE_OF",
    "STATUSES",
    "WAYS",
    "Way",
    "every_fault",
    "every_move",
    "faults",
    "outputs",
    "run_scripts",
]
