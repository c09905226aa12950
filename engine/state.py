"""The picture that a run of events paints. Pure.

The state of a worker is mostly the last event of each kind, so nothing is lost between what was
said and what is shown, every fact keeps its time, and a snapshot (`engine.snapshot`) is those
events once more.
Everything is bounded. Engines of several nodes may speak of the same session: what each said is
kept apart by its node, and an `EngineStarted` (every snapshot begins with one) takes back all that
its node had said before. Words and numbers made from this picture are in `engine.figures`.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TypeVar

from engine.events import (
    AnyEvent,
    BatchDone,
    Caught,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    EntryMended,
    FailuresCounted,
    HookEnded,
    JobFinished,
    JobStarted,
    MinuteCounted,
    MoverTried,
    PauseChanged,
    PeerPassedOver,
    PendingChanged,
    PositionMoved,
    QuarantineSwept,
    ReconcileDue,
    RetryScheduled,
    RoleChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    WorkerConnected,
    WorkerEvent,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)

K = TypeVar("K")
V = TypeVar("V")
SAMPLES = 90
"""Totals kept per worker; they are at least one second apart."""
BATCHES = 20
JOBS = 20
MINUTES = 60
FAULTS = 10
"""Ends of a worker that are kept."""
PEERS = 20
"""Nodes of the secondary that could not be used, of one run of a worker."""
RECENT = 200
"""Edges kept per node."""
FAILURES = 500
"""Failures listed per worker, and as many that are not tried again. Not below RECENT: a snapshot
relies on it.
"""


@dataclass(slots=True)
class WorkerState:
    """What is known of one worker: the last event of each kind, None when there was none."""

    started: WorkerStarted | None = None
    connected: WorkerConnected | None = None
    passed: dict[str, PeerPassedOver] = field(default_factory=dict)
    """By host: nodes of the secondary that this run of the worker could not use."""
    role: RoleChanged | None = None
    pause: PauseChanged | None = None
    crawl: CrawlChanged | None = None
    crawled: CrawlProgressed | None = None
    crawled_first: CrawlProgressed | None = None
    """How far the crawl was when it was heard of first: it may have gone on from a cursor."""
    reconcile: ReconcileDue | None = None
    """It outlives the worker: so does what was left on the secondary."""
    samples: deque[WorkerProgressed] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    """Totals of this run of the worker, the newest last; rates are made from them."""
    minutes: deque[MinuteCounted] = field(default_factory=lambda: deque(maxlen=MINUTES))
    """The last hour; it outlives the worker."""
    pending: PendingChanged | None = None
    position: PositionMoved | None = None
    batches: deque[BatchDone] = field(default_factory=lambda: deque(maxlen=BATCHES))
    movers: dict[str, MoverTried] = field(default_factory=dict)
    """By mover: whether it works."""
    running: dict[int, JobStarted] = field(default_factory=dict)
    """Jobs of this run of the worker that have not ended, by their number; JOBS at most."""
    jobs: deque[JobFinished] = field(default_factory=lambda: deque(maxlen=JOBS))
    failures: OrderedDict[str, EntryFailed] = field(default_factory=OrderedDict)
    """By gfid, the one heard of last at the end."""
    aside: OrderedDict[str, EntryFailed] = field(default_factory=OrderedDict)
    """The same of those that are not tried again: skipped by an operator, or in quarantine."""
    counted: FailuresCounted | None = None
    """How many failures there are; those in `failures` are the latest."""
    swept: QuarantineSwept | None = None
    fault: WorkerFaulty | None = None
    """The last one; it stays when the worker has been started again."""
    faults: OrderedDict[WorkerFaulty, None] = field(default_factory=OrderedDict)
    """The last ones, the newest at the end (an ordered set)."""
    ended: WorkerFaulty | WorkerStopped | None = None
    """Why there is no process now; None while there is one."""
    retry: RetryScheduled | None = None
    caught: Caught | None = None

    @property
    def totals(self) -> WorkerProgressed | None:
        """Totals since the worker started."""
        return self.samples[-1] if self.samples else None

    @property
    def failing(self) -> int:
        """How many objects this worker could not make so, without those that were skipped."""
        return self.counted.waiting if self.counted else len(self.failures)

    @property
    def unlisted(self) -> int:
        """How many of them are not in `failures`."""
        return max(0, self.failing - len(self.failures))


@dataclass(slots=True)
class CheckpointState:
    """One checkpoint as one node tells it."""

    set: CheckpointSet | None = None
    """None where only its end is known."""
    reached: dict[str, CheckpointReached] = field(default_factory=dict)
    """By worker."""
    hook: HookEnded | None = None
    """How the operator's command for it ended."""


