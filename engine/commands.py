"""What can be asked of a running engine or worker; small, frozen, imperative, one line each."""

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of every command."""


class Reload(Command, frozen=True, kw_only=True):
    """Read the session files and the wanted states again, and act on them."""


class Stop(Command, frozen=True, kw_only=True):
    """To a worker: end at the next safe point. To an engine: end everything."""


class Sync(Command, frozen=True, kw_only=True):
    """Do nothing; the answer comes after all that was told before."""


class Reread(Command, frozen=True, kw_only=True):
    """An operator had failures of a session tried again, or skipped: look at the ledger."""

    session: str
    gfids: tuple[str, ...] = ()
    """Those that were skipped."""


class Change(Command, frozen=True, kw_only=True):
    """To a worker: these options of its session, all of them live, have new values."""

    options: dict[str, str]
    """By name, as they are written."""


class Pause(Command, frozen=True, kw_only=True):
    """To a worker: finish what is under way, and begin nothing new."""


class Resume(Command, frozen=True, kw_only=True):
    """To a worker: go on."""


AnyCommand = Reload | Stop | Sync | Reread | Change | Pause | Resume


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What the engine says to a command, in the order of the commands; events come in between."""

    done: bool
    words: str = ""
    """Why not, in one sentence."""


encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_answer_decoder = msgspec.json.Decoder(Answer)


def decode(line: bytes) -> AnyCommand | None:
    """Return the command in `line`, or None for one this version does not know."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def decode_answer(line: bytes) -> Answer | None:
    """Return the answer in `line`, or None when it is something else, an event for example."""
    try:
        return _answer_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
