"""Walking a workflow: a run that no script of its own plays goes through the blocks of its definition.

:mod:`~skyvern_testkit.world.walking.steps` says what comes next, `beginning` and `ending` what becomes of a block,
:mod:`~skyvern_testkit.world.walking.kinds` how each kind of block begins, :mod:`~skyvern_testkit.world.walking.walk`
where a run is. Nothing here waits: that is the run machine's.
"""