@dataclass(slots=True)
class SessionState:
    """One session as all engines together tell it."""

    nodes: dict[str, SessionKnown] = field(default_factory=dict)
    blocked: dict[str, SessionBlocked] = field(default_factory=dict)
    """By node: why it cannot run there at all."""
    workers: dict[str, WorkerState] = field(default_factory=dict)
    checkpoints: dict[tuple[str, str], CheckpointState] = field(default_factory=dict)
    """By node and label; engines keep 50 of each session."""

    @property
    def known(self) -> SessionKnown | None:
        """What was said of the session last, on whichever node."""
        return max(self.nodes.values(), key=lambda known: known.at, default=None)

    @property
    def failing(self) -> int:
        """How many objects its workers could not make so."""
        return sum(worker.failing for worker in self.workers.values())


@dataclass(slots=True)
class EngineState:
    """One engine, and the edges it told of, the newest last (an ordered set)."""

    started: EngineStarted | None = None
    recent: OrderedDict[AnyEvent, None] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class State:
    """Everything that was told, as it is now. Two are equal when they show the same."""

    at: float = field(default=0.0, compare=False)
    """Time of the latest event: the clock of a replay."""
    version: int = field(default=0, compare=False)
    """Grows with every event; equal means nothing has to be drawn."""
    engines: dict[str, EngineState] = field(default_factory=dict)
    sessions: dict[str, SessionState] = field(default_factory=dict)

    def recent(self) -> list[AnyEvent]:
        """Return the recent edges of all nodes, the newest last."""
        edges = [event for engine in self.engines.values() for event in engine.recent]
        return sorted(edges, key=lambda event: event.at)


def node_of(worker: str) -> str:
    """Return NODE of NODE:BRICK; a brick begins with a slash, a node may hold colons."""
    return worker.partition(":/")[0]


def apply(state: State, event: AnyEvent) -> None:
    """Fold one event into `state`."""
    state.at = max(state.at, event.at)
    state.version += 1
    # What is told most often stands first: whoever comes later is compared with all before.
    match event:
        case WorkerProgressed():
            _sample(_worker(state, event).samples, event)
        case PendingChanged():
            _worker(state, event).pending = event
        case PositionMoved():
            _worker(state, event).position = event
        case BatchDone():
            _worker(state, event).batches.append(event)
        case JobStarted():
            _run(_worker(state, event).running, event)
        case JobFinished():
            worker = _worker(state, event)
            worker.running.pop(event.job, None)
            worker.jobs.append(event)
        case (
            EntryFailed()
            | EntryMended()
            | WorkerStarted()
            | WorkerConnected()
            | PeerPassedOver()
            | RoleChanged()
            | PauseChanged()
            | CrawlChanged()
            | ReconcileDue()
            | MoverTried()
            | WorkerFaulty()
            | RetryScheduled()
            | WorkerStopped()
            | Caught()
        ):
            _edge(state, event)
            _remember(state, node_of(event.worker), event)
        case MinuteCounted():
            _worker(state, event).minutes.append(event)
        case CrawlProgressed():
            worker = _worker(state, event)
            worker.crawled, worker.crawled_first = event, worker.crawled_first or event
        case FailuresCounted():
            _worker(state, event).counted = event
        case QuarantineSwept():
            _worker(state, event).swept = event
        case EngineStarted():
            _take_back(state, event.node)
            state.engines[event.node] = EngineState(started=event)
        case SessionKnown():
            session = _session(state, event.session)
            session.nodes[event.node] = event
            session.blocked.pop(event.node, None)
            _remember(state, event.node, event)
        case SessionForgotten():
            if event.session in state.sessions:
                _forget(state, event.session, event.node)
            _remember(state, event.node, event)
        case SessionBlocked():
            _session(state, event.session).blocked[event.node] = event
            _remember(state, event.node, event)
        case CheckpointSet():
            session = _session(state, event.session)
            session.checkpoints[event.node, event.label] = CheckpointState(set=event)
            _remember(state, event.node, event)
        case CheckpointDeleted():
            session = _session(state, event.session)
            session.checkpoints.pop((event.node, event.label), None)
            _tidy(state, event.session)
            _remember(state, event.node, event)
        case CheckpointReached():
            node = node_of(event.worker)
            _checkpoint(state, event.session, node, event.label).reached[event.worker] = event
            _remember(state, node, event)
        case HookEnded():
            _checkpoint(state, event.session, event.node, event.about).hook = event
            _remember(state, event.node, event)


AnyEdge = (
    WorkerStarted
    | WorkerConnected
    | PeerPassedOver
    | RoleChanged
    | PauseChanged
    | CrawlChanged
    | EntryFailed
    | EntryMended
    | ReconcileDue
    | MoverTried
    | WorkerFaulty
    | RetryScheduled
    | WorkerStopped
    | Caught
)


