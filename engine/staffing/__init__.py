"""What would have happened, or will: days lived on a virtual clock by the distributor that serves real calls.

`quietline simulate` (docs/simulate.md). Not to be mixed up with engine/sim, the simulated Asterisk of the tests: nothing rings here.

    draws.py      how long things take: distributions, each drawn from one random number
    patience.py   when callers give up, estimated where most of them did not
    plan.py       callers, agents' hours and doors of a day, wherever they come from
    run.py        one day, lived: `decide` of the core, and the log the engine would have written
    telling.py    what callers in line would be told, by the core's announcer
    figures.py    days' reports as means with their intervals, and two runs compared day by day
    erlang.py     Erlang C and A, exactly
    formulas.py   which queues these formulas say something about, and what
    experiment.py a base run and a what-if beside it
    crew.py       more agents, or fewer
    past.py       a plan from the log of a day that has been
    planfile.py   a plan from a staffing file

All but crew.py and planfile.py, which speak to people, are pure (import-linter holds it): chance comes from seeds.
"""
