from pathlib import Path

import pytest
import sharing

LENGTHS = sharing.MINUTES | {f"test_{n}": sharing.USUAL for n in range(8)}


def test_every_length_is_that_of_a_module_there_is() -> None:
    there = {path.stem for path in Path(__file__).parent.rglob("test_*.py")}
    assert sharing.MINUTES.keys() - there == set()
    assert {*sharing.TOGETHER, *sharing.TOGETHER.values()} - there == set()


@pytest.mark.parametrize("beside", [False, True])
def test_rows_end_at_about_the_same_time(*, beside: bool) -> None:
    goes = sharing.rows(set(LENGTHS), beside=beside)
    assert goes.keys() == LENGTHS.keys()
    ends = [0.0] * (sharing.ROWS - 1) + [sharing.REST if beside else 0.0]
    for name, row in goes.items():
        ends[row] += LENGTHS[name]
    assert max(ends) - min(ends) <= 1.0


def test_few_modules_do_not_wait_for_the_rest() -> None:
    assert set(sharing.rows({"test_marks", "test_traps"}, beside=True).values()) == {0, 1}