def _edge(state: State, event: AnyEdge) -> None:
    worker = _worker(state, event)
    match event:
        case EntryFailed():
            _list(worker, event)
        case EntryMended():
            worker.failures.pop(event.gfid, None)
            worker.aside.pop(event.gfid, None)
            if worker.started is None and worker == WorkerState():
                # Nothing is known of it any more, so no event could tell of it in a snapshot.
                del state.sessions[event.session].workers[event.worker]
                _tidy(state, event.session)
        case WorkerStarted():
            _begin(worker, event)
        case WorkerConnected():
            worker.connected = event
            worker.passed.pop(event.peer, None)
        case PeerPassedOver():
            _latest(worker.passed, event.peer, event, PEERS)
        case RoleChanged():
            worker.role = event
        case PauseChanged():
            worker.pause = event
        case CrawlChanged():
            worker.crawl, worker.crawled, worker.crawled_first = event, None, None
        case ReconcileDue():
            worker.reconcile = event
        case MoverTried():
            worker.movers[event.mover] = event
        case WorkerFaulty():
            worker.fault = worker.ended = event
            _latest(worker.faults, event, None, FAULTS)
            worker.running.clear()
        case RetryScheduled():
            worker.retry = event
        case WorkerStopped():
            worker.ended, worker.retry = event, None
            worker.running.clear()
        case Caught():
            worker.caught = event


def _list(worker: WorkerState, event: EntryFailed) -> None:
    """Note a failure as the latest one, among those that are tried again or those that are not."""
    there, other = worker.failures, worker.aside
    if event.skipped:
        there, other = other, there
    other.pop(event.gfid, None)
    there[event.gfid] = event
    there.move_to_end(event.gfid)
    if len(there) > FAILURES:
        there.popitem(last=False)


def _begin(worker: WorkerState, event: WorkerStarted) -> None:
    """Note a new process: position, failures, what is to be reconciled and the last fault outlive
    the old one.
    """
    worker.started, worker.connected, worker.role, worker.crawl = event, None, None, None
    worker.pause = worker.crawled_first = None
    worker.crawled = worker.pending = worker.ended = worker.retry = worker.caught = None
    worker.samples.clear()
    worker.running.clear()
    worker.movers.clear()
    worker.passed.clear()


def _latest(there: dict[K, V], key: K, value: V, most: int) -> None:
    """Note `key` as the latest of at most `most`."""
    there.pop(key, None)
    there[key] = value
    if len(there) > most:
        del there[next(iter(there))]


def _run(running: dict[int, JobStarted], event: JobStarted) -> None:
    running[event.job] = event
    if len(running) > JOBS:
        del running[min(running)]


def _sample(samples: deque[WorkerProgressed], event: WorkerProgressed) -> None:
    if samples and event.at < samples[-1].at:
        samples.clear()  # the clock was set back: no rate can be made across that
    if len(samples) > 1 and samples[-1].at - samples[-2].at < 1:
        samples.pop()
    samples.append(event)


def _session(state: State, name: str) -> SessionState:
    found = state.sessions.get(name)
    if found is None:
        found = state.sessions[name] = SessionState()
    return found


def _worker(state: State, event: WorkerEvent) -> WorkerState:
    try:
        return state.sessions[event.session].workers[event.worker]
    except KeyError:  # it is told of for the first time
        found = _session(state, event.session).workers[event.worker] = WorkerState()
        return found


def _checkpoint(state: State, session: str, node: str, label: str) -> CheckpointState:
    found = _session(state, session).checkpoints
    return found.setdefault((node, label), CheckpointState())


def _remember(state: State, node: str, event: AnyEvent) -> None:
    engine = state.engines.get(node)
    if engine is None:
        engine = state.engines[node] = EngineState()
    recent, before = engine.recent, len(engine.recent)
    recent[event] = None
    if len(recent) == before:
        recent.move_to_end(event)  # it was there
    elif len(recent) > RECENT:
        recent.popitem(last=False)


def _take_back(state: State, node: str) -> None:
    for name in list(state.sessions):
        _forget(state, name, node)


def _forget(state: State, name: str, node: str) -> None:
    """Take back what `node` said of a session; drop the session when nobody speaks of it."""
    session = state.sessions[name]
    session.nodes.pop(node, None)
    session.blocked.pop(node, None)
    for worker in [worker for worker in session.workers if node_of(worker) == node]:
        del session.workers[worker]
    for key in [key for key in session.checkpoints if key[0] == node]:
        del session.checkpoints[key]
    _tidy(state, name)


def _tidy(state: State, name: str) -> None:
    if state.sessions[name] == SessionState():
        del state.sessions[name]
