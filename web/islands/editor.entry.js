// The editor of a recipe: one model, shown as step table, diagram and panel.
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./editor/editor.css";
import { startEditor } from "./editor/start.js";

const root = document.getElementById("editor");
if (root) startEditor(root);
