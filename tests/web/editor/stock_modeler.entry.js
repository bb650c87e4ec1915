// A stock bpmn-js modeler that has never heard of us.
import Modeler from "bpmn-js/lib/Modeler";

const place = document.createElement("div");
place.style.height = "600px";
document.body.append(place);
window.stock = new Modeler({ container: place });
