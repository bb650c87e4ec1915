// The canvas: bpmn-js with our vocabulary, readable ids, and only what a recipe may be drawn of. Its palette and menus are
// left out; the toolbar, the pad beside a shape and the panel are ours.
import AutoResizeModule from "bpmn-js/lib/features/auto-resize";
import BaseModeler from "bpmn-js/lib/BaseModeler";
import BendpointsModule from "diagram-js/lib/features/bendpoints";
import BpmnFactory from "bpmn-js/lib/features/modeling/BpmnFactory";
import ConnectModule from "diagram-js/lib/features/connect";
import ConnectionPreviewModule from "diagram-js/lib/features/connection-preview";
import ContextPadModule from "diagram-js/lib/features/context-pad";
import CopyPasteModule from "bpmn-js/lib/features/copy-paste";
import CreateModule from "diagram-js/lib/features/create";
import EditorActionsModule from "bpmn-js/lib/features/editor-actions";
import GlobalConnectModule from "diagram-js/lib/features/global-connect";
import GridSnappingModule from "bpmn-js/lib/features/grid-snapping";
import HandToolModule from "diagram-js/lib/features/hand-tool";
import InteractionEventsModule from "bpmn-js/lib/features/interaction-events";
import KeyboardModule from "bpmn-js/lib/features/keyboard";
import KeyboardMoveModule from "diagram-js/lib/navigation/keyboard-move";
import KeyboardMoveSelectionModule from "diagram-js/lib/features/keyboard-move-selection";
import LabelEditingModule from "bpmn-js/lib/features/label-editing";
import LassoToolModule from "diagram-js/lib/features/lasso-tool";
import ModelingModule from "bpmn-js/lib/features/modeling";
import MoveCanvasModule from "diagram-js/lib/navigation/movecanvas";
import MoveModule from "diagram-js/lib/features/move";
import OutlineModule from "bpmn-js/lib/features/outline";
import ReplaceModule from "bpmn-js/lib/features/replace";
import ResizeModule from "diagram-js/lib/features/resize";
import SnappingModule from "bpmn-js/lib/features/snapping";
import SpaceToolModule from "bpmn-js/lib/features/space-tool";
import Viewer from "bpmn-js/lib/Viewer";
import ZoomScrollModule from "diagram-js/lib/navigation/zoomscroll";
import descriptor from "../../../bpmn/moddle/mes.json";
import behaviours from "./behaviours.js";
import { nextId } from "./names.js";
import order from "./order.js";
import pad from "./pad.js";
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
    this.made?.push(element.id);
    return undefined;
  }

  // What is made meanwhile is never drawn (the modeler's copies on its clipboard): it gives its ids back.
  aside(run) {
    this.made = [];
    run();
    for (const id of this.made) this._model.ids.unclaim(id);
    this.made = undefined;
  }
}

const names = { bpmnFactory: ["type", ReadableFactory] };

class RecipeModeler extends BaseModeler {
  get _modules() {
    return [
      ...Viewer.prototype._modules,
      KeyboardMoveModule, MoveCanvasModule, ZoomScrollModule, AutoResizeModule, BendpointsModule, ConnectModule,
      ConnectionPreviewModule, ContextPadModule, CopyPasteModule, CreateModule, EditorActionsModule, GlobalConnectModule,
      GridSnappingModule, HandToolModule, InteractionEventsModule, KeyboardModule, KeyboardMoveSelectionModule, LabelEditingModule,
      LassoToolModule, ModelingModule, MoveModule, OutlineModule, ReplaceModule, ResizeModule, SnappingModule, SpaceToolModule,
    ];
  }
}

export function createModeler(container, more = []) {
  const additionalModules = [names, places, order, behaviours, pad, ...more];
  return new RecipeModeler({ container, moddleExtensions: { mes: descriptor }, additionalModules });
}
