"""What every test finds: the labs, and no judgement of how fast this machine is."""

import pytest
from hypothesis import HealthCheck, settings
from lab_fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]

settings.register_profile(
    "steady", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests in the lab together: two labs at a time are more than two cores bear."""
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.xdist_group("lab"))
