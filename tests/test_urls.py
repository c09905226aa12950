"""Every form of a url means one thing, and what cannot be connected says why."""

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Reject, Usage
from engine.gluster import urls
from engine.gluster.urls import Directory, Login, Side, Url, Volume

UUID = "0f5e8c3a-1b2c-4d5e-8f90-a1b2c3d4e5f6"
FAR_VOLUME = Login("root", "h", Volume("localhost", "v"))
FAR_DIRECTORY = Login("u", "h", Directory("/a/b"))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (":v", Volume("localhost", "v")),
        ("h:v", Volume("h", "v")),
        ("gluster://h:v", Volume("h", "v")),
        ("gluster://[fe80::1%eth0]:v", Volume("fe80::1%eth0", "v")),
        (f"gluster://h:v:{UUID}", Volume("h", "v")),
        ("/a/b", Directory("/a/b")),
        ("//a///./b/", Directory("/a/b")),
        ("file:///a/b", Directory("/a/b")),
        ("/sävar/1:2", Directory("/sävar/1:2")),
        ("h::v", FAR_VOLUME),
        (f"h::v:{UUID}", FAR_VOLUME),
        ("root@h::v", FAR_VOLUME),
        ("ssh://root@h::v", FAR_VOLUME),
        (f"ssh://h::v:{UUID}", FAR_VOLUME),
        ("ssh://h:gluster://localhost:v", FAR_VOLUME),
        ("root@h:gluster://localhost:v", FAR_VOLUME),
        ("ssh%3A%2F%2Froot%40h%3Agluster%3A%2F%2Flocalhost%3Av", FAR_VOLUME),
        (
            "ssh://u@10.0.0.1:gluster://127.0.0.1:v",
            Login("u", "10.0.0.1", Volume("127.0.0.1", "v")),
        ),
        ("u@h:/a/b", FAR_DIRECTORY),
        ("u@h:file:///a/b", FAR_DIRECTORY),
        ("ssh://u@h:/a/b", FAR_DIRECTORY),
        ("ssh://u@h:file:///a/b", FAR_DIRECTORY),
        ("u@[2001:db8::1]:/a", Login("u", "2001:db8::1", Directory("/a"))),
        ("[2001:db8::1]::v", Login("root", "2001:db8::1", Volume("localhost", "v"))),
    ],
)
def test_every_form(text: str, url: Url) -> None:
    assert urls.parse(text) == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no form"),
        ("v", "no form"),
        ("a b:/c", "no form"),
        ("h::v\n", "no form"),
        ("-oProxyCommand=x::v", "no form"),
        ("nfs://h/v", "no scheme nfs://"),
        ("file://a", "absolute path"),
        ("h:/a*", "absolute path"),
        ("h:/a/../b", "must not climb"),
        ("/", "root of a file system"),
        ("gluster://h", "of the volume cannot be one"),
        ("h:::v", "of the volume cannot be one"),
        ("ssh://h", "its user or its host"),
        ("ssh://-x@h::v", "its user or its host"),
        ("h:ssh://h::v", "another login"),
        ("h:other:v", "a node of the volume itself"),
    ],
)
def test_what_is_no_url_says_why(text: str, reason: str) -> None:
    with pytest.raises(Usage, match=reason):
        urls.parse(text)


@pytest.mark.parametrize("primary", Side)
@pytest.mark.parametrize("secondary", Side)
def test_who_can_be_replicated_to_whom(primary: Side, secondary: Side) -> None:
    connectible = {(Side.VOLUME, Side.FAR_VOLUME), (Side.VOLUME, Side.FAR_DIRECTORY)}
    assert (not urls.refusal(primary, secondary)) is ((primary, secondary) in connectible)


@pytest.mark.parametrize(
    ("url", "sugared", "full", "canonical"),
    [
        (FAR_VOLUME, "root@h::v", "ssh://root@h:gluster://localhost:v", "ssh://root@h!:gluster://127.0.0.1:v"),
        (FAR_DIRECTORY, "u@h:/a/b", "ssh://u@h:file:///a/b", "ssh://u@h!:file:///a/b"),
        (Volume("h", "v"), "h:v", "gluster://h:v", "gluster://h!:v"),
        (Volume("localhost", "v"), ":v", "gluster://localhost:v", "gluster://127.0.0.1:v"),
        (Directory("/a"), "/a", "file:///a", "file:///a"),
    ],
)  # fmt: skip
def test_how_it_is_written(url: Url, sugared: str, full: str, canonical: str) -> None:
    assert urls.sugared(url) == sugared
    assert urls.full(url) == full
    assert urls.canonical(url, lambda host: f"{host}!") == canonical


_hosts = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?", fullmatch=True) | st.just(
    "fe80::1%e0"
)
_volumes = st.builds(
    Volume, st.just("localhost"), st.from_regex(r"[A-Za-z0-9_]{1,9}", fullmatch=True)
)
_paths = st.from_regex(r"(/[a-z0-9_@%+,=:-]{1,6}){1,3}", fullmatch=True)
_logins = st.builds(
    Login,
    st.from_regex(r"[a-z_]{1,6}", fullmatch=True),
    _hosts,
    _volumes | st.builds(Directory, _paths),
)


@given(_logins)
def test_what_is_written_is_read_back(url: Login) -> None:
    for form in (urls.sugared(url), urls.full(url), quote_plus(urls.full(url))):
        assert urls.parse(form) == url


@given(st.text(max_size=30) | st.text(alphabet="gluster:/@h[]v.%", max_size=30))
def test_whatever_is_said_is_a_url_or_a_refusal(text: str) -> None:
    try:
        urls.parse(text)
    except Usage as error:
        assert error.words  # noqa: PT017 - either is fine


@pytest.mark.parametrize("path", [b"a", b"a/b", b"..a", b"a/b..", b"\xff\n", b"a b/ "])
def test_what_stays_below(path: bytes) -> None:
    assert urls.guard(path) == path


@pytest.mark.parametrize(
    "path", [b"", b"/", b"/a", b"..", b"a/..", b"a/../b", b"a//b", b".", b"a\0"]
)
def test_what_does_not_stay_below(path: bytes) -> None:
    with pytest.raises(Reject, match="unsafe path"):
        urls.guard(path)
