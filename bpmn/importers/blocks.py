"""The procedure as blocks inside blocks: what the rows of the tables become before they are drawn.

A body is a list of blocks, one after the other. Bodies are changed in place while the structure is read, so a block is
equal only to itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Task:
    """A step of the recipe."""

    id: str


@dataclass(slots=True, eq=False)
class Departure:
    """A signed decision to go on although the data say no, for one patient. `condition`: when it is asked for."""

    id: str
    after: str
    condition: str


@dataclass(slots=True, eq=False)
class Stop:
    """An end before the end: of the whole batch, or (`loop` given) of that loop's iteration."""

    id: str
    loop: str = ""


@dataclass(slots=True, eq=False)
class Unit:
    """A unit procedure."""

    id: str
    name: str
    body: Body


@dataclass(slots=True, eq=False)
class Branch:
    """One way out of a gateway. No condition: of an exclusive gateway the default."""

    body: Body
    condition: str = ""


@dataclass(slots=True, eq=False)
class Gateway:
    """Parts that run side by side (`parallel`), or of which the data choose one, and then go on together."""

    id: str
    parallel: bool
    branches: list[Branch]
    name: str = ""
    note: str = ""


@dataclass(slots=True, eq=False)
class Loop:
    """A part that is repeated while `again` holds, at most `maximum` times."""

    id: str
    body: Body
    again: str
    maximum: int
    counter: str = "iteration"
    label: str = "#"
    first: int = 1
    previous: str = ""
    due: str = ""


Block = Task | Departure | Stop | Unit | Gateway | Loop
Body = list[Block]


def bodies(block: Block) -> list[Body]:
    """The bodies directly inside a block."""
    if isinstance(block, (Unit, Loop)):
        return [block.body]
    return [branch.body for branch in block.branches] if isinstance(block, Gateway) else []


def inside(body: Body) -> Iterator[Block]:
    """Every block of a body, at any depth, in order."""
    for block in body:
        yield block
        for inner in bodies(block):
            yield from inside(inner)


def steps_of(body: Body) -> list[str]:
    """The ids of the steps in a body, at any depth, in order."""
    return [block.id for block in inside(body) if isinstance(block, Task)]


def all_bodies(body: Body) -> Iterator[Body]:
    """A body and every body inside it, outer ones first."""
    yield body
    for block in body:
        for inner in bodies(block):
            yield from all_bodies(inner)


@dataclass(slots=True, eq=False)
class Place:
    """Neighbouring blocks of one body that hold exactly certain steps."""

    body: Body
    blocks: Body = field(default_factory=list)

    @property
    def index(self) -> int:
        """Where the first of them stands."""
        return next(i for i, block in enumerate(self.body) if block is self.blocks[0])

    def replace(self, *others: Block) -> None:
        """Put other blocks where the first of these stood, and take these out."""
        index, held = self.index, {id(block) for block in self.blocks}
        self.body[:] = [
            *(block for block in self.body[:index] if id(block) not in held),
            *others,
            *(block for block in self.body[index:] if id(block) not in held),
        ]


def places(root: Body, steps: set[str]) -> list[Place]:
    """Every place that holds exactly these steps, outermost first: a unit procedure, or its only step."""
    found = []
    for body in all_bodies(root):
        blocks = [block for block in body if (held := set(steps_of([block]))) and held <= steps]
        if blocks and set(steps_of(blocks)) == steps:
            found.append(Place(body, blocks))
    return found


def follower(root: Body, block: Block) -> str:
    """The step that comes next after a block when nothing branches off, across the ends of bodies; "" at the end."""
    path = _path(root, block)
    for body, here in reversed(path):
        index = next(i for i, other in enumerate(body) if other is here)
        rest = steps_of(body[index + 1 :])
        if rest:
            return rest[0]
    return ""


def _path(body: Body, block: Block) -> list[tuple[Body, Block]]:
    for here in body:
        if here is block:
            return [(body, here)]
        for inner in bodies(here):
            deeper = _path(inner, block)
            if deeper:
                return [(body, here), *deeper]
    return []


def around(root: Body, block: Block) -> list[Block]:
    """The blocks around a block, innermost first."""
    return [here for _, here in reversed(_path(root, block)[:-1])]
