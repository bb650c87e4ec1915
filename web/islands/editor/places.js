// Where shapes and lines stand. One command sets many places at once, in the drawing and in its BPMN-DI, and is undone
// as one; nothing else of the diagram changes and no other behaviour is set off.
import { getDi } from "bpmn-js/lib/util/ModelUtil";

const GAP = 40;

class PlacesHandler {
  static $inject = ["bpmnFactory", "moddle"];

  constructor(bpmnFactory, moddle) {
    this.bpmnFactory = bpmnFactory;
    this.moddle = moddle;
  }

  execute(context) {
    context.before = context.places.map(({ element }) => placeOf(element));
    this.#set(context.places);
    return context.places.map(({ element }) => element);
  }

  revert(context) {
    this.#set(context.before);
    return context.before.map(({ element }) => element);
  }

  #set(places) {
    for (const place of places) {
      if (place.waypoints) this.#line(place);
      else this.#shape(place);
    }
  }

  #line({ element, waypoints }) {
    element.waypoints = waypoints.map(({ x, y }) => ({ x, y }));
    getDi(element).set("waypoint", this.bpmnFactory.createDiWaypoints(element.waypoints));
  }

  #shape({ element, bounds }) {
    Object.assign(element, bounds);
    const di = getDi(element);
    if (element.type !== "label") return void Object.assign(di.bounds, bounds);
    const label = di.get("label") ?? this.bpmnFactory.createDiLabel();
    label.set("bounds", this.bpmnFactory.createDiBounds({ ...bounds }));
    di.set("label", label);
  }
}

function placeOf(element) {
  if (element.waypoints) return { element, waypoints: element.waypoints.map(({ x, y }) => ({ x, y })) };
  const { x, y, width, height } = element;
  return { element, bounds: { x, y, width, height } };
}

export default { __init__: [["commandStack", registerPlaces]] };

function registerPlaces(commandStack) {
  commandStack.registerHandler("edit.places", PlacesHandler);
}

// Everything drawn inside an element, itself not counted.
export function within(element) {
  return (element.children ?? []).flatMap((child) => [child, ...within(child)]);
}

function moved(element, axis, by) {
  if (element.waypoints) {
    return { element, waypoints: element.waypoints.map((point) => ({ x: point.x, y: point.y, [axis]: point[axis] + by })) };
  }
  const { x, y, width, height } = element;
  return { element, bounds: { x, y, width, height, [axis]: element[axis] + by } };
}

// The places that open a gap of `by` at `from` in a scope: what stands behind moves on, lines are stretched, and the
// frames around grow, so that nothing overlaps that did not before.
export function roomPlaces(scope, axis, from, by) {
  const size = axis === "x" ? "width" : "height";
  const places = [];
  const put = (element) => {
    if (element.waypoints) {
      const waypoints = element.waypoints.map((p) => ({ x: p.x, y: p.y, [axis]: p[axis] + (p[axis] >= from ? by : 0) }));
      if (element.waypoints.some((p) => p[axis] >= from)) places.push({ element, waypoints });
    } else if (anchorOf(element)[axis] >= from) {
      places.push(moved(element, axis, by), ...within(element).map((inner) => moved(inner, axis, by)));
    }
  };
  scope.children.forEach(put);
  if (!scope.parent) return places;
  const edge = scope[axis] + scope[size];
  const { x, y, width, height } = scope;
  const grown = { element: scope, bounds: { x, y, width, height, [size]: scope[size] + by } };
  const around = scope.parent ? roomPlaces(scope.parent, axis, edge, by).filter((place) => !isInside(place.element, scope)) : [];
  return [...places, grown, ...around];
}

// What a shape moves with: an event with its step, a name with what it names.
function anchorOf(element) {
  if (element.labelTarget && !element.labelTarget.waypoints) return anchorOf(element.labelTarget);
  return element.host ?? element;
}

function isInside(element, scope) {
  for (let at = element; at; at = at.parent) if (at === scope) return true;
  return false;
}

// Where a new shape of this size comes to stand on a flow, and the room that must be made for it first.
export function placeOnFlow(flow, size) {
  const { source, target } = flow;
  const across = target.x >= source.x + source.width - 1;
  const [axis, extent] = across ? ["x", "width"] : ["y", "height"];
  const [other, thickness] = across ? ["y", "height"] : ["x", "width"];
  const end = source[axis] + source[extent];
  const gap = target[axis] - end;
  const back = gap < 0; // a line that runs back: the shape stands behind its source
  const needed = back ? size[extent] + GAP : Math.max(0, size[extent] + 2 * GAP - gap);
  const middle = source[other] + source[thickness] / 2;
  const bounds = { width: size.width, height: size.height, [axis]: end + GAP, [other]: middle - size[thickness] / 2 };
  const room = needed ? roomPlaces(flow.parent, axis, back ? end + 1 : target[axis], needed) : [];
  return { bounds, room };
}

// A straight line where two shapes stand side by side or one above the other, else one with one or two corners.
export function straightLine(source, target) {
  const mid = (shape) => ({ x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 });
  const [from, to] = [mid(source), mid(target)];
  if (target.x >= source.x + source.width) {
    const start = { x: source.x + source.width, y: from.y };
    if (Math.abs(from.y - to.y) < 2) return [start, { x: target.x, y: from.y }];
    const turn = target.x - Math.min(GAP / 2, (target.x - start.x) / 2);
    return [start, { x: turn, y: from.y }, { x: turn, y: to.y }, { x: target.x, y: to.y }];
  }
  const down = target.y >= source.y + source.height;
  const start = { x: from.x, y: down ? source.y + source.height : source.y };
  const end = { x: to.x, y: down ? target.y : target.y + target.height };
  if (Math.abs(from.x - to.x) < 2) return [start, { x: from.x, y: end.y }];
  const turn = (start.y + end.y) / 2;
  return [start, { x: from.x, y: turn }, { x: to.x, y: turn }, end];
}
