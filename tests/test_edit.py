import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import config, options
from engine.config import Session
from engine.edit import edited
from engine.errors import Usage
from engine.options import Options

FILE = """\
# ours
primary: gvol   # the data
secondary: root@sec1::svol

# Port of sshd on the secondary.
# ssh-port: 22
sync-jobs: 5  # as many as it takes
"""


@pytest.mark.parametrize(
    ("before", "changes", "resets", "after"),
    [
        pytest.param(
            FILE,
            {"sync-jobs": "7"},
            {},
            FILE.replace("sync-jobs: 5  #", "sync-jobs: 7  #"),
            id="a value, and the comment behind it stays",
        ),
        pytest.param(
            FILE,
            {"ssh-port": "2222"},
            {},
            FILE.replace("# ssh-port: 22", "ssh-port: 2222"),
            id="where it is offered",
        ),
        pytest.param(FILE, {"push-limit": "0"}, {}, FILE + "push-limit: 0\n", id="a new line"),
        pytest.param("a: b", {"c": "d"}, {}, "a: b\nc: d\n", id="behind a line without an end"),
        pytest.param("", {"c": "d"}, {}, "c: d\n", id="an empty file"),
        pytest.param("a:\nc: d\n", {"a": "'x'"}, {}, "a: 'x'\nc: d\n", id="no value before"),
        pytest.param("a: |\n  x\n  y\nc: d\n", {"a": "z"}, {}, "a: z\nc: d\n", id="a block"),
        pytest.param("a: 'x\n  y'\nc: d\n", {"a": "z"}, {}, "a: z\nc: d\n", id="two lines"),
        pytest.param("a: b\r\nc: d\r\n", {"a": "z"}, {}, "a: z\r\nc: d\r\n", id="ends of DOS"),
        pytest.param("ab: c\n# a: c\n", {"a": "z"}, {}, "ab: c\na: z\n", id="not its beginning"),
        pytest.param("# ab: c\n", {"a": "z"}, {}, "# ab: c\na: z\n", id="another's offer"),
        pytest.param(
            FILE,
            {},
            {"sync-jobs": "3"},
            FILE.replace("sync-jobs: 5", "# sync-jobs: 3"),
            id="back to the default, as a comment",
        ),
        pytest.param(FILE, {}, {"push-limit": "1"}, FILE, id="back to what it never left"),
        pytest.param(
            "# a: 1\na: 2\n", {"a": "3"}, {}, "# a: 1\na: 3\n", id="set beside an old comment"
        ),
    ],
)
def test_what_is_changed(
    before: str, changes: dict[str, str], resets: dict[str, str], after: str
) -> None:
    assert edited(before, changes, resets) == after


def test_set_and_reset_leave_a_made_file_as_it_was() -> None:
    text = config.render(Session("s", "p", "root", "h", "v"))
    changed = edited(text, {"sync-jobs": "9", "rsync-options": "-z"}, {})
    assert config.parse("s", changed.encode(), where="f").options == Options(
        sync_jobs=9, rsync_options="-z"
    )
    assert edited(changed, {}, {"sync-jobs": "3", "rsync-options": "''"}) == text


LINES = (
    *(
        "# a comment",
        "",
        "ssh-port: 2222",
        "ssh-port: '2222'  # odd",
        "# sync-jobs: 3",
        "# ssh-port: 22",
    ),
    *(
        "push-limit:   0",
        '"log-level": debug',
        "rsync-options: >-\n  -z\n  --fuzzy",
        "known-hosts:",
    ),
)


@given(st.lists(st.sampled_from(LINES), unique=True), st.sampled_from(("ssh-port", "sync-jobs")))
def test_one_option_changes_and_every_other_line_stays(lines: list[str], key: str) -> None:
    text = "\n".join(("primary: gvol", "secondary: h::v", *lines)) + "\n"
    try:
        before = config.parse("s", text.encode(), where="f").options
    except Usage:
        return  # the same key twice
    changed = edited(text, {key: "77"}, {})
    after = config.parse("s", changed.encode(), where="f").options
    assert after == options.changed(before, [f"{key}=77"], where="")
    assert set(text.splitlines()) - set(changed.splitlines()) <= {
        line for line in text.splitlines() if line.lstrip("# ").startswith(key)
    }
    back = edited(changed, {}, {key: "0"})
    default = options.value(Options(), options.TABLE[key])
    assert config.parse("s", back.encode(), where="f").options == options.changed(
        after, [f"{key}={default}"], where=""
    )
