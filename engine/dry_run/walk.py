"""A batch rehearsed by the real acts: people start, scan, measure, enter, decide, comment and sign as the recipe says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.actions import batches
from engine.actor import SYSTEM
from engine.dry_run.batch_view import StuckError
from engine.dry_run.limits import typed_text
from engine.dry_run.routes import Move, Route
from engine.dry_run.steps import Steps
from engine.dry_run.subject import awaited_messages, begin_process, send_message


class Walk(Steps):
    """One batch on its way along a route."""

    __slots__ = ()

    def run(self, route: Route, tell: Callable[[str], None] = lambda _: None) -> None:
        """Follow a route to its end; where reality differs from it, go on by the usual values. `tell` hears of each step."""
        try:
            self._issue(route)
            moves = deque(route.moves)
            for _ in range(len(route.moves) * 3 + 50):
                if self._over():
                    return
                move = self._next(moves)
                if move is None:
                    raise StuckError(self.batch_id, "nothing is open, and the end is not reached")
                tell(move.key)
                self._make(move)
                if self.until and any(key.partition("[")[0].endswith(self.until) for key in self.path[-1:]):
                    self.ended = f"given up after {self.path[-1]}"
                    return
            raise StuckError(self.batch_id, "no end is reached")
        except StuckError as stuck:
            self.fault, self.ended = stuck, f"stuck at {stuck.place}"

    def _issue(self, route: Route) -> None:
        header = self.rehearsal.recipe.header
        if header.kind == "process":
            author, _ = self.rehearsal.someone(["PROC"])
            self._pretend(route)
            with self._telling("the start"):
                self.rehearsal.act(begin_process, author, self.batch_id, process_id=f"{header.id}@{header.revision}")
            self.issued = True
            return
        order = {f"order.{n}": x for n, x in self.paper.order.items()} | route.order
        order |= {n: x for n, x in self.overrides.items() if n.startswith("order.")}
        self.order = order
        texts = {n.partition(".")[2]: typed_text(x) for n, x in order.items()}
        actor, proof = self.rehearsal.someone(batches.ISSUERS)
        with self._telling("the order"):
            self.rehearsal.act(
                batches.start_batch, actor, self.batch_id, recipe_id=header.id, order=texts, proof=proof
            )
        self.issued = True

    def _next(self, moves: deque[Move]) -> Move | None:
        """The route's next move that can be made now; without any, the step that is open longest, then a timer.

        A timer that has no due time yet is kept: it fires within the step that gives it one.
        """
        open_keys = [t["key"] for t in self.open_tasks()]
        due = self._due()
        for key in list(self._late):
            if self._row_of_timer(key, due):
                self._late.remove(key)
                return Move(key, fires=True)
        while moves:
            move = moves.popleft()
            if move.key in open_keys or (move.fires and self._row_of_timer(move.key, due)):
                return move
            if move.fires and self._is_message(move.key) and move.key in self._messages():
                return move
            if move.fires:
                self._late.append(move.key)
        work = [k for k in open_keys if self._is_work(k)] or open_keys
        if work:
            return Move(work[0])
        keys = [due[0]["ref"]] if due else self._messages()
        return Move(keys[0], fires=True) if keys else None

    def _pretend(self, route: Route) -> None:
        """What the services of a process are to answer on this way, so that each way is tried whatever the subject is."""
        nodes = self.rehearsal.recipe.diagram.nodes
        for move in route.moves:
            if not move.fires and nodes[_node_of(move.key)].service is not None:
                given = {n: x for n, x in move.values.items() if x is not None}
                self.rehearsal.site.pretended[self.batch_id, move.key] = given

    def _messages(self) -> list[str]:
        """What waits for a message of another run, by key."""
        found: dict[str, list[str]] = self.rehearsal.act(awaited_messages, SYSTEM, self.batch_id)
        return found["keys"]

    def _is_message(self, key: str) -> bool:
        node = self.rehearsal.recipe.diagram.nodes.get(_node_of(key))
        return node is not None and node.event == "messageEventDefinition"

    def _is_work(self, key: str) -> bool:
        return not self._is_message(key)

    def _come(self, key: str) -> None:
        """A timer is due, or a message comes that another run would send."""
        row = self._row_of_timer(key, self._due())
        if row is not None:
            self.path.append(f"{key} is due")
            self.fire(row)
            return
        self.path.append(f"{key} comes")
        with self._telling(key):
            self.rehearsal.act(send_message, SYSTEM, self.batch_id, key=key)

    def _make(self, move: Move) -> None:
        if move.fires and move.key not in {t["key"] for t in self.open_tasks()}:
            self._come(move.key)
        else:
            self.path.append(move.key)
            self._left_out = {n.partition(".")[2] for n, x in move.values.items() if x is None}
            self.perform(move.key, {n.partition(".")[2]: x for n, x in move.values.items() if x is not None})


def _node_of(key: str) -> str:
    return key.rpartition("/")[2].partition("[")[0]
