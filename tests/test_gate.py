"""The gate: what a key of georep's may start, and everything that it may not."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Reject
from engine.gluster import mount
from engine.movers import rsync, stream
from engine.rpc.gated import REFUSED
from engine.rpc.route import Route
from engine.secondary import asked, gate, target
from engine.secondary.asked import Agent, Receiver, Rsync

FAR = "/run/georep/agent-s-1.123.456"
BROKERED = "/var/mountbroker-root/user1001/mtpt-georep-geo-svol-aB3xYz"
FOLDER = "/srv/ü_data/.georep"
OPTIONS = "--log-format=X --timeout=300 --stats --existing --inplace --no-implied-dirs"
RSYNC = f"rsync --server -IRSe.LsfxCIvu {OPTIONS} . {FAR}/"
WORDY = (
    "rsync --server -vvWIRSze.LsfxCIvu -B4096 --timeout=300 --bwlimit=20480 "
    "--compress-choice=zstd --stats --existing --info=STATS2 --inplace --no-implied-dirs . "
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("georep-engine agent", Agent(), id="the agent"),
        pytest.param(f"georep-engine receive {BROKERED}", Receiver(BROKERED), id="to glusterd's"),
        pytest.param(f"georep-engine receive {FAR}", Receiver(FAR), id="a stream"),
        pytest.param(f"georep-engine receive '{FOLDER}'", Receiver(FOLDER), id="to a directory"),
        pytest.param(
            RSYNC, Rsync(("-IRSe.LsfxCIvu", *OPTIONS.split()), FAR), id="rsync as it is called"
        ),
        pytest.param(
            f"{WORDY}{FOLDER}/",
            Rsync(tuple(WORDY.split()[2:-1]), FOLDER),
            id="rsync with harmless rsync-options, to a directory",
        ),
        pytest.param(
            RSYNC.replace("-IRSe.LsfxCIvu", "-IRSe31.14LsfxC"),
            Rsync(("-IRSe31.14LsfxC", *OPTIONS.split()), FAR),
            id="an rsync before its release",
        ),
    ],
)
def test_what_georep_asks_for(text: str, found: asked.Asked) -> None:
    assert asked.parse(text) == found


def _with(option: str) -> str:
    return RSYNC.replace(" --stats", f" --stats {option}")


REFUSED_TEXTS = {
    "a shell": "",
    "a command": "true",
    "the agent, and more": "georep-engine agent; true",
    "the agent with words": "georep-engine agent x",
    "the agent in other words": "georep-engine  agent",
    "the agent quoted": "georep-engine 'agent'",
    "a line behind it": "georep-engine agent\ntrue",
    "a NUL behind it": "georep-engine agent\0",
    "another engine": "/tmp/georep-engine agent",
    "the engine itself": "georep-engine run",
    "an older way in": "georep-engine authorize",
    "two places": f"georep-engine receive {FAR} {FAR}",
    "no place": "georep-engine receive ",
    "quoted though it need not be": f"georep-engine receive '{FAR}'",
    "an open quote": f"georep-engine receive '{FAR}",
    "the root": "georep-engine receive /",
    "a folder": "georep-engine receive /etc",
    "glusterd's mount for gsyncd": "georep-engine receive /m/user1001/mtpt-geo-aB3xYz",
    "below glusterd's mount": f"georep-engine receive {BROKERED}/a",
    "glusterd's mount, climbing": "georep-engine receive /m/../user1/mtpt-georep-geo-svol-aB3xYz",
    "climbing": "georep-engine receive /run/georep/../../etc",
    "climbing to a directory's": "georep-engine receive /srv/../etc/.georep",
    "a dot on the way": "georep-engine receive /srv/./d/.georep",
    "a slash too many": "georep-engine receive //srv/d/.georep",
    "below a mount": f"georep-engine receive {FAR}/etc",
    "a worker's mount": "georep-engine receive /run/georep/s-b1.1.2",
    "the mounts": "georep-engine receive /run/georep/",
    "not absolute": "georep-engine receive srv/.georep",
    "the root's own": "georep-engine receive /.georep",
    "digits that are none": "georep-engine receive /run/georep/agent-s.١.2",
    "rsync alone": "rsync",
    "rsync that sends": RSYNC.replace("--server", "--server --sender"),
    "rsync that is no server": RSYNC.replace(" --server", ""),
    "rsync as a daemon": RSYNC.replace("--server", "--server --daemon"),
    "another rsync": "/tmp/" + RSYNC,
    "options out of sight": RSYNC.replace("-IRSe", "-sIRSe"),
    "no capabilities": RSYNC.replace("-IRSe.LsfxCIvu", "-IRS"),
    "not sparse": RSYNC.replace("-IRSe", "-IRe"),
    "what is not there may be made": RSYNC.replace(" --existing", ""),
    "two places for rsync": RSYNC + " /etc/",
    "options behind the place": RSYNC + " --sender",
    "options behind --": RSYNC.replace(" . ", " -- . "),
    "rsync to a folder": RSYNC.replace(FAR, "/etc"),
    "rsync without the slash": RSYNC.removesuffix("/"),
    "rsync below": RSYNC + "x/",
    "rsync climbing": RSYNC + "../",
    "rsync from elsewhere": RSYNC.replace(" . ", " /etc "),
    "rsync through a shell": RSYNC + "`true`/",
    "spaces": RSYNC.replace(" . ", "  . "),
    "far too long": RSYNC + "/" * 5000,
    **{
        option: _with(option)
        for option in (
            *("--rsh=sh", "-e", "-esh", "--rsync-path=/x", "--daemon", "--config=/x", "--sender"),
            *("--log-file=/x", "--log-file-format=x", "--partial-dir=/x", "--partial"),
            *(
                "--files-from=/etc/passwd",
                "--include-from=/x",
                "--exclude-from=/x",
                "--filter=. /x",
            ),
            *("--temp-dir=/x", "-T/x", "--backup-dir=/x", "--backup", "-b", "--suffix=x"),
            *("--copy-dest=/x", "--link-dest=/x", "--compare-dest=/x", "--write-batch=/x"),
            *("--read-batch=/x", "--only-write-batch=/x", "--password-file=/x", "--chown=0:0"),
            *("--remove-source-files", "--delete", "--super", "--fake-super", "--copy-links", "-L"),
            *("--keep-dirlinks", "-K", "--devices", "--write-devices", "--copy-devices", "-s"),
            *("--secluded-args", "--protect-args", "--remote-option=--x", "-M--x", "--iconv=."),
            *("--log-format=%i\n", "--info=/x", "--compress-choice=/x", "--stop-at=1", ""),
            *("--log-format=%n", "--timeout=x")[1:],
        )
    },
}


@pytest.mark.parametrize("text", REFUSED_TEXTS.values(), ids=REFUSED_TEXTS.keys())
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(Reject) as caught:
        asked.parse(text)
    assert caught.value.sentence().isprintable()


def test_its_places_are_those_of_mounts_and_directories() -> None:
    assert mount.RUN.as_posix() + "/" == asked.MOUNTS
    assert target.OWN.decode() == asked.OWN


@pytest.mark.parametrize("engine", ["georep-engine", "/opt/geo rep/bin/python -m engine"])
@pytest.mark.parametrize("far", [FAR, FOLDER])
def test_the_gate_opens_to_what_primaries_say(engine: str, far: str) -> None:
    route = Route(host="h", command=engine.replace("geo rep", "'geo rep'"))
    words = shlex.split(route.command)
    assert asked.parse(shlex.join([*words, "agent"]), words) == Agent()
    said = stream.command(route, b"/m", far.encode(), ["ssh"])[-1]
    assert asked.parse(str(said), words) == Receiver(far)
    if engine != "georep-engine":
        with pytest.raises(Reject, match="something else was called"):
            asked.parse("georep-engine agent", words)


@pytest.mark.parametrize(
    "options", ["", "--bwlimit=20m", "-z --zc=zstd --whole-file -v", "--checksum --info=stats2"]
)
def test_the_gate_opens_to_this_machine_s_rsync(tmp_path: Path, options: str) -> None:
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\nshift\nprintf %s "$*" > "$0.said"\nexit 1\n')
    shell.chmod(0o755)
    route, far = Route(host="h"), FAR.encode()
    argv = rsync.command(
        route, os.fsencode(tmp_path), far, shell=[str(shell)], program="rsync", options=options
    )
    subprocess.run(argv, input=b".gfid/x\0", capture_output=True, check=False, timeout=60)
    found = asked.parse((tmp_path / "shell.said").read_text())
    assert isinstance(found, Rsync)
    assert found.far == FAR


PIECES = st.sampled_from(
    [
        *(
            "georep-engine",
            "agent",
            "receive",
            "rsync",
            "--server",
            "--sender",
            ".",
            "..",
            "/",
            " ",
        ),
        *("-IRSe.LsfxCIvu", "-e", "sh", *OPTIONS.split(), FAR, FOLDER, FAR + "/", "/etc", "'", '"'),
        *("\\", "\n", "\0", ";", "$(x)", "--", "x"),
    ]
)
EXACT = re.compile(
    r"georep-engine agent"
    rf"|georep-engine receive ({re.escape(FAR)}|'{re.escape(FOLDER)}')"
    r"|rsync --server -[IRSWcqvz]+e\.LsfxCIvu( --[a-z-]+(=\w+)?)+ \. "
    rf"({re.escape(FAR)}|{re.escape(FOLDER)})/"
)


@given(st.lists(PIECES, max_size=14), st.sampled_from([" ", ""]))
def test_nothing_else_put_together_of_the_same_words_passes(words: list[str], glue: str) -> None:
    text = glue.join(words)
    try:
        asked.parse(text)
    except Reject:
        return
    assert EXACT.fullmatch(text)


@given(st.text(max_size=40))
def test_no_text_passes_by_chance(text: str) -> None:
    with pytest.raises(Reject):
        asked.parse(text)


@given(st.sampled_from([RSYNC, f"georep-engine receive {FAR}", "georep-engine agent"]), st.data())
def test_one_sign_more_is_refused_or_means_the_same(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.text(min_size=1, max_size=1)) + text[at:]
    try:
        found = asked.parse(text)
    except Reject:
        return
    match found:
        case Agent():
            pytest.fail(text)
        case Receiver(far) | Rsync(_, far):
            assert re.fullmatch(r"/run/georep/agent-[A-Za-z0-9_-]+\.[0-9]+\.[0-9]+", far)


def _run(text: str | None, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    asked_for = {} if text is None else {gate.ASKED: text}
    return subprocess.run(
        [sys.executable, "-m", "engine", "gate", *words],
        env={**os.environ, **asked_for, **environment},
        input=b"",
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("text", [None, "true", "georep-engine receive /nowhere/.georep"])
def test_it_says_one_sentence_and_its_own_exit_code(text: str | None) -> None:
    said = _run(text)
    assert (said.returncode, said.stdout) == (REFUSED, b"")
    assert said.stderr.startswith(b"georep-engine: ")
    assert len(said.stderr.splitlines()) == 1


def test_it_starts_the_agent_with_a_clean_environment() -> None:
    said = _run("georep-engine agent", PYTHONSTARTUP="/x", SECRET="1")
    assert said.stdout == b"georep agent\n"
    assert said.returncode == 1
    kept = gate.clean({"PATH": "/bin", "LD_PRELOAD": "/x", "PYTHONPATH": "/x", "HOME": "/root"})
    assert kept == {"PATH": "/bin", "HOME": "/root"}


def test_an_agent_opens_what_its_key_is_for() -> None:
    said = _run("georep-engine agent", "--only", "svol")
    assert said.stdout == b"georep agent\n"
    assert gate.split(["--only", "svol", "/opt/e", "-m"]) == ("svol", ["/opt/e", "-m"])
    assert gate.split([]) == ("", asked.ENGINE)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("/opt/georep/bin/georep-engine", ["/opt/georep/bin/georep-engine"]),
        ("/opt/georep/engine/__main__.py", ["-m", "engine"]),
        ("georep-engine", ["-m", "engine"]),
        ("-c", ["-m", "engine"]),
    ],
)
def test_what_it_starts_is_called_as_it_was(
    monkeypatch: pytest.MonkeyPatch, script: str, words: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    assert gate._engine() == [sys.executable, "-P", *words]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "d" / ".georep"
    own.mkdir(parents=True)
    (own / "identity.json").write_text("{}")
    return own


def test_it_knows_the_directories_that_are_secondaries(folder: Path) -> None:
    place = str(folder.parent)
    for only in ("", place):
        gate.check(str(folder), only)
    with pytest.raises(Reject, match="no place that it is for"):
        gate.check(str(folder), "svol")
    away = folder.parent.with_name("away")
    away.mkdir()
    (away / ".georep").symlink_to(folder)
    with pytest.raises(Reject, match="no place that it is for"):
        gate.check(f"{away}/.georep", "")
    (folder / "identity.json").rename(folder / "other")
    (folder / "identity.json").symlink_to(folder / "other")
    with pytest.raises(Reject, match="no place that it is for"):
        gate.check(str(folder), "")


def test_a_folder_where_a_mount_should_be_is_none() -> None:
    assert not gate._mounted("/run/georep/agent-x.1.2", "")
    assert not gate._mounted("/", "")


def test_glusterd_s_mounts_are_for_their_user_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(gate, "_mounted", lambda far, only: not seen.append((far, only)))
    monkeypatch.setattr(os, "geteuid", lambda: 1001)
    gate.check(BROKERED, "svol")
    assert seen == [(BROKERED, "svol")]
    monkeypatch.setattr(os, "geteuid", lambda: 1002)
    with pytest.raises(Reject, match="no place that it is for"):
        gate.check(BROKERED, "svol")
    assert len(seen) == 1


LEAVING_ROOT = """
import ctypes, os
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1)  # as any process that was started by this user
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a root of its own")
@pytest.mark.parametrize("first", ["", LEAVING_ROOT], ids=["as root", "without root"])
def test_behind_the_fence_there_is_nothing_else(folder: Path, first: str) -> None:
    if first and Path("/proc/sys/user/max_user_namespaces").read_text().strip() == "0":
        pytest.skip("this machine has no user namespaces")
    code = """
import json, os, sys
from engine.secondary import fence
far = sys.argv[1]
fence.enter(far)
open(far + "/made", "w").close()
refused = []
for path in ("/made", "/usr/made", "/run/made"):
    try:
        open(path, "w").close()
    except OSError:
        refused.append(path)
print(json.dumps([sorted(os.listdir("/")), os.listdir(far), refused, os.path.exists("/etc")]))
"""
    far = folder
    if first:
        far = Path(tempfile.mkdtemp(dir="/tmp"), "far")
        shutil.copytree(folder, far)
        for path in (far.parent, far):
            os.chown(path, 65534, 65534)
    code = code.replace("far = ", f"{first}far = ")
    argv = [sys.executable, "-c", code, str(far)]
    said = subprocess.run(argv, capture_output=True, check=True, timeout=60)
    tops, there, refused, etc = json.loads(said.stdout)
    assert set(tops) <= {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "tmp"}
    assert sorted(there) == ["identity.json", "made"]
    assert refused == ["/made", "/usr/made", "/run/made"]
    assert not etc
    assert (far / "made").exists()
    if first:
        shutil.rmtree(far.parent)
