"""Makes changelogs for tests, from records and hostile names."""

from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine.item import Gfid, Place
from engine.primary import records
from engine.primary.records import Record

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For machines whose speed comes and goes."""

HEADERS = {
    version: f"GlusterFS Changelog | version: {version} | encoding : 2\n".encode()
    for version in ("v1.1", "v1.2")
}

gfids = st.uuids().map(lambda uuid: Gfid(str(uuid)))
_names = st.one_of(
    st.binary(min_size=1, max_size=30),
    gfids.map(lambda gfid: b"D" + gfid.encode()),
    gfids.map(lambda gfid: b"E" + gfid.encode() + b"\n"),
    st.sampled_from([b"\n", b" ", b"%", b"...", b"\xff" * 255, b"23", b"M"]),
)
names = _names.map(lambda name: name.replace(b"\0", b"0").replace(b"/", b"_")).filter(
    lambda name: name not in (b".", b"..")
)
places = st.builds(Place, gfids, names)
_numbers = st.integers(0, 2**32 - 1)
_made = st.sampled_from([records.CREATE, records.MKNOD, records.MKDIR])
_one = st.sampled_from([records.SYMLINK, records.LINK, records.UNLINK, records.RMDIR])

any_record = st.one_of(
    st.builds(Record, st.just("D"), gfids, st.just(0), st.just(()), st.just(0)),
    st.builds(Record, st.just("M"), gfids, st.integers(0, 99), st.just(()), st.just(0)),
    st.builds(Record, st.just("E"), gfids, _made, st.tuples(places), _numbers),
    st.builds(Record, st.just("E"), gfids, _one, st.tuples(places), st.just(0)),
    st.builds(
        Record, st.just("E"), gfids, st.just(records.RENAME), st.tuples(places, places), st.just(0)
    ),
)


def pack(record: Record, version: str = "v1.2", *, path: bytes = b"\0") -> bytes:
    """Return a record as a brick writes it; `path` is that of what was removed."""
    fields = [record.letter.encode() + record.gfid.encode()]
    if record.letter != "D":
        fields.append(b"%d" % record.fop)
    if record.fop in (records.CREATE, records.MKNOD, records.MKDIR) and record.letter == "E":
        fields += [b"%d" % record.mode, b"0", b"65534"]
    fields += [place.parent.encode() + b"/" + place.name for place in record.places]
    if version != "v1.1" and record.letter == "E" and record.fop in (records.UNLINK, records.RMDIR):
        fields.append(path)
    return b"".join(field + b"\0" for field in fields)


def pack_all(found: Sequence[Record], version: str = "v1.2", *, path: bytes = b"\0") -> bytes:
    """Return a whole changelog."""
    return HEADERS[version] + b"".join(pack(record, version, path=path) for record in found)
