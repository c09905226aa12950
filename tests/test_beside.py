"""Everything of gsyncd's has its place in docs/gsyncd.md, and every option is one or is refused."""

import re

import beside
import pages
import pytest

from engine import config, gsyncd, options
from engine.errors import Usage
from engine.options import Options
from georep_tui import columns, words

OLDER = ("use-tarssh", "timeout", "mountbroker")
"""Names that options had once, or of what belongs to gsyncd's world."""


@pytest.mark.parametrize("name", beside.OPTIONS)
def test_every_option_of_gsyncd_is_one_here_or_is_refused_with_its_reason(name: str) -> None:
    assert (name in options.TABLE) is not (name in gsyncd.REFUSED)
    for word in (name, name.replace("-", "_"), re.sub("^secondary-", "slave-", name)):
        if name in options.TABLE:
            assert options.find(word, where="").name == name
            continue
        with pytest.raises(Usage) as caught:
            options.changed(Options(), [f"{word}=x"], where="--set")
        said = caught.value.sentence()
        assert gsyncd.REFUSED[name].reason in said
        assert gsyncd.REFUSED[name].instead in said


def test_nothing_is_refused_that_gsyncd_does_not_have() -> None:
    assert set(gsyncd.REFUSED) - set(beside.OPTIONS) == set(OLDER)
    assert all(each.reason and each.instead.endswith(".") for each in gsyncd.REFUSED.values())


COMMANDS = """create|create … ssh-port N|create … no-verify|create … push-pem|create … force|start|
start force|stop|stop force|pause|resume|config|config OPTION|config OPTION VALUE|config '!OPTION'|
status|status detail|status --xml|delete|delete reset-sync-time"""
TOOLS = """monitor|monitor-status|worker|agent|secondary|status|config-check|config-get|config-set|
config-reset|voluuidget|delete"""
COLUMNS = """PRIMARY NODE|PRIMARY VOL|PRIMARY BRICK|SECONDARY USER|SECONDARY|SECONDARY NODE|STATUS|
CRAWL STATUS|LAST_SYNCED|ENTRY|DATA|META|FAILURES|CHECKPOINT TIME|CHECKPOINT COMPLETED|
CHECKPOINT COMPLETION TIME"""
STATES = """Created|Initializing...|Active|Passive|Faulty|Paused|Stopped|inconsistent|Hybrid Crawl|
History Crawl|Changelog Crawl"""


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        pytest.param(COMMANDS, beside.COMMANDS, id="commands"),
        pytest.param(COLUMNS, beside.COLUMNS, id="columns"),
        pytest.param(STATES, beside.STATES, id="states"),
        pytest.param(
            "|".join(f"gsyncd {word}" for word in TOOLS.replace("\n", "").split("|")),
            beside.TOOLS,
            id="what glusterd runs",
        ),
    ],
)
def test_the_tables_are_complete(names: str, rows: tuple[beside.Beside, ...]) -> None:
    listed = [row.gsyncd for row in rows]
    assert set(names.replace("\n", "").split("|")) <= set(listed)
    assert len(listed) == len(set(listed))
    assert all(row.georep or row.note for row in rows)


def test_what_is_named_of_georep_is_there() -> None:
    text = "\n".join(row.georep for row in (*beside.COMMANDS, *beside.TOOLS))
    parser = words.parser([])
    named = set(re.findall(r"`georep ([a-z]+)", text))
    commands = {
        name
        for action in parser._actions
        if isinstance(action.choices, dict)
        for name in action.choices
    }
    assert named <= commands
    titles = {
        column.title for column in (*columns.WORKERS, *columns.WORKERS_WIDE, *columns.SESSIONS)
    }
    for row in beside.COLUMNS:
        for title in re.findall(r"[A-Z]{3,}(?: [A-Z]+)*", row.georep):
            assert title in titles


def test_every_option_stands_on_the_page() -> None:
    text = (pages.ROOT / "docs/gsyncd.md").read_text()
    assert [name for name in beside.OPTIONS if f"| `{name}` |" not in text] == []


def test_in_a_session_file_it_is_refused_with_its_line() -> None:
    content = b"primary: gvol\nsecondary: sec1::svol\ntar-command: /bin/tar\n"
    with pytest.raises(Usage) as caught:
        config.parse("s", content, where="s.yaml")
    assert caught.value.sentence() == (
        "s.yaml:3: tar-command is gsyncd's, and nothing to set here: whole files go in a stream "
        "of georep's own. Use sync-method: tarssh."
    )
