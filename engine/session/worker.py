"""`georep-engine worker`: one brick of one session, from its mount to its last settled slice."""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import commands, config, events
from engine.config import Places, Session
from engine.errors import GeorepError, Retry, Stop
from engine.gluster import params, volume
from engine.gluster.mount import Mount, needs_privilege
from engine.gluster.volume import Brick, Volume
from engine.movers.pace import Bucket
from engine.plan.items import Manner
from engine.primary import truth
from engine.primary.meta_lock import MetaLock
from engine.primary.slices import HistoryBroken
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.rpc.shared import Shared
from engine.session import heals, joining, marked, marks
from engine.session.ahead import Ahead
from engine.session.bulk import Bulk
from engine.session.crawling import Crawling
from engine.session.following import Damaged, Following
from engine.session.half_done import HalfDone
from engine.session.ledger import Ledger
from engine.session.limbo import Limbo
from engine.session.marking import Marking
from engine.session.position import Position
from engine.session.quarantine import Quarantine
from engine.session.recrawling import Recrawling
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.settings import Settings
from engine.session.trying import Trying
from engine.session.turn import Turn
from engine.session.unreconciled import Unreconciled
from engine.session.wishes import Wishes

PULSE = 2.0
"""Seconds between two signs of life."""
GOAL = "the goal is reached"
HUNG = 120.0
"""Seconds after which a primary mount that does not answer is given up."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything a worker is told and finds before it starts."""

    session: Session
    places: Places
    volume: Volume
    brick: Brick
    node: str
    until: int | None
    """Seconds since the epoch: end when everything up to then is on the secondary."""
    paused: bool = False
    """Whether the session was paused when the worker was started."""
    last: tuple[str, ...] = ()
    """Hosts of the secondary that were away a moment ago."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker; events go to stdout, commands come on stdin. Return the exit code."""
    options = _arguments(argv)
    report = Report(options.session, f"{options.node}:{options.brick}")
    # What libraries print must not get between the events.
    sys.stdout = sys.stderr
    mount: Mount | None = None
    code = 1
    try:
        setting = _setting(options)
        report.tick(force=True)
        report.now_doing("mounting the primary volume")
        label = f"{setting.session.name}-{Path(setting.brick.path).name}"
        log = setting.places.of(setting.session.name) / "log" / f"mount-{label}.log"
        mount = Mount(
            setting.volume.name,
            label=label,
            log=log,
            log_level=setting.session.options.log_level,
            privileged=needs_privilege(setting.volume),
            params=params.words(setting.session.options.gluster_params),
        )
        mount.start(setting.session.options.connection_timeout)
        code = asyncio.run(_Worker(setting, mount, report).run())
    except GeorepError as error:
        _fault(report, error)
    except OSError as error:
        _fault(report, _explained(error))
    finally:
        if mount is not None:
            with contextlib.suppress(GeorepError):
                mount.stop()
    # A thread that still hangs on a dead mount must not keep the process.
    sys.stderr.flush()
    os._exit(code)


