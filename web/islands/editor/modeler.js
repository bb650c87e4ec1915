// The canvas: bpmn-js with our vocabulary, readable ids, and only what a recipe may be drawn of.
import Modeler from "bpmn-js/lib/Modeler";
import BpmnFactory from "bpmn-js/lib/features/modeling/BpmnFactory";
import descriptor from "../../../bpmn/moddle/mes.json";
import { free, flowId, nextId } from "./names.js";
import places from "./places.js";

class ReadableFactory extends BpmnFactory {
  static $inject = ["moddle", "injector"];

  constructor(moddle, injector) {
    super(moddle);
    this.injector = injector;
  }

  _ensureId(element) {
    if (element.id || !this._needsId(element)) return super._ensureId(element);
    const ids = this._model.ids;
    element.id = nextId(ids, element, this.injector.get("elementRegistry").getAll());
    ids.claim(element.id, element);
    return undefined;
  }
}

// A flow is named by what it connects; its ends are known only when it is drawn.
function NamedFlows(eventBus, moddle) {
  eventBus.on("commandStack.connection.create.preExecute", 2000, ({ context }) => {
    const { connection, source, target } = context;
    const node = connection?.businessObject;
    if (node?.$type !== "bpmn:SequenceFlow" || !/^sequenceFlow(_\d+)?$/.test(node.id)) return;
    moddle.ids.unclaim(node.id);
    node.id = flowId(moddle.ids, source, target);
    moddle.ids.claim(node.id, node);
    connection.id = node.id;
    connection.di.id = free(moddle.ids, `${node.id}_di`);
  });
}
NamedFlows.$inject = ["eventBus", "moddle"];

const names = { __init__: ["namedFlows"], bpmnFactory: ["type", ReadableFactory], namedFlows: ["type", NamedFlows] };

export function createModeler(container, additionalModules = []) {
  return new Modeler({ container, moddleExtensions: { mes: descriptor }, additionalModules: [names, places, ...additionalModules] });
}
