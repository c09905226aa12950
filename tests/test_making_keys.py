"""Keys of georep's own: made once, the host's pinned, let in through the gate, and proved."""

import io
import os
import shlex
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import config
from engine.config import Places, Session
from engine.errors import GeorepError, Retry, Stop, Usage
from engine.options import Options
from engine.rpc import gated, hostkeys, ssh
from engine.rpc.messages import MAGIC
from engine.secondary import authorized
from engine.session import keys, opening
from engine.session.checks import Check
from georep_tui import checking, cli

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA" + "B" * 44
PLAIN = f'restrict,command="georep-engine gate" {KEY} georep@prim1'


@pytest.fixture
def at(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "state")


@pytest.mark.parametrize(
    ("only", "engine", "command"),
    [
        pytest.param("", ["georep-engine"], "georep-engine gate", id="for any place"),
        pytest.param("svol", ["georep-engine"], "georep-engine gate --only svol", id="a volume"),
        pytest.param(
            "/srv/d", ["/o p/e", "-m"], "'/o p/e' -m gate --only /srv/d '/o p/e' -m", id="elsewhere"
        ),
        pytest.param(
            "", ["/it's"], r"""'/it'\"'\"'s' gate '/it'\"'\"'s'""", id="quotes within quotes"
        ),
    ],
)
def test_the_line_of_a_key(only: str, engine: list[str], command: str) -> None:
    line = authorized.line(f"{KEY} georep@prim1\n", only, engine)
    assert line == f'restrict,command="{command}" {KEY} georep@prim1'


@pytest.mark.parametrize(
    "key",
    [
        *("", "x", KEY.replace("ed25519", "rsa"), f"{KEY}\nssh-ed25519 x", f'command="x" {KEY}'),
        *(f"{KEY} a b", f"{KEY} a\nb", f'{KEY} "', KEY[:30], KEY + "B" * 300),
    ],
)
def test_only_a_key_is_a_key(key: str) -> None:
    with pytest.raises(Usage, match="no public key"):
        authorized.line(key, "", ["georep-engine"])


OTHER = "ssh-rsa AAAAB3 root@home"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", f"{PLAIN}\n", id="the first"),
        pytest.param(f"{OTHER}\n", f"{OTHER}\n{PLAIN}\n", id="beside another"),
        pytest.param(OTHER, f"{OTHER}\n{PLAIN}\n", id="the last line has no end"),
        pytest.param(f"{PLAIN}\n{OTHER}\n", f"{PLAIN}\n{OTHER}\n", id="there already"),
        pytest.param(f"{KEY} x\n{OTHER}\n", f"{PLAIN}\n{OTHER}\n", id="there, and opens a shell"),
        pytest.param(
            f'{OTHER}\ncommand="x y" {KEY}\n{PLAIN}\n{KEY}\n', f"{OTHER}\n{PLAIN}\n", id="thrice"
        ),
        pytest.param(f"# {KEY}\n", f"# {KEY}\n{PLAIN}\n", id="a comment speaks of it"),
    ],
)
def test_the_file_has_it_once(before: str, after: str) -> None:
    assert authorized.placed(before, PLAIN) == after


@given(st.lists(st.sampled_from([OTHER, KEY, PLAIN, "", f"# {KEY}", f"from=* {KEY} z"])))
def test_whatever_there_was_the_key_opens_nothing_else(lines: list[str]) -> None:
    made = authorized.placed("\n".join(lines), PLAIN)
    blob = KEY.split()[1]
    speak = [line for line in made.splitlines() if blob in line and not line.startswith("#")]
    assert speak == [PLAIN]
    assert authorized.placed(made, PLAIN) == made
    kept = [line for line in lines if blob not in line or line.startswith("#")]
    assert [line for line in made.splitlines() if line and line != PLAIN] == [*filter(None, kept)]


