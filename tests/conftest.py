"""What every test finds: the labs, and no judgement of how fast this machine is."""

import pytest
from hypothesis import HealthCheck, settings
from lab_fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]

settings.register_profile(
    "steady", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


LABS = 2
"""How many labs may stand at a time: as many as two cores bear, other tests beside them."""
TOGETHER = {"test_traps_of_new_files": "test_traps", "test_traps_of_truth": "test_traps"}
"""Modules that have one lab between them."""
MINUTES = {
    "test_phases": 7.5,
    "test_large_files": 7.0,
    "test_directory": 5.5,
    "test_comparison": 5.0,
    "test_behind": 4.5,
    "test_conflicts": 2.5,
    "test_unprivileged": 2.5,
    "test_options": 2.0,
    "test_scenarios": 2.0,
    "test_guide": 2.0,
    "test_lost_history": 2.0,
    "test_nodes_down": 2.0,
    "test_ahead_of_the_slice": 2.0,
    "test_checkpoints": 1.5,
    "test_traps": 1.5,
    "test_limits": 1.0,
    "test_takeover": 1.0,
    "test_marks": 1.0,
}
"""How long the tests of a module in the lab take, roughly; `USUAL` where nothing is said."""
USUAL = 0.7


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests in the lab out among `LABS` workers: modules whole, the longest first."""
    inside = [item for item in items if item.get_closest_marker("lab")]
    taken = dict.fromkeys(range(LABS), 0.0)
    goes: dict[str, int] = {}
    for name in sorted(
        {_lab_of(item) for item in inside}, key=lambda it: (-MINUTES.get(it, USUAL), it)
    ):
        goes[name] = min(taken, key=taken.__getitem__)
        taken[goes[name]] += MINUTES.get(name, USUAL)
    for item in inside:
        item.add_marker(pytest.mark.xdist_group(f"lab {goes[_lab_of(item)]}"))
    # Who is handed out first is done first: the labs take longest.
    items.sort(
        key=lambda item: (item.get_closest_marker("lab") is None, goes.get(_lab_of(item), 0))
    )


def _lab_of(item: pytest.Item) -> str:
    name = item.path.stem
    return TOGETHER.get(name, name)
