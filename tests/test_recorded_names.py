"""What bricks have recorded of an object's names: all that is a place, once."""

import os
from pathlib import Path

import directories
from sides import gfid

from engine.gluster import gfid as gfids
from engine.gluster import recorded
from engine.item import ROOT, Place

FILE, OTHER, FOLDER = gfid(1), gfid(2), gfid(3)


def test_names_on(tmp_path: Path) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    bricks = [tmp_path / "b1", tmp_path / "b2", tmp_path / "no-such-brick"]
    values = [
        (bricks[0], b"trusted.gfid2path.1", ROOT.encode() + b"/one"),
        (bricks[0], b"trusted.gfid2path.2", FOLDER.encode() + b"/two:\xff\n"),
        (bricks[0], b"trusted.gfid2path.3", b"damaged"),
        (bricks[0], b"trusted.other", OTHER.encode() + b"/no"),
        # A pointer to the file has the same records.
        (bricks[1], b"trusted.gfid2path.1", ROOT.encode() + b"/one"),
    ]
    for brick, name, value in values:
        handle = brick / os.fsdecode(gfids.handle(FILE))
        handle.parent.mkdir(parents=True, exist_ok=True)
        handle.touch()
        os.setxattr(handle, name, value)
    found = recorded.names_on(map(os.fsencode, bricks), FILE)
    assert sorted(found) == [Place(ROOT, b"one"), Place(FOLDER, b"two:\xff\n")]
    assert recorded.names_on(map(os.fsencode, bricks), OTHER) == []
