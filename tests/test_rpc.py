"""Frames in any split, calls in any order, and what a lost or lying other side means."""

import asyncio
import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Disconnected, Reject
from engine.item import ROOT, TOP, Attributes, Done, Facts, Gfid, Gone, Item, Kind, Piece, Place
from engine.rpc.channel import Channel
from engine.rpc.frames import LIMIT, NOISE, BadFrame, Unframer, frame
from engine.rpc.line import Line
from engine.rpc.messages import (
    MAGIC,
    PROTOCOL,
    AnyCall,
    AnyMessage,
    AnyReply,
    Applied,
    Apply,
    AskMarks,
    AskNotes,
    Digest,
    Digests,
    Examine,
    Examined,
    Failed,
    Found,
    Hello,
    LeaveMark,
    List,
    Lookup,
    Marks,
    Names,
    Note,
    Notes,
    Ping,
    Pong,
    Sorry,
    Synced,
    Welcome,
)

A = Gfid("00000001-0000-4000-8000-000000000000")
B = Gfid("00000002-0000-4000-8000-000000000000")
ITEM = Item(
    gfid=A,
    kind=Kind.FILE,
    names=(Place(ROOT, b"bad\xff\n\x00name"),),
    attributes=Attributes(0o100644, 1, 2, 3, 2**62, 4),
    xattrs={b"user.\xff": b"\x00"},
    data=b"\x00\xff",
)
FACTS = Facts(A, Kind.SYMLINK, ITEM.attributes, 2, b"to\xff", {b"user.\xff": b"\x00"}, "EIO")
MESSAGES: list[AnyMessage] = [
    Apply(id=1, items=(ITEM, Gone(gfid=B, lawful=True))),
    Applied(id=1, answers=(Done(gfid=A, links=1), Done(gfid=B))),
    Lookup(id=2, gfids=(A,), places=(Place(ROOT, b"\xff"),)),
    Found(id=2, gfids=(None,), places=(None,)),
    List(id=3, place=TOP, after=b"\xff"),
    Names(id=3, names=(b"\n", b"\xff"), more=False, there=True, whole=True),
    Examine(id=4, places=(Place(A, b"\xff"),)),
    Examined(id=4, facts=(None, FACTS), whole=False),
    Digest(id=5, pieces=(Piece(A, 2**62, 1),)),
    Digests(id=5, digests=(None, b"\x00")),
    Note(id=6, name="n", content=b"\xff"),
    AskNotes(id=7),
    Notes(id=7, notes={"n": b"\xff"}),
    AskMarks(id=8),
    LeaveMark(id=8, primary=A, value=b"\xff"),
    Marks(id=8, clock=1.5, marks={A: b"\xff"}),
    Ping(),
    Sorry(cause="c", words="w", fix="f", evidence="e"),
]


@given(st.lists(st.integers(1, 200), max_size=40))
def test_messages_come_through_any_split(cuts: list[int]) -> None:
    data = b"".join(frame(message) for message in MESSAGES)
    unframer, found, at = Unframer(), [], 0
    for cut in [*cuts, len(data)]:
        found += unframer.feed(data[at : at + cut])
        at += cut
    assert found == MESSAGES


@given(st.binary(max_size=400))
def test_any_bytes_are_messages_or_one_clear_error(data: bytes) -> None:
    with contextlib.suppress(BadFrame):
        list(Unframer().feed(data))


def test_a_frame_that_is_too_long_is_refused_before_it_is_held() -> None:
    with pytest.raises(BadFrame, match="frame of"):
        list(Unframer().feed(struct.pack(">I", LIMIT + 1)))
    with pytest.raises(BadFrame, match="does not fit"):
        frame(Failed(id=1, cause="", words="x" * LIMIT))


def test_text_that_is_none_is_the_same_clear_error() -> None:
    sent = frame(Failed(id=1, cause="", words="ab"))
    with pytest.raises(BadFrame):
        list(Unframer().feed(sent.replace(b"ab", b"\xff\xff")))


@given(st.binary(max_size=100).filter(lambda noise: MAGIC not in noise + MAGIC[:-1]))
def test_what_a_login_shell_says_is_passed_over(noise: bytes) -> None:
    unframer = Unframer(after_magic=True)
    assert list(unframer.feed(noise)) == []
    assert not unframer.greeted
    assert list(unframer.feed(MAGIC + frame(Ping()))) == [Ping()]
    assert unframer.greeted
    assert unframer.noise == noise


def test_a_shell_that_never_ends_is_no_agent() -> None:
    with pytest.raises(BadFrame, match="without a greeting"):
        list(Unframer(after_magic=True).feed(b"x" * (NOISE + 1)))


WELCOME = Welcome(
    protocol=PROTOCOL,
    version="1",
    host="h",
    pid=1,
    volume_uuid="u",
    mount=b"/run/\xff",
    total_bytes=1,
    free_bytes=1,
    total_inodes=1,
    free_inodes=1,
)


