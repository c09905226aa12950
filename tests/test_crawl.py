"""The crawl of a brick by its handles: every object once, from any cursor on."""

import os
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.primary import crawl
from engine.primary.crawl import BUCKETS, Cursor


def _brick(folder: Path, names: list[Gfid]) -> bytes:
    for gfid in names:
        path = folder / os.fsdecode(gfids.handle(gfid))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return os.fsencode(folder)


def _all(brick: bytes, size: int, bucket: int = 0) -> list[Gfid]:
    found: list[Gfid] = []
    while bucket < BUCKETS:
        part = crawl.portion(brick, bucket, size)
        assert part.bucket > bucket
        assert len(part.gfids) >= size or part.bucket == BUCKETS
        found, bucket = found + part.gfids, part.bucket
    return found


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(objects=st.sets(st.uuids(), max_size=30), size=st.integers(1, 9))
def test_every_object_is_met_once(
    tmp_path_factory: pytest.TempPathFactory, objects: set[UUID], size: int
) -> None:
    names = [Gfid(str(one)) for one in objects]
    brick = _brick(tmp_path_factory.mktemp("brick"), names)
    assert sorted(_all(brick, size)) == sorted(names)


def test_a_cursor_leaves_out_just_what_is_before_it(tmp_path: Path) -> None:
    names = [Gfid(f"{n:04x}0000-0000-4000-8000-000000000000") for n in (0, 1, 0x100, 0xFFFF)]
    brick = _brick(tmp_path, names)
    assert [_all(brick, 1, at) for at in (0, 1, 2, 0x101, 0xFFFF)] == [
        names,
        names[1:],
        names[2:],
        names[3:],
        names[3:],
    ]


def test_what_is_no_handle_is_passed_over(tmp_path: Path) -> None:
    gfid = Gfid("ab120000-0000-4000-8000-000000000000")
    brick = _brick(tmp_path, [gfid])
    for name in ("changelogs/htime", "indices/xattrop", "ab/12/rubbish", "zz/00", "ab/xx"):
        (tmp_path / ".glusterfs" / name).mkdir(parents=True)
    (tmp_path / ".glusterfs" / "00").touch()
    assert _all(brick, 1) == [gfid]


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"since":1,"bu', id="cut off"),
        pytest.param(b'{"since":1,"bucket":70000,"brick":"/b"}', id="out of range"),
        pytest.param(b'{"since":1,"bucket":7,"brick":"/other"}', id="of another brick"),
    ],
)
def test_a_cursor_that_cannot_be_used_is_none(tmp_path: Path, kept: bytes) -> None:
    path = tmp_path / "cursor"
    path.write_bytes(kept)
    assert crawl.load(path, "/b") is None


def test_a_cursor_survives(tmp_path: Path) -> None:
    cursor = Cursor(since=5, bucket=9, brick="/b", objects=3, directories=1)
    crawl.save(tmp_path / "cursor", cursor)
    assert crawl.load(tmp_path / "cursor", "/b") == cursor
    assert crawl.load(tmp_path / "none", "/b") is None