def test_the_file_is_written_whole_and_where_a_symlink_leads(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".ssh" / "authorized_keys"
    authorized.put(link, PLAIN)
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert stat.S_IMODE(link.parent.stat().st_mode) == 0o700
    real.write_bytes(b"\xff no text\n")
    link.unlink()
    link.symlink_to(real)
    authorized.put(link, PLAIN)
    authorized.put(link, PLAIN)
    assert link.is_symlink()
    assert real.read_bytes() == b"\xff no text\n" + PLAIN.encode() + b"\n"


def test_keys_of_several_nodes_come_in_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / ".ssh" / "authorized_keys"
    keys = [KEY[:-1] + sign for sign in "BCDEFGHIJKLMNOPQ"]
    together = Barrier(len(keys))

    def bring(key: str) -> None:
        together.wait()
        authorized.put(path, authorized.line(key, "", ["georep-engine"]))

    with ThreadPoolExecutor(len(keys)) as nodes:
        list(nodes.map(bring, keys))
    assert sorted(line.rpartition(" ")[2] for line in path.read_text().splitlines()) == [
        key.rpartition(" ")[2] for key in keys
    ]


@pytest.mark.parametrize(
    ("words", "settings", "file", "place"),
    [
        ("root@b1::svol", [], "root@b1::svol", "svol"),
        ("b1::svol", ["ssh-port=2222"], "root@b1,2222::svol", "svol"),
        ("geo@b1:/srv/d", [], "geo@b1::+2fsrv+2fd", "/srv/d"),
        ("b1:/srv+2fd", [], "root@b1::+2fsrv+2b2fd", "/srv+2fd"),
        ("geo@b1", [], "geo@b1", ""),
        ("[fe80::1%eth0]::svol", [], "root@fe80::1+25eth0::svol", "svol"),
        ("s", [], "root@sec1::svol", "svol"),
    ],
)
def test_each_place_has_a_key_of_its_own(
    at: Places, words: str, settings: list[str], file: str, place: str
) -> None:
    config.create(at, Session("s", "gvol", "root", "sec1", "svol"))
    found = keys.request(at, words, settings)
    assert (found.key.name, found.place) == (file, place)
    assert found.key.parent == at.state / "keys"
    assert (found.session is not None) == (words == "s")


@pytest.mark.parametrize("words", ["", "a b", "-oProxyCommand=x", "b1:svol:x", "@b1", "x/y"])
def test_what_is_no_place(at: Places, words: str) -> None:
    with pytest.raises(Usage, match="neither a session of this node nor a place"):
        keys.request(at, words)


def test_a_session_has_its_own_options(at: Places) -> None:
    config.create(at, Session("s", "gvol", "root", "sec1", "svol"))
    with pytest.raises(Usage, match="has its options"):
        keys.request(at, "s", ["ssh-port=2"])


def test_a_session_takes_up_the_key_of_its_place(at: Places) -> None:
    session = Session("s", "gvol", "root", "b1", "svol")
    assert keys.taken_up(at, session) == session
    for words in ("b1", "b1::svol"):
        made = keys.request(at, words)
        keys.make(made)
        options = keys.taken_up(at, session).options
        assert (options.ssh_key, options.known_hosts) == (made.route.key, made.route.known_hosts)
    chosen = Options(ssh_key="/mine")
    mine = Session("s", "gvol", "root", "b1", "svol", options=chosen)
    assert keys.taken_up(at, mine) == mine
    with pytest.raises(Usage):
        config.check_name("keys")


@dataclass
class _Far:
    """A secondary: whom it lets in, and what it does then."""

    keys: Path
    port: int = 0
    shut: bool = True
    greeting: bytes = MAGIC
    words: bytes = b"what it says\n"
    code: int = 1
    asked: list[str | None] = field(default_factory=list)

    async def serve(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        self.asked.append(process.command)
        if str(process.command).endswith(" agent"):
            process.stdout.write(self.greeting)
            process.stderr.write(self.words)
            process.exit(self.code)
        else:
            process.exit(gated.REFUSED if self.shut else 0)


class _Server(asyncssh.SSHServer):
    """Lets in whose key is in the file now."""

    def __init__(self, far: _Far) -> None:
        self._far = far

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        text = self._far.keys.read_text() if self._far.keys.exists() else ""
        return hostkeys.public(key) in text


@asynccontextmanager
async def listening(far: _Far) -> AsyncIterator[asyncssh.SSHKey]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with asyncssh.listen(
        "127.0.0.1",
        far.port,
        server_host_keys=[key],
        server_factory=lambda: _Server(far),
        process_factory=far.serve,
        encoding=None,
    ) as server:
        far.port = server.get_port()
        yield key


SSH = """#!{python}
import os, sys
from pathlib import Path
from engine.secondary import authorized, gate
import shlex
open("{log}", "a").write(" ".join(sys.argv[1:]) + "\\n")
words = shlex.split(sys.argv[-1])
at = words.index("authorize")
only, engine = gate.split(words[at + 1:])
if {code}:
    sys.exit({code})
authorized.put(Path("{keys}"), authorized.line(sys.stdin.readline(), only, engine))
"""


@pytest.fixture
def far(tmp_path: Path) -> _Far:
    return _Far(tmp_path / "authorized_keys")


def _own_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: _Far, code: int = 0) -> Path:
    """Put an ssh of the operator's first in PATH, which gets in by other means."""
    program, log = tmp_path / "bin" / "ssh", tmp_path / "ssh.log"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SSH.format(python=sys.executable, log=log, keys=far.keys, code=code))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def _request(at: Places, far: _Far, words: str = "root@127.0.0.1::svol") -> keys.Request:
    settings = [f"ssh-port={far.port}", "connection-timeout=20"]
    return keys.request(at, words, settings)


def _yes(host: str, fingerprint: str) -> bool:
    return True


