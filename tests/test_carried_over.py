"""The page of what is carried over says nothing without a test, and leaves nothing out."""

import ast
import re
from functools import cache

import pages
import pytest

from engine.gluster import objects
from engine.lab.workload import CASES
from engine.primary import records

PAGE = (pages.ROOT / "docs/carried-over.md").read_text()
JOURNALLED = (
    *("mknod", "mkdir", "create", "symlink", "link", "rename", "unlink", "rmdir"),
    *("writev", "truncate", "ftruncate", "setattr", "fsetattr"),
    *("setxattr", "fsetxattr", "removexattr", "fremovexattr", "xattrop", "fxattrop"),
)
"""What the changelog of GlusterFS 10.3 has records of."""
UNJOURNALLED = ("fallocate", "discard", "zerofill", "copy_file_range", "put", "icreate")
"""What changes a volume and leaves no record."""


def table(heading: str) -> list[list[str]]:
    """Return the rows of one table of the page, without its head."""
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[0][-1] == "Shown by"
    return rows[2:]


OPERATIONS, PROPERTIES = table("Operations"), table("Properties")


@cache
def defined_in(path: str) -> set[str]:
    """Return the names of the tests in one file; none when there is no such file."""
    file = pages.ROOT / path
    if not file.exists():
        return set()
    found = ast.walk(ast.parse(file.read_text()))
    functions = (node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def cases(text: str) -> list[str]:
    return re.findall(r"`case ([^`]+)`", text)


def references(text: str) -> list[str]:
    return re.findall(r"`(tests/[^`:]+::[^`]+)`", text)


@pytest.mark.parametrize("row", OPERATIONS + PROPERTIES, ids=lambda row: row[0])
def test_every_line_is_shown_by_something_that_exists(row: list[str]) -> None:
    shown = row[-1]
    assert "" not in row
    left = re.sub(r"`[^`]+`|,| ", "", shown)
    assert left == "", "references alone"
    assert cases(shown) or references(shown)
    assert set(cases(shown)) <= {case.name for case in CASES}


def test_every_test_that_is_named_exists() -> None:
    named = references(PAGE)
    assert len(named) > 20
    missing = [one for one in named if one.split("::")[1] not in defined_in(one.split("::")[0])]
    assert missing == []


def test_every_case_has_a_line() -> None:
    named = {name for row in OPERATIONS + PROPERTIES for name in cases(row[-1])}
    assert named == {case.name for case in CASES}


def test_every_fop_has_a_line_and_no_other() -> None:
    named = {fop for row in OPERATIONS for fop in re.findall(r"`(\w+)`", row[1])}
    assert named == {*JOURNALLED, *UNJOURNALLED}


def test_every_entry_that_the_reader_knows_is_journalled() -> None:
    known = {number for number, *_ in records._ENTRIES.values()}
    spelled = {fop: getattr(records, fop.upper(), None) for fop in JOURNALLED}
    assert {number for number in spelled.values() if number} == known


def test_what_is_not_journalled_says_so() -> None:
    for row in OPERATIONS:
        fops = set(re.findall(r"`(\w+)`", row[1]))
        assert bool(fops & {*UNJOURNALLED}) is row[2].startswith("not journalled")


@pytest.mark.parametrize(
    ("name", "travels"),
    [
        (b"user.a", True),
        (b"user.\xff", True),
        (b"system.posix_acl_access", True),
        (b"system.posix_acl_default", True),
        (b"system.nfs4_acl", False),
        (b"trusted.a", False),
        (b"trusted.gfid", False),
        (b"security.selinux", False),
        (b"security.capability", False),
        (b"glusterfs.gfid", False),
    ],
)
def test_what_travels_of_xattrs(name: bytes, travels: bool) -> None:
    assert objects.travels(name) is travels
