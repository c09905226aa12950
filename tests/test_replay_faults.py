"""Why a worker of gsyncd ended: each cause from the lines that tell of it."""

import pytest
from gsyncd_logs import line

from georep_tui.replay import gsyncd_faults
from georep_tui.replay.gsyncd_lines import Line, read

SSH = "command returned error [{cmd=ssh -p 22 sec /nonexistent/gsyncd secondary}, {error=255}]"
BROKEN = "connection to peer is broken"
LOST = "Gluster Mount process exited [{error=ENOTCONN}]"


def lines(*messages: str) -> list[Line]:
    raws = [
        part + b"\n"
        for at, message in enumerate(messages)
        for part in line(at, "worker /bricks/b1", message, level="E").splitlines()
    ]
    found = [value for _, value in read(enumerate(raws))]
    assert all(isinstance(each, Line) for each in found)
    return found  # type: ignore[return-value]  # as asserted


@pytest.mark.parametrize(
    ("near", "far", "died", "silent", "cause", "words"),
    [
        ([BROKEN, SSH], [], "", False, "connection lost", "ssh to it ended with exit 255"),
        ([BROKEN], [], "", False, "connection lost", "ssh to it ended"),
        ([BROKEN, SSH], [], "", True, "far side killed", "its log has no word of it"),
        (
            [BROKEN, SSH, "ssh> Permission denied (publickey)."],
            [],
            "",
            True,
            "key refused",
            "Permission denied (publickey).",
        ),
        (
            [BROKEN, SSH, "ssh> ssh: connect to host sec port 22: Connection refused"],
            [],
            "",
            False,
            "host unreachable",
            "Connection refused",
        ),
        (
            [BROKEN, SSH, "ssh> Host key verification failed."],
            [],
            "",
            False,
            "host key changed",
            "Host key",
        ),
        (
            [SSH, "ssh> bash: line 1: /nonexistent/gsyncd: No such file or directory"],
            [],
            "",
            False,
            "no agent",
            "No such file",
        ),
        (
            ["command returned error [{cmd=rsync -aR0 --inplace}, {error=12}]"],
            [],
            "",
            False,
            "mover failed",
            "rsync ended with exit 12",
        ),
        ([BROKEN, SSH], [LOST], "", False, "secondary mount lost", "ENOTCONN"),
        ([LOST], [], "", False, "primary mount lost", "of the primary volume"),
        (
            ["call failed [{call=1:2:3}, {method=keep_alive}, {error=OSError}]", LOST],
            [],
            "",
            False,
            "secondary mount lost",
            "of the secondary volume",
        ),
        (
            ["FAIL: \nTraceback (most recent call last):\nUnicodeDecodeError: 'utf-8' codec"],
            [],
            "",
            False,
            "name that is not UTF-8",
            "UnicodeDecodeError",
        ),
        (
            ["FAIL: \nTraceback (most recent call last):\nKeyError: 'x'"],
            [],
            "worker died in startup phase",
            False,
            "fault of its own",
            "KeyError: 'x'",
        ),
        (["FAIL: "], [], "", False, "fault of its own", "a fault of its own"),
        (
            ['Getting "Input/Output error" is most likely due to a. Brick is down or b. Split'],
            [],
            "",
            False,
            "I/O error",
            "split brain",
        ),
        (
            ["The above directory failed to sync. Please fix it to proceed further."],
            [],
            "",
            False,
            "directory failed",
            "directory",
        ),
        (["Changelog register failed [{error=x y}]"], [], "", False, "changelog", "x y"),
        (["Changelog History Crawl failed [{error=z}]"], [], "", False, "changelog", "z"),
        (
            ["Meta-volume is not mounted. Worker Exiting..."],
            [],
            "",
            False,
            "meta volume not mounted",
            "meta",
        ),
        (
            ['getting "No such file or directory"errors is most likely due to MISCONFIGURATION'],
            [],
            "",
            False,
            "no agent",
            "no gsyncd",
        ),
        (
            [],
            [],
            "Worker not confirmed after wait, aborting it.",
            False,
            "start-up hung",
            "not connected",
        ),
        ([], [], "worker died in startup phase", False, "ended silently", "worker died in startup"),
        (["what is this"], [], "", False, "ended silently", "without a word"),
    ],
)
def test_causes(
    near: list[str], far: list[str], died: str, silent: bool, cause: str, words: str
) -> None:
    fault = gsyncd_faults.explain(lines(*near), lines(*far), died, silent=silent)
    assert fault.cause == cause
    assert words in fault.words
    assert fault.fix
    assert not fault.words.endswith(".") or "ssh> " in near[-1]


def test_evidence_is_in_their_own_words_without_command_lines() -> None:
    near = lines(BROKEN, SSH, "ssh> Permission denied (publickey).")
    fault = gsyncd_faults.explain(near, lines("call failed: \nOSError: 107"), "", silent=False)
    assert fault.evidence.split("; ") == [
        BROKEN,
        "command returned error (255)",
        "ssh> Permission denied (publickey).",
        "secondary: call failed: OSError: 107",
    ]