def _no(host: str, fingerprint: str) -> bool:
    return False


async def test_a_key_gets_in_and_nothing_is_done_twice(
    at: Places, far: _Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _own_ssh(tmp_path, monkeypatch, far)
    ticks: list[Check] = []
    async with listening(far):
        wanted = _request(at, far)
        await keys.establish(at, wanted, _yes, ticks.append)
        assert [tick.name for tick in ticks] == ["host key", "key made", "key"]
        assert stat.S_IMODE(wanted.key.stat().st_mode) == 0o600
        assert stat.S_IMODE(wanted.key.parent.stat().st_mode) == 0o700
        assert far.asked == ["true", "georep-engine agent"]
        line = keys.line(wanted)
        assert far.keys.read_text() == f"{line}\n"
        assert 'restrict,command="georep-engine gate --only svol" ssh-ed25519 ' in line
        before = wanted.key.read_bytes()
        await keys.establish(at, wanted, _no, ticks.append)
        assert wanted.key.read_bytes() == before
    (said,) = log.read_text().splitlines()
    assert "-oStrictHostKeyChecking=yes" in said
    assert f"-oUserKnownHostsFile={wanted.route.known_hosts}" in said
    assert shlex.split(said)[-4:] == ["authorize", "--only", "svol", "georep-engine"]


async def test_a_key_that_is_damaged_or_a_folder_that_is_not_ours(at: Places, far: _Far) -> None:
    async with listening(far):
        wanted = _request(at, far)
        keys.make(wanted)
        wanted.key.with_name(f"{wanted.key.name}.pub").unlink()
        assert "ssh-ed25519 " in await keys.prepare(at, wanted, _yes, lambda tick: None)
        wanted.key.write_text("no key\n")
        with pytest.raises(Stop) as caught:
            await keys.prepare(at, wanted, _yes, lambda tick: None)
        assert caught.value.cause == "key unusable"
        nowhere = Places(at.config, at.config.parent / "file")
        nowhere.state.write_text("")
        with pytest.raises(Usage, match="cannot be used"):
            await keys.prepare(nowhere, wanted, _yes, lambda tick: None)


async def test_a_session_is_told_of_its_key(
    at: Places, far: _Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_ssh(tmp_path, monkeypatch, far)
    async with listening(far):
        options = Options(ssh_port=far.port)
        config.create(at, Session("s", "gvol", "root", "127.0.0.1", "svol", options=options))
        with at.file("s").open("a") as file:
            file.write("# mine\n")
        await keys.establish(at, keys.request(at, "s"), _yes, lambda tick: None)
    assert "# mine" in at.file("s").read_text()
    now = config.read(at, "s").options
    assert now.ssh_key == keys.request(at, "s").route.key
    assert now.known_hosts == str(at.state / "keys" / "known_hosts")


async def test_a_host_is_believed_only_what_was_accepted(at: Places, far: _Far) -> None:
    async with listening(far) as key:
        wanted = _request(at, far)
        shown = hostkeys.fingerprint(key)
        with pytest.raises(Stop, match="not accepted yet") as caught:
            await keys.pin(wanted, _no)
        assert f"--accept {shown}" in caught.value.fix
        assert caught.value.cause == "host key unknown"
        asked: list[tuple[str, str]] = []
        await keys.pin(wanted, lambda *words: asked.append(words) or True)  # type: ignore[func-returns-value]
        assert asked == [("127.0.0.1", shown)]
        assert (await keys.pin(wanted, _no)).fine
    async with listening(far) as other:
        with pytest.raises(Stop, match="not the one that was accepted") as caught:
            await keys.pin(wanted, _no)
        assert caught.value.cause == "host key changed"
        await keys.pin(wanted, _yes)
        known = hostkeys.known(Path(wanted.route.known_hosts), wanted.route)
        assert known == {hostkeys.public(other)}
        assert stat.S_IMODE(os.stat(wanted.route.known_hosts).st_mode) == 0o600
    with pytest.raises(Retry) as gone:
        await keys.pin(wanted, _yes)
    assert gone.value.cause == "host unreachable"


@pytest.mark.parametrize(
    ("code", "cause", "words"),
    [
        (255, "key refused", "your own ssh could not log in"),
        (127, "no agent", "was not found"),
        (1, "key refused", "did not take the key"),
    ],
)
async def test_a_key_that_cannot_be_brought_there(
    at: Places,
    far: _Far,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    cause: str,
    words: str,
) -> None:
    _own_ssh(tmp_path, monkeypatch, far, code)
    async with listening(far):
        with pytest.raises(Stop, match=words) as caught:
            await keys.establish(at, _request(at, far), _yes, lambda tick: None)
    assert caught.value.cause == cause
    assert caught.value.fix


@pytest.mark.parametrize(
    ("shut", "greeting", "cause"),
    [
        pytest.param(False, MAGIC, "key not bound", id="it opens a shell"),
        pytest.param(True, b"hello\n", "refused by the gate", id="somebody else answers"),
        pytest.param(True, b"a login shell's word\n" + MAGIC, "", id="after a word of the shell's"),
    ],
)
async def test_what_a_key_opens_is_proved(
    at: Places, far: _Far, shut: bool, greeting: bytes, cause: str
) -> None:
    far.shut, far.greeting = shut, greeting
    async with listening(far):
        wanted = _request(at, far)
        keys.make(wanted)
        far.keys.write_text(keys.line(wanted))
        await keys.pin(wanted, _yes)
        found = ""
        try:
            await keys.prove(wanted.route)
        except GeorepError as error:
            found = error.cause
    assert found == cause


@pytest.mark.parametrize(
    ("words", "code", "cause"),
    [
        (b"georep-engine: This key was refused: ...\n", gated.REFUSED, "refused by the gate"),
        (
            b"invoking georep-engine in restricted SSH session is not allowed\n",
            1,
            "key of gsyncd's",
        ),
        (b"sh: georep-engine: not found\n", 127, "no agent"),
    ],
)
async def test_why_no_agent_answers(
    at: Places, far: _Far, words: bytes, code: int, cause: str
) -> None:
    far.greeting, far.words, far.code = b"", words, code
    async with listening(far):
        wanted = _request(at, far)
        keys.make(wanted)
        far.keys.write_text(keys.line(wanted))
        await keys.pin(wanted, _yes)
        with pytest.raises(Stop) as caught:
            async with ssh.agent(wanted.route, session="s", volume="svol"):
                pytest.fail("there is none")
    assert caught.value.cause == cause
    assert caught.value.evidence == words.decode().strip()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["keys", "not/a/place"], 2, "neither a session"),
        (["keys", "h::v", "--set", "ssh-port=x"], 2, "ssh-port cannot be 'x'"),
        (["keys", "no-such-host.invalid::v"], 1, "is not known"),
    ],
)
def test_bad_words_get_a_sentence(
    at: Places, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    where = ["--config", str(at.config), "--state", str(at.state)]
    assert cli.main([*words, *where]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("how", [keys.establish, keys.prepare], ids=["establish", "prepare"])
async def test_no_key_is_made_for_a_host_that_is_not_accepted(
    at: Places, far: _Far, how: Callable[..., Awaitable[object]]
) -> None:
    async with listening(far):
        wanted = _request(at, far)
        with pytest.raises(Stop, match="not accepted yet"):
            await how(at, wanted, _no, lambda _: None)
    assert [path.name for path in keys.folder(at).iterdir()] == ["lock"]


def test_no_key_is_made_for_a_host_that_is_not_known(at: Places) -> None:
    where = ["--config", str(at.config), "--state", str(at.state)]
    assert cli.main(["keys", "h@no-such-host.invalid::v", *where]) == 1
    assert [path.name for path in keys.folder(at).iterdir()] == ["lock"]


async def test_the_command_prints_the_line_alone(
    at: Places, far: _Far, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(far) as key:
        wanted = _request(at, far)
        assert keys.make(wanted).words.startswith("A key was made")
        assert keys.make(wanted).words.startswith("The key is there")
        accepted = hostkeys.fingerprint(key)
        said = await keys.prepare(at, wanted, lambda _, shown: shown == accepted, lambda _: None)
    assert said == keys.line(wanted)
    assert not far.keys.exists()


class _Typed(io.StringIO):
    """A terminal at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "answer"), [("yes\n", True), ("y\n", False), ("", False)])
def test_only_a_whole_yes_is_one(monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool) -> None:
    out = _Typed()
    monkeypatch.setattr(sys, "stdin", _Typed(typed))
    monkeypatch.setattr(sys, "stdout", out)
    assert checking.agree("Are they the same?") == answer
    assert out.getvalue().startswith("Are they the same? yes or no: ")
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert not checking.agree("Nobody sits there.")


def test_the_command_believes_the_fingerprint_that_was_said(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[bool] = []

    async def establish(
        at: Places, wanted: keys.Request, accept: keys.Accept, tick: keys.Tick
    ) -> None:
        answers.append(accept("h", "SHA256:x"))

    monkeypatch.setattr(keys, "establish", establish)
    monkeypatch.setattr(opening, "spread", establish)
    where = ["--config", str(at.config), "--state", str(at.state)]
    both = ["--accept", "SHA256:y", "--accept", "SHA256:x"]
    for words in (["--accept", "SHA256:x"], ["--accept", "SHA256:y"], both, []):
        assert cli.main(["keys", "h::v", *words, *where]) == 0
    assert answers == [True, True, False, False, True, True, False, False], "of each node"
    assert "--set ssh-key=" in capsys.readouterr().out