class _Far:
    """The other side of a channel: what it was told, and what it says."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.unframer = Unframer()
        self.heard: list[AnyMessage] = []
        self.reader.feed_data(MAGIC)
        self.changed = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.heard += self.unframer.feed(data)
        self.changed.set()

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def say(self, *messages: AnyMessage) -> None:
        for message in messages:
            self.reader.feed_data(frame(message))

    async def until(self, count: int) -> None:
        while len(self.heard) < count:
            self.changed.clear()
            await self.changed.wait()


async def test_answers_may_come_in_any_order() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    channel = Channel(line.call)
    serving = asyncio.create_task(line.serve())
    first = asyncio.create_task(channel.apply([ITEM]))
    second = asyncio.create_task(channel.lookup([B]))
    await far.until(2)
    apply, lookup = far.heard
    assert isinstance(apply, Apply)
    assert isinstance(lookup, Lookup)
    far.say(
        Found(id=lookup.id, gfids=(None,), places=()),
        Applied(id=apply.id, answers=(Done(gfid=A),)),
    )
    assert (await second).gfids == (None,)
    assert await first == [Done(gfid=A)]
    serving.cancel()


@pytest.mark.parametrize(
    ("answers", "words"),
    [((Done(gfid=B),), "do not fit"), ((), "do not fit")],
    ids=["another gfid", "too few"],
)
async def test_answers_to_something_else_are_not_believed(
    answers: tuple[Done, ...], words: str
) -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    channel = Channel(line.call)
    serving = asyncio.create_task(line.serve())
    call = asyncio.create_task(channel.apply([ITEM]))
    await far.until(1)
    asked = far.heard[0]
    assert isinstance(asked, Apply)
    far.say(Applied(id=asked.id, answers=answers))
    with pytest.raises(Disconnected, match=words):
        await call
    serving.cancel()


async def test_an_end_fails_everything_that_waits_and_comes() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    channel = Channel(line.call)
    serving = asyncio.create_task(line.serve())
    call = asyncio.create_task(channel.lookup([A]))
    await far.until(1)
    far.reader.feed_eof()
    for doomed in (call, serving):
        with pytest.raises(Disconnected, match="ended"):
            await doomed
    with pytest.raises(Disconnected):
        await channel.lookup([A])


async def test_silence_is_an_end_and_a_pulse_keeps_it_off() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=3)  # seconds this machine may be away
    serving = asyncio.create_task(line.serve())
    await far.until(1)
    assert far.heard == [Ping()]
    far.say(Pong())
    await far.until(2)
    with pytest.raises(Disconnected, match="silent"):
        await serving


async def test_a_refusal_is_raised_with_the_words_of_the_far_side() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    serving = asyncio.create_task(line.serve())
    hello = Hello(protocol=PROTOCOL, version="1", session="s", worker="w", volume="v", silence=0)
    greeting = asyncio.create_task(line.greet(hello))
    await far.until(1)
    far.say(Sorry(cause="volume stopped", words="no", fix="start it", evidence="e"))
    with pytest.raises(Reject, match="no") as refused:
        await greeting
    assert (refused.value.cause, refused.value.fix) == ("volume stopped", "start it")
    serving.cancel()


async def test_an_agent_that_gives_up_says_why() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    far.say(WELCOME, Sorry(cause="secondary given up", words="it hangs", fix="f", evidence="e"))
    with pytest.raises(Disconnected, match="it hangs") as given_up:
        await line.serve()
    assert (given_up.value.cause, given_up.value.fix) == ("secondary given up", "f")


async def test_a_word_out_of_turn_ends_the_connection() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    far.say(Hello(protocol=PROTOCOL, version="1", session="s", worker="w", volume="v", silence=0))
    with pytest.raises(Disconnected, match="out of turn"):
        await line.serve()


async def test_a_call_that_could_not_be_served_is_a_reject() -> None:
    far = _Far()
    line = Line(far.reader, far, silence=0)
    channel = Channel(line.call)
    serving = asyncio.create_task(line.serve())
    call = asyncio.create_task(channel.limbo())
    await far.until(1)
    far.say(Failed(id=1, cause="secondary full", words="no space left", fix="Make room."))
    with pytest.raises(Reject, match="no space left") as caught:
        await call
    assert (caught.value.cause, caught.value.fix) == ("secondary full", "Make room.")
    serving.cancel()


async def test_a_reply_of_another_kind_is_not_believed() -> None:
    async def call(_: AnyCall) -> AnyReply:
        return Synced(id=1)

    with pytest.raises(Disconnected, match="AskLimbo with Synced"):
        await Channel(call).limbo()


def test_a_welcome_carries_a_path_of_bytes() -> None:
    assert list(Unframer().feed(frame(WELCOME))) == [WELCOME]
