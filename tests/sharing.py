"""How long tests in the lab take, and which of the workers of a run has which of them."""

ROWS = 3
"""How many workers have a lab each; the last one only when it has done most of the rest."""
REST = 16.0
"""Minutes that one worker needs for that, while the others have labs."""
TOGETHER = {
    "test_traps_of_lists": "test_traps",
    "test_traps_of_new_files": "test_traps",
    "test_traps_of_truth": "test_traps",
}
"""Modules that have one lab between them."""
MINUTES = {
    "test_large_files": 7.0,
    "test_idle": 7.0,
    "test_directory": 5.0,
    "test_phases": 5.0,
    "test_kinds": 4.5,
    "test_comparison": 4.5,
    "test_unprivileged": 3.0,
    "test_behind": 2.5,
    "test_options": 2.5,
    "test_scenarios": 2.5,
    "test_lost_history": 2.0,
    "test_nodes_down": 2.0,
    "test_conflicts": 2.0,
    "test_bricks_come_and_go": 2.0,
    "test_stale_copies": 2.0,
    "test_guide": 2.0,
    "test_ahead_of_the_slice": 1.5,
    "test_checkpoints": 1.5,
    "test_takeover": 1.5,
    "test_foreign": 1.3,
    "test_other_bricks": 1.0,
    "test_keys": 1.0,
    "test_pool": 1.0,
    "test_traps_of_moves": 1.0,
}
"""How long the tests of a module in the lab take, roughly; `USUAL` where nothing is said."""
USUAL = 0.6


def rows(modules: set[str], *, beside: bool) -> dict[str, int]:
    """Return the row of each module, the longest shared out first. Pure.

    With other tests `beside` them the last row begins late, so that all end at about one time.
    """
    taken = [0.0] * (ROWS - 1) + [REST if beside else 0.0]
    goes: dict[str, int] = {}
    for name in sorted(modules, key=lambda it: (-MINUTES.get(it, USUAL), it)):
        goes[name] = min(range(ROWS), key=taken.__getitem__)
        taken[goes[name]] += MINUTES.get(name, USUAL)
    return goes
