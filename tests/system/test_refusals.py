"""What an operator gets wrong, and what is wrong with the world: one sentence and the next step."""

import re
from collections.abc import Iterator

import pytest
from mounted import Sides
from world import TO, World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

OTHER_VERSION = """#!/bin/sh
exec python -c 'import sys, engine
engine.__version__ = "0.0.7"
from engine.secondary import agent
sys.exit(agent.main([]))'
"""


@pytest.fixture(scope="module")
def bad(sides: Sides) -> Iterator[World]:
    """The lab with volumes, keys and programs that are not as they should be."""
    world = World(sides.lab)
    run = world.lab.run
    world.lab.gluster("prim1", "volume", "create", "other", "prim1:/bricks/other", "force")
    world.lab.gluster("sec1", "volume", "create", "halted", "sec1:/bricks/halted", "force")
    run("sec1", ["mkdir", "/bricks/small"])
    run("sec1", ["mount", "-t", "tmpfs", "-o", "size=16m", "small", "/bricks/small"])
    world.lab.gluster("sec1", "volume", "create", "small", "sec1:/bricks/small/b", "force")
    world.lab.gluster("sec1", "volume", "start", "small")
    run("prim1", ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/tmp/key"])
    run("prim1", ["sh", "-c", "(printf 'sec1 '; cat /run/tmp/key.pub) > /run/tmp/changed"])
    run("prim1", ["touch", "/run/tmp/unknown"])
    run(
        "sec1",
        ["sh", "-c", "cat > /run/tmp/old; chmod 755 /run/tmp/old"],
        stdin=OTHER_VERSION.encode(),
    )
    yield world
    for host, volume in (("prim1", "other"), ("sec1", "small"), ("sec1", "halted")):
        if volume == "small":
            world.lab.gluster(host, "volume", "stop", volume, "force")
        world.lab.gluster(host, "volume", "delete", volume)


REFUSED: dict[str, tuple[str, str, str]] = {
    "no such primary": ("nosuch", TO, r"no volume nosuch .*gluster volume list"),
    "primary stopped": ("other", TO, r"other is stopped.*gluster volume start other"),
    "changelog off": ("other", TO, r"other keep no changelog.*changelog\.changelog on"),
    "host unknown": ("gvol", "root@nowhere::svol", r"nowhere is not known.*DNS"),
    "host away": (
        "gvol",
        "root@10.255.255.1::svol",
        r"10\.255\.255\.1 .*cannot be reached.*ssh -p",
    ),
    "no sshd": ("gvol", f"{TO} ssh-port=2222", r"port 2222 cannot be reached.*ssh -p 2222"),
    "key refused": ("gvol", f"{TO} ssh-key=/run/tmp/key", r"not accept our key.*ssh-copy-id"),
    "no key": ("gvol", f"{TO} ssh-key=/run/tmp/none", r"/run/tmp/none cannot be used.*ssh-key"),
    "host key changed": ("gvol", f"{TO} known-hosts=/run/tmp/changed", r"host key.*ssh-keygen -R"),
    "host key unknown": ("gvol", f"{TO} known-hosts=/run/tmp/unknown", r"not known here.*ssh -p"),
    "no agent": ("gvol", f"{TO} agent-command=/no/such", r"no georep agent.*pip install"),
    "no agent at all": (
        "gvol",
        f"{TO} agent-command=echo",
        r"`echo` .*sec1 is not a georep agent\. .*agent-command",
    ),
    "other version": ("gvol", f"{TO} agent-command=/run/tmp/old", r"0\.0\.7.*same version"),
    "no such secondary": ("gvol", "root@sec1::nosuch", r"no volume nosuch.*sec1"),
    "secondary stopped": ("gvol", "root@sec1::halted", r"halted.*gluster volume start halted"),
    "secondary too small": ("gvol", "root@sec1::small", r"(do|does) not fit.*\. \S+"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_create_says_what_is_wrong_and_what_to_do(bad: World, case: str) -> None:
    volume, words, pattern = REFUSED[case]
    secondary, *settings = words.split()
    options = [word for setting in settings for word in ("--set", setting)]
    said = bad.georep("prim1", "create", volume, secondary, "--name", "refused", *options)
    assert said.returncode == 1
    crossed = [line for line in said.stdout.decode().splitlines() if line.startswith("✕")]
    assert any(re.search(pattern, line) for line in crossed), crossed
    assert said.stderr.decode().startswith("georep: Session refused was not created: ")
    assert b"Traceback" not in said.stdout + said.stderr
    names = [path.name for path in (bad.lab.place.config("prim1") / "sessions").iterdir()]
    assert "refused.yaml" not in names


USAGE: dict[str, tuple[str, str]] = {
    "one colon": ("georep create gvol sec1:svol", r"'sec1:svol'.*two colons"),
    "a session's name": (
        "georep create gvol root@sec1::svol --name ../x",
        r"'\.\./x'.*Use letters",
    ),
    "an option": ("georep create gvol root@sec1::svol --set colour=red", r"colour.*Known are"),
    "a value": ("georep create gvol root@sec1::svol --set sync-jobs=0", r"sync-jobs.*from 1 to"),
    "start": ("georep start nosuch", r"no session nosuch"),
    "status": ("georep status nosuch", r"no session nosuch"),
    "once": ("georep-engine once nosuch", r"no session nosuch"),
    "delete": ("georep delete nosuch", r"no session nosuch"),
    "a line in the file": ("georep-engine once broken", r"broken\.yaml:3.*sync-jbos.*sync-jobs"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_words_end_with_2_and_the_right_ones(bad: World, case: str) -> None:
    words, pattern = USAGE[case]
    broken = bad.lab.place.config("prim1") / "sessions" / "broken.yaml"
    broken.write_text("primary: gvol\nsecondary: root@sec1::svol\nsync-jbos: 3\n")
    try:
        said = bad.lab.run("prim1", words.split(), check=False)
    finally:
        broken.unlink()
    assert (said.returncode, said.stdout) == (2, b"")
    (line,) = said.stderr.decode().splitlines()
    assert re.search(pattern, line), line


def test_an_ordinary_user_is_told(bad: World) -> None:
    argv = ["setpriv", "--reuid=65534", "--clear-groups", "georep", "create", "gvol", TO]
    said = bad.lab.run("prim1", argv, check=False)
    assert said.returncode in (1, 2)
    assert re.search(r"(?i)root", (said.stdout + said.stderr).decode())
    assert b"Traceback" not in said.stderr
