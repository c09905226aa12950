"""What the documentation says of the code is what the code has."""

import ast
import re
from collections.abc import Iterator

import pages
import pytest

from engine.lab import prerequisites

CAUSE = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


@pytest.mark.parametrize("name", list(pages.PAGES))
def test_made_pages_are_fresh(name: str) -> None:
    written = (pages.ROOT / name).read_text()
    assert written == pages.PAGES[name](), f"{name} is stale: make docs"


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(words)) if words:
            yield words
        case ast.BoolOp(values=values):
            for value in values:
                yield from _constants(value)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)
        case _:
            pass


def _causes(tree: ast.AST) -> Iterator[str]:
    """Yield each cause that is given a name in `tree`."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="cause", value=value):
                yield from _constants(value)
            case ast.BoolOp(values=[ast.Attribute(attr="cause"), *others]):
                for other in others:
                    yield from _constants(other)
            case ast.Call(func=ast.Attribute(attr="_faulty"), args=[_, cause, *_]):
                yield from _constants(cause)
            case _:
                pass


def test_every_cause_is_in_the_catalogue_and_no_other() -> None:
    named = {
        cause
        for path in (pages.ROOT / "engine").rglob("*.py")
        for cause in _causes(ast.parse(path.read_text()))
    }
    assert len(named) > 30
    listed = CAUSE.findall((pages.ROOT / "docs/causes.md").read_text())
    assert sorted(named) == sorted(listed)


def test_every_decision_is_short_and_numbered() -> None:
    found = sorted((pages.ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(path.name[:3]) for path in found]
    assert numbers == list(range(1, len(found) + 1))
    assert {path.name for path in found if len(path.read_text().splitlines()) > 25} == set()


def test_links_between_pages_lead_somewhere() -> None:
    texts = (pages.ROOT / "README.md", *(pages.ROOT / "docs").rglob("*.md"))
    broken = [
        f"{page.relative_to(pages.ROOT)}: {target}"
        for page in texts
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_set_up_brings_what_a_lab_must_have() -> None:
    script = (pages.ROOT / ".ci/prepare").read_text()
    table = re.search(r"^LAB='\n(.*?)^'", script, re.MULTILINE | re.DOTALL)
    assert table
    brought = dict(line.split() for line in table[1].splitlines())
    assert prerequisites._PROGRAMS.items() <= brought.items()
