"""Which nodes a secondary has, and which of them a worker goes to."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import peers
from engine.errors import Usage
from engine.gluster import urls
from engine.options import Options, changed
from engine.peers import Known, Peer, Told

TO = "root@backup1::svol"
A, B, C = Peer("a", "sec1"), Peer("b", "sec2"), Peer("c", "10.0.0.3")


def _told(host: str = "backup1", uuid: str = "a", volume: str = "v", *nodes: Peer) -> Told:
    return Told(host, uuid, volume, nodes or (A, B, C, A))


FIRST = peers.known(None, TO, "backup1", _told())


@pytest.mark.parametrize(
    ("before", "told", "hosts"),
    [
        pytest.param(None, _told(), ["backup1", "sec2", "10.0.0.3"], id="under its own name"),
        pytest.param(None, _told(uuid="c"), ["sec1", "sec2", "backup1"], id="in brick order"),
        pytest.param(
            None, _told(uuid="x"), ["backup1", "sec1", "sec2", "10.0.0.3"], id="it has no bricks"
        ),
        pytest.param(
            None, _told(uuid=""), ["backup1", "sec1", "sec2", "10.0.0.3"], id="it has no glusterd"
        ),
        pytest.param(
            FIRST, _told("sec2", "b"), ["backup1", "sec2", "10.0.0.3"], id="another one tells"
        ),
        pytest.param(
            FIRST, _told("sec2", "b", "v", B, C), ["backup1", "sec2", "10.0.0.3"], id="it lost them"
        ),
        pytest.param(None, _told("backup1", "a", "v", A), ["backup1"], id="it is alone"),
    ],
)
def test_who_is_known(before: Known | None, told: Told, hosts: list[str]) -> None:
    found = peers.known(before, TO, "backup1", told)
    assert peers.hosts(found, "backup1") == hosts
    assert found.volume == told.volume


def test_only_the_one_that_is_named_may_say_that_it_is_another_volume() -> None:
    assert peers.known(FIRST, TO, "backup1", _told("sec2", "b", "w", B, C)) == FIRST
    now = peers.known(FIRST, TO, "backup1", _told("backup1", "a", "w", A, C))
    assert (now.volume, peers.hosts(now, "backup1")) == ("w", ["backup1", "10.0.0.3"])
    other = peers.known(FIRST, "root@b2::svol", "b2", _told("sec2", "b", "w", B))
    assert (other.volume, peers.hosts(other, "b2")) == ("w", ["b2", "sec2"])


def test_nothing_is_known_without_a_word() -> None:
    assert peers.hosts(None, "backup1") == ["backup1"]


@pytest.mark.parametrize(
    "host",
    [
        *("", "-oProxyCommand=x", "a b", "localhost", "127.0.0.1", "::1", "a/b", "x\n", "a" * 300),
        *("$(x)", "a;b", "[::1", "\u00e4"),
    ],
)
def test_a_name_of_the_far_side_that_is_none_is_left_out(host: str) -> None:
    told = _told("backup1", "a", "v", A, Peer("z", host))
    found = peers.known(None, TO, "backup1", told)
    assert peers.hosts(found, "backup1") == ["backup1"]


@pytest.mark.parametrize("host", ["sec1", "10.0.0.3", "fe80::1", "a.b-c.example", "2001:db8::7"])
def test_what_can_be_a_host(host: str) -> None:
    assert urls.is_host(host)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("sec1", ["sec1"]),
        (" sec1  sec2,sec3 ", ["sec1", "sec2", "sec3"]),
        ("sec1 sec1", ["sec1"]),
        ("[fe80::1]", ["fe80::1"]),
    ],
)
def test_hosts_of_an_operator(text: str, found: list[str]) -> None:
    assert peers.parse_hosts(text) == found


@pytest.mark.parametrize("text", ["-x", "root@sec1", "sec1::svol", "a/b"])
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        peers.parse_hosts(text)
    with pytest.raises(Usage, match="secondary-hosts cannot be") as caught:
        changed(Options(), [f"secondary-hosts={text}"], where="--set")
    assert "names or addresses of hosts" in caught.value.fix


@pytest.mark.parametrize(
    ("found", "rank", "last", "tried"),
    [
        pytest.param(["a"], 7, (), "a", id="there is one"),
        pytest.param(["a"], 7, ("a",), "a", id="there is one, and it was away"),
        pytest.param(["a", "b"], 1, (), "ba", id="its own first"),
        pytest.param(["a", "b"], 1, ("b",), "ab", id="its own was away"),
        pytest.param(["a", "b", "c"], 0, (), "abc", id="the next ones follow"),
        pytest.param(["a", "b", "c"], 3, (), "acb", id="not all to the same next one"),
        pytest.param(["a", "b", "c"], 0, ("a", "b"), "cab", id="two were away"),
        pytest.param(["a", "b"], 0, ("z",), "ab", id="one that is no more was away"),
    ],
)
def test_order(found: list[str], rank: int, last: tuple[str, ...], tried: str) -> None:
    assert peers.order(found, rank, last) == list(tried)


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 6), st.data())
def test_workers_are_spread_evenly(nodes: int, sets: int, size: int, data: st.DataObject) -> None:
    found = [f"n{number}" for number in range(nodes)]
    ranks = {
        (subvolume, place): peers.ranked(subvolume, place, sets)
        for subvolume in range(sets)
        for place in range(size)
    }
    assert sorted(ranks.values()) == list(range(sets * size)), "each brick has its own"
    orders = {who: peers.order(found, rank) for who, rank in ranks.items()}
    assert all(sorted(order) == sorted(found) for order in orders.values())
    firsts = [orders[subvolume, 0] for subvolume in range(sets)]
    for some in (firsts, list(orders.values())):
        counts = Counter(order[0] for order in some)
        assert max(counts[host] for host in found) - min(counts[host] for host in found) <= 1
    away = data.draw(st.sampled_from(found))
    moved = [order for order in orders.values() if order[0] == away]
    if nodes > 1 and moved:
        taken = Counter(order[1] for order in moved)
        others = [taken[host] for host in found if host != away]
        assert max(others) - min(others) <= 1, "those of a node that is away, too"
