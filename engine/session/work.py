"""What a worker is made of: every part of it, put together once the secondary is reached."""

import asyncio
import os
import time
from pathlib import Path

from engine import events
from engine.gluster.mount import Mount
from engine.movers.pace import Bucket
from engine.plan.items import Manner
from engine.primary import truth
from engine.primary.meta_lock import MetaLock
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.rpc.shared import Shared
from engine.rpc.ssh import Agent
from engine.session import heals, joining, marked, marks
from engine.session.ahead import Ahead
from engine.session.bulk import Bulk
from engine.session.crawling import Crawling
from engine.session.following import Following
from engine.session.half_done import HalfDone
from engine.session.heals import Heals
from engine.session.idle import Idle
from engine.session.ledger import Ledger
from engine.session.limbo import Limbo
from engine.session.marking import Marking
from engine.session.nodes import Reached
from engine.session.position import Position
from engine.session.quarantine import Quarantine
from engine.session.recrawling import Recrawling
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.roles import Roles
from engine.session.settings import Settings
from engine.session.standby import Standby
from engine.session.task import Task
from engine.session.teller import Teller
from engine.session.trying import Trying
from engine.session.turn import Turn
from engine.session.unreconciled import Unreconciled
from engine.session.wishes import Wishes


class Work:
    """The work of one worker on its brick, over one connection to the secondary."""

    def __init__(
        self, task: Task, mount: Mount, report: Report, settings: Settings, wishes: Wishes
    ) -> None:
        self._task, self._mount, self._report = task, mount, report
        self._settings, self._wishes = settings, wishes
        self._started = time.time()
        self._teller = Teller(task)
        self.replicator: Replicator | None = None
        """Once the secondary is reached."""

    async def run(self) -> str:
        """Return why there is nothing more to do; GeorepError when something fails."""
        task = self._task
        found = (task.volume, task.brick)
        async with joining.joined(
            task.places, task.session, *found, self._report, last=task.last
        ) as reached:
            self._tell(reached)
            await self._wishes.rest(self._report)
            return await self._reached(reached)

    def close(self) -> None:
        """Let go of what was mounted for it."""
        self._teller.close()

    def _tell(self, reached: Reached) -> None:
        task, welcome = self._task, reached.agent.welcome
        self._report.tell(
            events.WorkerConnected,
            peer=reached.route.host,
            peer_version=welcome.version,
            seconds=time.time() - self._started,
        )
        marks.note(task.places, task.session.name, welcome.volume_uuid)

    async def _reached(self, reached: Reached) -> str:
        task, agent = self._task, reached.agent
        sight = Sight(
            os.fsencode(task.brick.path),
            self._mount.root,
            whole=not task.volume.disperse and not task.brick.is_arbiter,
            scope=reached.route.scope,
            pieces=task.volume.pieces,
        )
        bucket = Bucket.of(task.session, task.state)
        self._settings.follow(bucket.take_up)
        shared = Shared(reached.route)
        trying = Trying.of(task.session, reached.route, agent, self._report, bucket, shared)
        ledger = Ledger(task.places.ledger(task.session.name), self._report.worker)
        replicator = self._replicator(sight, agent.channel, trying, ledger, bucket)
        await replicator.failing.tell_all()
        replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
        position = Position(sight.brick, task.volume.uuid, agent.welcome.volume_uuid)
        unreconciled = self._unreconciled(agent.channel)
        marking = self._marking(agent, sight, replicator)
        await marking.look()
        await replicator.run(position.show)
        watched = Heals(task.volume, task.brick, self._report, replicator, position)
        silence = task.session.options.secondary_timeout
        idle = Idle(agent.channel, self._report, host=agent.host, patience=silence)
        parts = (sight, agent, replicator, position, unreconciled, watched)
        caught = False
        try:
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(unreconciled.watch()),
                    group.create_task(watched.watch()),
                    group.create_task(shared.keep()),
                    group.create_task(marking.keep()),
                    group.create_task(trying.broken()),
                    group.create_task(idle.watch()),
                ]
                roles = self._roles(*parts)
                # A Passive one, too: what it left half done stands in its own ledger.
                await replicator.recover()
                reason = await roles.run()
                for each in beside:
                    each.cancel()
            caught = True
            return reason
        finally:
            if caught or self._wishes.ended.is_set():
                await marking.part()
            await replicator.abandon()
            replicator.close()
            ledger.close()

    def _replicator(
        self, sight: Sight, channel: Channel, trying: Trying, ledger: Ledger, bucket: Bucket
    ) -> Replicator:
        task, options = self._task, self._task.session.options
        here = self._mount.root
        bulk = Bulk(trying, channel, self._report, here=here, jobs=options.sync_jobs)
        made = self.replicator = Replicator(
            *(sight, channel, bulk, self._report, ledger),
            push_limit=options.push_limit,
            unsettled=heals.Unsettled(task.volume, task.brick),
            bucket=bucket,
            manner=Manner(
                keeps=options.ignore_deletes, patient=not options.gfid_conflict_resolution
            ),
            half_done=HalfDone(task.state, ledger, options.secondary_timeout),
        )
        self._settings.follow(bulk.take_up)
        self._settings.follow(made.failing.take_up)
        return made

    def _unreconciled(self, channel: Channel) -> Unreconciled:
        task = self._task
        return Unreconciled(
            channel,
            self._report,
            volume=task.volume.uuid,
            number=task.brick.subvolume,
            subvolumes=task.volume.distribution,
            keeps=task.session.options.ignore_deletes,
        )

    def _marking(self, agent: Agent, sight: Sight, replicator: Replicator) -> Marking:
        task, root = self._task, self._mount.root
        return Marking.of(
            *(task.places, task.session, task.volume, agent.channel),
            uuid=agent.welcome.volume_uuid,
            here=lambda: replicator.run(lambda: marked.here([sight.brick], marked.notes(root))),
        )

    def _roles(
        self,
        sight: Sight,
        agent: Agent,
        replicator: Replicator,
        position: Position,
        unreconciled: Unreconciled,
        watched: Heals,
    ) -> Roles:
        task, report, root = self._task, self._report, self._mount.root
        hosts = {brick.host_uuid: brick.host for brick in task.volume.bricks}
        turn = Turn(task.state, task.brick, hosts, self._meta(agent.welcome.volume_uuid))
        journal = task.session.options.change_detector == "changelog"
        crawling = Crawling(
            *(task.brick.path, task.state, replicator, position, report, unreconciled),
            journal=journal,
            paused=lambda: self._wishes.paused,
        )
        limbo = self._limbo(agent.channel, replicator, position)
        following = self._following(sight, replicator, position, limbo)
        recrawling = Recrawling(crawling, replicator, position, report, limbo, task.until)
        self._settings.follow(following.take_up)
        self._settings.follow(recrawling.take_up)
        standby = Standby(*(root, turn, self._teller, replicator, position, report), self._settings)
        return Roles(
            mount=root,
            turn=turn,
            watched=watched,
            unreconciled=unreconciled,
            standby=standby,
            crawling=crawling,
            following=following,
            recrawling=None if journal else recrawling,
            replicator=replicator,
            position=position,
            report=report,
            wishes=self._wishes,
        )

    def _limbo(self, channel: Channel, replicator: Replicator, position: Position) -> Limbo:
        async def passed() -> int:
            return await replicator.run(lambda: position.passed(self._teller.root()))

        replicator.failing.heed(passed)
        days = self._settings.now.quarantine_days
        quarantine = Quarantine(channel, replicator, self._report, days=days)
        self._settings.follow(quarantine.take_up)
        return Limbo(channel, replicator, passed, quarantine)

    def _following(
        self, sight: Sight, replicator: Replicator, position: Position, limbo: Limbo
    ) -> Following:
        task, options = self._task, self._task.session.options
        return Following(
            *(task.brick.path, replicator, position, self._report, self._wishes),
            limbo,
            lambda: Ahead(
                *(task.brick.path, sight, replicator, self._report),
                small=options.push_limit,
                keeps=options.ignore_deletes,
            ),
            task.until,
            keeps=options.ignore_deletes,
        )

    def _meta(self, secondary: str) -> MetaLock | None:
        options = self._task.session.options
        if not options.use_meta_volume:
            return None
        return MetaLock(
            Path(options.meta_volume_mnt),
            primary=self._task.volume.uuid,
            secondary=secondary,
            subvolume=self._task.brick.subvolume,
        )
