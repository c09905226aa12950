"""What every test finds: the labs, a worker, and no judgement of how fast this machine is."""

import pytest
import sharing
from hypothesis import HealthCheck, settings
from lab_fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]

settings.register_profile(
    "steady", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests out: those in the lab in rows of whole modules, all others one by one.

    Who is handed out first is done first. Two rows come first, for the labs take longest; then most
    of the rest, which keeps the third worker busy until it gets the last row; what is left goes to
    whoever has ended before the others.
    """
    inside = [item for item in items if item.get_closest_marker("lab")]
    others = [item for item in items if not item.get_closest_marker("lab")]
    goes = sharing.rows({_lab_of(item) for item in inside}, beside=bool(others))
    by_row: list[list[pytest.Item]] = [[] for _ in range(sharing.ROWS)]
    for item in inside:
        row = goes[_lab_of(item)]
        item.add_marker(pytest.mark.xdist_group(f"lab {row}"))
        by_row[row].append(item)
    most = len(others) * 4 // 5
    *first, last = by_row
    items[:] = [*(it for row in first for it in row), *others[:most], *last, *others[most:]]


def _lab_of(item: pytest.Item) -> str:
    name = item.path.stem
    return sharing.TOGETHER.get(name, name)
