"""Services looked at in turn, again and again: never for long at once, and none that hangs holds up another."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jupyter_deploy.engine.errands import Errand
from jupyter_deploy.engine.places import COMPUTE
from jupyter_deploy.engine.services import ServiceView, find_services, list_records, together
from jupyter_deploy.errors import ServiceNotFound, TargetError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ServiceRecord

PERIOD = 2.0
"""Seconds between two rounds at least."""
REST = 20.0
"""How many times longer than the work of a round the pause after it is at least, so that large workspaces take no more of a process."""
BUDGET = 0.1
"""Seconds that services are looked at in one round."""
SOON = 0.25
"""Seconds until the next round while an answer is waited for."""
_GRACE = 0.05
"""Seconds more that a look which was begun in time may take."""
PATIENCE = 8.0
"""Seconds after which a target that has not answered is said to hang; one that is away says so itself before."""
_SIDE_BY_SIDE = 4
"""Looks at services of one target that may be under way, where they take longer than a round."""

_Group = Sequence[ServiceRecord]


@dataclass(frozen=True)
class Seen:
    """A service as far as is known.

    Parameters
    ----------
    record : what is recorded. view : as it was when it was last looked at; None before that, and where that could not be done.
    error : why not, or that its target hangs.
    """

    record: ServiceRecord
    view: ServiceView | None = None
    error: Exception | None = None


class Rounds:
    """Looks at the services of a workspace for those who show them all the time.

    Parameters
    ----------
    folder : the workspace.
    """

    def __init__(self, folder: WorkspaceFolder) -> None:
        self._folder = folder
        self._turns: list[_Turn] = []
        self._looks: dict[str, tuple[Seen, float]] = {}
        self._looking = threading.Lock()
        self._has_unseen = False
        self._spent = 0.0

    def go(self) -> dict[str, Seen]:
        """Look at what has changed and what is under way first, then at those not seen for longest, and not for long.

        Returns
        -------
        dict : every service by its name, newest first.
        """
        records = {record.name: record for record in list_records(self._folder)}
        under_way = {operation.service for operation in self._folder.operations.list(running=True)}
        with self._looking:
            self._looks = {name: look for name, look in self._looks.items() if name in records}
        has_moved = self._take_turns(records, under_way)
        found = dict(self._looks)
        hanging = {record.name for turn in self._turns if turn.hangs for record in turn.group}
        asked = {record.name for turn in self._turns for record in turn.group}
        self._has_unseen = has_moved and bool(records.keys() - found.keys() - asked)
        return {name: _seen(record, found.get(name), name in hanging) for name, record in records.items()}

    def pause(self, took: float) -> float:
        """Seconds until the next round is due; none before every service was looked at once.

        Parameters
        ----------
        took : seconds of a processor that the caller spent on the last one.
        """
        spent, self._spent = took + self._spent, 0.0
        if self._has_unseen:
            return 0.0
        is_asking = any(not turn.hangs for turn in self._turns)
        return max(SOON if is_asking else PERIOD, REST * spent)

    def _take_turns(self, records: Mapping[str, ServiceRecord], under_way: Collection[str]) -> bool:
        """Begin a turn for each target, and wait for them until the time of the round is over; whether any has ended."""
        until = time.monotonic() + BUDGET
        for target, groups in self._due(records.values(), under_way).items():
            if sum(turn.target == target for turn in self._turns) < _SIDE_BY_SIDE:
                self._turns.append(_Turn(target, groups, self._look, until))
        for turn in self._turns:
            if not turn.hangs:
                turn.errand.wait(max(0.0, until + _GRACE - time.monotonic()))
        ended = [turn for turn in self._turns if turn.errand.is_done]
        self._turns = [turn for turn in self._turns if turn not in ended]
        self._spent += sum(turn.errand.spent for turn in ended)
        return bool(ended)

    def _due(self, records: Iterable[ServiceRecord], under_way: Collection[str]) -> dict[str, deque[_Group]]:
        """What to look at, in order, by target; not what is being looked at."""
        asked = {record.name for turn in self._turns for record in turn.group}

        def order(record: ServiceRecord) -> tuple[bool, float]:
            seen, moment = self._looks.get(record.name, (None, 0.0))
            return seen is not None and seen.record == record and record.name not in under_way, moment

        found: dict[str, deque[_Group]] = defaultdict(deque)
        for group in sorted(together(records), key=lambda group: min(map(order, group))):
            if not any(record.name in asked for record in group):
                found[group[0].target].append(group)
        return found

    def _look(self, group: _Group) -> None:
        try:
            views = find_services(self._folder, [record.name for record in group])
            found = [Seen(record, view) for record, view in zip(group, views, strict=True)]
        except ServiceNotFound:  # deleted a moment ago
            return
        except Exception as error:  # it is shown, and the next look may find everything well
            found = [Seen(record, error=error) for record in group]
        with self._looking:
            self._looks.update((seen.record.name, (seen, time.monotonic())) for seen in found)


class _Turn:
    """Looks at services of one target until the time is over, at one at least.

    Attributes
    ----------
    group : what is being looked at; empty when all is done.
    """

    def __init__(self, target: str, groups: deque[_Group], look: Callable[[_Group], None], until: float) -> None:
        self.target = target
        self.group: _Group = groups.popleft()  # which is looked at however late a processor is free for it
        self._groups, self._look, self._until = groups, look, until
        self._since = time.monotonic()
        self.errand = Errand(self._run, f"look at services of {target}")

    @property
    def hangs(self) -> bool:
        """Whether an answer has been waited for longer than is sensible."""
        return time.monotonic() - self._since > PATIENCE

    def _run(self) -> None:
        self._look(self.group)
        while self._groups and time.monotonic() < self._until:
            self.group, self._since = self._groups.popleft(), time.monotonic()
            self._look(self.group)
        self.group = ()


def _seen(record: ServiceRecord, look: tuple[Seen, float] | None, hangs: bool) -> Seen:
    if hangs:
        compute = record.options.get(COMPUTE)
        what = f"the compute '{compute}'" if compute else f"the target '{record.target}'"
        return Seen(record, error=TargetError(f"{what} does not answer", remedy="it is asked again and again"))
    return Seen(record, look[0].view, look[0].error) if look else Seen(record)
