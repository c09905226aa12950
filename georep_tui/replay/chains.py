"""What belongs together: the parts of one rotated log or journal, and whose it is. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from georep_tui.replay import identity
from georep_tui.replay.files import File, Kind
from georep_tui.replay.gsyncd_events import Origin
from georep_tui.replay.identity import Identity


@dataclass(frozen=True, slots=True)
class Chain:
    """Files that follow one another, the oldest first."""

    kind: Kind
    files: tuple[File, ...]
    origin: Origin
    """Of a journal it says nothing: its events say it."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


def link(files: Sequence[File], *, here: str) -> list[Chain]:
    """Return the chains of files; `here` is the node of a log that names none."""
    groups: dict[tuple[str, ...], list[File]] = defaultdict(list)
    for file in files:
        of = ("", *identity.stem(file.path)) if file.kind is Kind.GSYNCD else _journal(file.path)
        groups[of].append(file)
    found = [_chain(group, here) for group in groups.values()]
    return [_of_its_primary(chain, found) for chain in _apart(found)]


def _journal(path: Path) -> tuple[str, ...]:
    """Return what the numbered files of one journal have in common."""
    return ("journal", str(path.parent), "" if path.stem.isdecimal() else path.name)


def _chain(files: list[File], here: str) -> Chain:
    ordered = tuple(sorted(files, key=lambda file: (file.first, file.path)))
    told = identity.join(file.identity for file in ordered)
    path = ordered[0].path
    session = told.session or identity.stem(path)[1] or path.name
    node = told.node or identity.node_of(path, told.session) or here
    origin = Origin(session, told.primary or session, told.secondary, node)
    return Chain(ordered[0].kind, ordered, origin)


def _apart(chains: list[Chain]) -> list[Chain]:
    """Number logs that would be taken for one: nothing names the nodes they are of."""
    far = {id(chain) for chain in chains if _identity(chain).of}
    many = Counter(chain.origin for chain in chains if id(chain) not in far)
    seen: Counter[Origin] = Counter()
    found = []
    for chain in chains:
        origin = chain.origin
        if chain.kind is Kind.GSYNCD and id(chain) not in far and many[origin] > 1:
            seen[origin] += 1
            if seen[origin] > 1:
                origin = replace(origin, node=f"{origin.node}#{seen[origin]}")
        found.append(replace(chain, origin=origin))
    return found


def _of_its_primary(chain: Chain, chains: Sequence[Chain]) -> Chain:
    """Give a log of the secondary that names no session the one whose workers it tells of."""
    told = _identity(chain)
    if not told.of or told.session:
        return chain
    found = {each.origin.session: each.origin for each in chains if each.origin.node in told.of}
    if len(found) != 1:
        return chain
    near = next(iter(found.values()))
    return replace(chain, origin=replace(near, node=chain.origin.node))


def _identity(chain: Chain) -> Identity:
    return identity.join(file.identity for file in chain.files)
