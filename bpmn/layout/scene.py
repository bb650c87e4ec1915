"""A drawing in the making: rectangles, lines and labels, around a centre line at y = 0."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

Point = tuple[float, float]
LABEL_WIDTH, LINE_HEIGHT, LETTER = 90, 14, 6.2  # modelers set names beside shapes in 11 px letters, wrapped at 90 px


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def cx(self) -> float:
        return self.x + self.width / 2

    @property
    def cy(self) -> float:
        return self.y + self.height / 2

    def moved(self, dx: float, dy: float) -> Rect:
        """The same rectangle elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(slots=True)
class Scene:
    """Shapes, lines and labels by id; `lanes` are heights that flows without a shape of their own run at.

    It reaches from `left` over `width` to the right, `up` above and `down` below its centre line.
    """

    shapes: dict[str, Rect] = field(default_factory=dict)
    lines: dict[str, list[Point]] = field(default_factory=dict)
    labels: dict[str, Rect] = field(default_factory=dict)
    lanes: dict[str, float] = field(default_factory=dict)
    width: float = 0
    up: float = 0
    down: float = 0
    left: float = 0

    def shift(self, dx: float, dy: float) -> Scene:
        """Move everything; the scene keeps its measures, counted from the new place."""
        self.shapes = {key: rect.moved(dx, dy) for key, rect in self.shapes.items()}
        self.lines = {key: [(x + dx, y + dy) for x, y in points] for key, points in self.lines.items()}
        self.labels = {key: rect.moved(dx, dy) for key, rect in self.labels.items()}
        self.lanes = {key: y + dy for key, y in self.lanes.items()}
        self.left += dx
        return self

    def add(self, other: Scene, dx: float, dy: float) -> None:
        """Put another scene into this one, its centre line `dy` below this one's."""
        other.shift(dx, dy)
        self.shapes |= other.shapes
        self.lines |= other.lines
        self.labels |= other.labels
        self.lanes |= other.lanes
        self.up = max(self.up, other.up - dy)
        self.down = max(self.down, other.down + dy)


def label_size(text: str, room: float = LABEL_WIDTH) -> tuple[float, float]:
    """Width and height of a name, wrapped at the width there is room for."""
    lines = [0.0]
    for word in text.split():
        size = len(word) * LETTER
        if lines[-1] and lines[-1] + LETTER + size > room:
            lines.append(size)
        else:
            lines[-1] += size + (LETTER if lines[-1] else 0)
    return round(max(lines)) + 4, len(lines) * LINE_HEIGHT


def label_at(text: str, y: float, *, cx: float | None = None, left: float = 0) -> Rect:
    """The place of a name below y: around `cx`, or from `left` on, then centred in the usual width."""
    width, height = label_size(text)
    return Rect((left + LABEL_WIDTH / 2 if cx is None else cx) - width / 2, y, width, height)