class _Worker:
    """What one worker holds while it runs."""

    def __init__(self, setting: Setting, mount: Mount, report: Report) -> None:
        self.setting, self.mount, self.report = setting, mount, report
        self.settings = Settings(setting.session.options)
        self.stopping, self.wishes = asyncio.Event(), Wishes(paused=setting.paused)
        self.started = time.time()
        self.replicator: Replicator | None = None
        self.teller: Mount | None = None
        self.secondary = ""
        """The uuid of the secondary volume, once the agent has told it."""

    async def run(self) -> int:
        """Work until asked to stop, until the goal is reached, or until something fails."""
        work = asyncio.create_task(self._work())
        helpers = [asyncio.create_task(self._listen()), asyncio.create_task(self._pulse())]
        stop = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({work, stop, *helpers}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                reason = await work
            else:
                reason = "asked to stop"
                for helper in helpers:
                    if helper.done():
                        helper.result()
        finally:
            for task in (*helpers, stop, work):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, GeorepError):
                await work
            if self.teller is not None:
                self.teller.stop()
        self.report.tick(force=True)
        self.report.tell(events.WorkerStopped, reason=reason)
        return 0

    async def _work(self) -> str:
        session, options = self.setting.session, self.setting.session.options
        found = (self.setting.volume, self.setting.brick)
        async with joining.joined(
            self.setting.places, session, *found, self.report, last=self.setting.last
        ) as reached:
            agent, route = reached.agent, reached.route
            seconds = time.time() - self.started
            version = agent.welcome.version
            self.report.tell(
                events.WorkerConnected, peer=route.host, peer_version=version, seconds=seconds
            )
            marks.note(self.setting.places, session.name, agent.welcome.volume_uuid)
            await self._rest()
            whole = not self.setting.volume.disperse and not self.setting.brick.is_arbiter
            brick = os.fsencode(self.setting.brick.path)
            sight = Sight(brick, self.mount.root, whole, scope=route.scope)
            bucket = Bucket.of(session, self.setting.places.of(session.name))
            self.settings.follow(bucket.take_up)
            shared = Shared(route)
            trying = Trying.of(session, route, agent, self.report, bucket, shared)
            bulk = Bulk(
                *(trying, agent.channel, self.report), here=self.mount.root, jobs=options.sync_jobs
            )
            ledger = Ledger(self.setting.places.ledger(session.name), self.report.worker)
            replicator = Replicator(
                *(sight, agent.channel, bulk, self.report, ledger),
                push_limit=options.push_limit,
                unsettled=heals.Unsettled(self.setting.volume, self.setting.brick),
                bucket=bucket,
                manner=Manner(
                    keeps=options.ignore_deletes, patient=not options.gfid_conflict_resolution
                ),
                half_done=HalfDone(
                    self.setting.places.of(session.name), ledger, options.secondary_timeout
                ),
            )
            self.replicator = replicator
            self.secondary = agent.welcome.volume_uuid
            self.settings.follow(bulk.take_up)
            self.settings.follow(replicator.failing.take_up)
            await replicator.failing.tell_all()
            replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
            position = Position(sight.brick, self.setting.volume.uuid, agent.welcome.volume_uuid)
            unreconciled = Unreconciled(
                agent.channel,
                self.report,
                volume=self.setting.volume.uuid,
                number=self.setting.brick.subvolume,
                subvolumes=self.setting.volume.distribution,
                keeps=options.ignore_deletes,
            )
            marking = Marking.of(
                *(self.setting.places, session, self.setting.volume, agent.channel),
                uuid=agent.welcome.volume_uuid,
                here=lambda: replicator.run(
                    lambda: marked.here([sight.brick], marked.notes(self.mount.root))
                ),
            )
            await marking.look()
            watched = heals.Heals(
                *(self.setting.volume, self.setting.brick, self.report), replicator, position
            )
            caught = False
            try:
                async with asyncio.TaskGroup() as group:
                    beside = [
                        group.create_task(unreconciled.watch()),
                        group.create_task(watched.watch()),
                        group.create_task(shared.keep()),
                        group.create_task(marking.keep()),
                        group.create_task(trying.broken()),
                    ]
                    reason = await self._turns(
                        agent.channel, sight, replicator, position, unreconciled, watched
                    )
                    for each in beside:
                        each.cancel()
                caught = True
                return reason
            finally:
                if caught or self.stopping.is_set():
                    await marking.part()
                await replicator.abandon()
                replicator.close()
                ledger.close()

    async def _turns(
        self,
        channel: Channel,
        sight: Sight,
        replicator: Replicator,
        position: Position,
        unreconciled: Unreconciled,
        watched: heals.Heals,
    ) -> str:
        """Be Active when elected, Passive otherwise, until there is nothing more to do."""
        setting = self.setting
        state = setting.places.of(setting.session.name)
        turn = Turn(state, setting.brick, self._meta())
        journal = setting.session.options.change_detector == "changelog"
        crawling = Crawling(
            *(setting.brick.path, state, replicator, position, self.report, unreconciled),
            journal=journal,
            paused=lambda: self.wishes.paused,
        )
        # A Passive one, too: what it left half done stands in its own ledger.
        await replicator.recover()

        async def passed() -> int:
            return await replicator.run(lambda: position.passed(self._told()))

        days = self.settings.now.quarantine_days
        quarantine = Quarantine(channel, replicator, self.report, days=days)
        self.settings.follow(quarantine.take_up)
        limbo = Limbo(channel, replicator, passed, quarantine)
        following = Following(
            *(setting.brick.path, replicator, position, self.report, self.wishes),
            limbo,
            lambda: Ahead(
                *(setting.brick.path, sight, replicator, self.report),
                small=setting.session.options.push_limit,
                keeps=setting.session.options.ignore_deletes,
            ),
            setting.until,
            keeps=setting.session.options.ignore_deletes,
        )
        recrawling = Recrawling(
            *(crawling, replicator, position, self.report, limbo, setting.until)
        )
        self.settings.follow(following.take_up)
        self.settings.follow(recrawling.take_up)

        async def still() -> bool:
            return await replicator.run(turn.still, self.mount.root)

        try:
            while True:
                await self._rest()
                decision = await replicator.run(turn.decide, self.mount.root)
                await watched.take(decision)
                if decision.role is events.Role.PASSIVE:
                    self.report.now_doing("standby")
                    await self._stand_by(replicator, turn, position)
                    continue
                await replicator.recover()
                await unreconciled.look()
                if not journal:
                    if await recrawling.run(still, self.wishes):
                        return GOAL
                    continue
                reason = await crawling.needed()
                if reason:
                    await crawling.run(reason)
                    if self.wishes.paused:
                        continue
                elif position.moved():
                    # An engine that has just begun knows of none.
                    self.report.tell(events.PositionMoved, stime=position.stime, slice=0)
                await unreconciled.follow(position.stime)
                try:
                    if await following.run(still):
                        return GOAL
                except (Damaged, HistoryBroken) as damage:
                    await crawling.run(damage.words, damage.ended)
        finally:
            turn.release()

    def _meta(self) -> MetaLock | None:
        options = self.setting.session.options
        if not options.use_meta_volume:
            return None
        return MetaLock(
            Path(options.meta_volume_mnt),
            primary=self.setting.volume.uuid,
            secondary=self.secondary,
            subvolume=self.setting.brick.subvolume,
        )

    async def _stand_by(self, replicator: Replicator, turn: Turn, position: Position) -> None:
        """Keep the position current, so that taking over is cheap, until the election changes."""
        while not self.wishes.paused and not await replicator.run(turn.comes, self.mount.root):
            await replicator.run(self._catch_up, position)
            if position.moved():
                self.report.tell(events.PositionMoved, stime=position.stime, slice=0)
            # What failed here while it was Active is in no other worker's ledger.
            await replicator.make_due_so()
            await asyncio.sleep(self.settings.now.replica_failover_interval)

    async def _rest(self) -> None:
        """While the session is paused, wait; the caller has nothing under way.

        Whoever goes on afterwards decides anew, from what is on disk: days may have passed.
        """
        while self.wishes.paused:
            self.report.now_doing("paused", f"georep resume {self.report.session}")
            self.report.tell(events.PauseChanged, paused=True)
            await self.wishes.resumed()
            self.report.tell(events.PauseChanged, paused=False)

    def _catch_up(self, position: Position) -> None:
        position.catch_up(self._told())

    def _told(self) -> bytes:
        """Return a mount of its own, for only clients with pid -1 are told positions. Blocks."""
        if self.teller is None:
            setting = self.setting
            log = setting.places.of(setting.session.name) / "log" / "mount-standby.log"
            label = f"{setting.session.name}-standby"
            words = params.words(setting.session.options.gluster_params)
            teller = Mount(setting.volume.name, label=label, log=log, privileged=True, params=words)
            teller.start(setting.session.options.connection_timeout)
            self.teller = teller
        return self.teller.root

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            stuck = self.replicator.stuck_for() if self.replicator is not None else 0.0
            if stuck > HUNG:
                raise Retry(
                    f"the primary mount has not answered for {stuck:.0f} s",
                    cause="mount hangs",
                    fix=f"See which bricks are down: gluster volume status "
                    f"{self.setting.volume.name}",
                )
            if stuck > 5:
                self.report.waits = f"primary mount, not answering for {stuck:.0f} s"
            if not self.mount.alive():
                raise Retry(
                    "the GlusterFS client of the primary volume ended",
                    cause="mount lost",
                    fix=f"See its log: {self.setting.places.of(self.setting.session.name)}/log",
                )
            self.report.tick(force=True)

    async def _listen(self) -> None:
        """Take commands; the end of stdin means that the supervisor is gone, and so are we."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            match commands.decode(line):
                case commands.Stop():
                    break
                case commands.Pause():
                    self.wishes.pause()
                case commands.Resume():
                    self.wishes.resume()
                case commands.Reread(gfids=gfids):
                    if self.replicator is not None:
                        await self.replicator.failing.reread(gfids)
                        self.wishes.woken.set()
                case commands.Change(options=texts):
                    self.settings.change(texts)
                    self.wishes.woken.set()
                case _:
                    pass
        self.stopping.set()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="georep-engine worker")
    for name in ("--session", "--brick", "--node"):
        parser.add_argument(name, required=True)
    for name in ("--volume-uuid", "--config", "--state"):
        parser.add_argument(name)
    parser.add_argument("--until", type=int)
    parser.add_argument("--paused", action="store_true")
    parser.add_argument("--last", action="append", default=[])
    return parser.parse_args(argv)


def _setting(options: argparse.Namespace) -> Setting:
    places = config.places(options.config, options.state)
    session = config.read(places, options.session)
    found = volume.read(session.primary)
    for brick in found.bricks:
        if brick.path == options.brick and brick.host_uuid == volume.local_node_uuid():
            return Setting(
                *(session, places, found, brick, options.node, options.until),
                paused=options.paused,
                last=tuple(options.last),
            )
    raise Stop(
        f"{options.brick} is no brick of volume {session.primary} on this node any more",
        cause="brick gone",
        fix="The engine looks again by itself; nothing to do.",
    )


def _explained(error: OSError) -> GeorepError:
    """Say what an OSError of the primary's mount or brick means."""
    return Retry(
        f"the primary answered: {error.strerror or error} ({error.filename or 'no file named'!s})",
        cause="primary I/O error",
        fix="See the bricks and the mount: gluster volume status.",
        evidence=str(error),
    )


def _fault(report: Report, error: GeorepError) -> None:
    report.say(
        events.WorkerFaulty(
            at=time.time(),
            session=report.session,
            worker=report.worker,
            cause=error.cause or "unknown",
            words=error.words,
            fix=error.fix,
            evidence=error.evidence[-4000:],
        )
    )
