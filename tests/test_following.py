"""A slice that cannot be read in full is never taken for one that was: it ends in a crawl."""

from pathlib import Path

import pytest

from engine.session import following
from engine.session.following import Damaged

HEADER = b"GlusterFS Changelog | version: v1.2 | encoding : 2\n"
RECORD = b"D00000001-0000-4000-8000-000000000000\0"


def test_a_whole_slice_is_read(tmp_path: Path) -> None:
    path = tmp_path / "CHANGELOG.1795425340"
    path.write_bytes(HEADER + RECORD)
    assert len(following._read(path)) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(HEADER + RECORD[:-9], id="cut off in a record"),
        pytest.param(HEADER + RECORD + b"rubbish\0" + RECORD, id="rubbish between records"),
        pytest.param(b"Once upon a time there was another file.\n" * 3, id="another file"),
        pytest.param(b"", id="empty"),
        pytest.param(None, id="gone"),
    ],
)
def test_what_is_not_whole_is_damaged_and_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "CHANGELOG.1795425340"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Damaged, match=r"CHANGELOG\.1795425340 is damaged: ") as damaged:
        following._read(path)
    assert damaged.value.cause == "changelog damaged"
    assert "crawl" in damaged.value.fix
