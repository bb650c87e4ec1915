"""The file is a BPMN 2.0 definition: only known elements, each where it belongs, with its known attributes.

Source: OMG BPMN 2.0.2, the structure of `definitions` and of flow elements. Elements of other namespaces are judged by
`foreign_extensions` (inside `extensionElements`) and by `drawing` (the diagram interchange).
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.diagram import BPMN, Diagram

RULE = "schema"

DMN = "/DMN/"
DRAWING = "http://www.omg.org/spec/BPMN/20100524/DI"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EVENT_DEFINITIONS = _set(
    "cancelEventDefinition compensateEventDefinition conditionalEventDefinition errorEventDefinition "
    "escalationEventDefinition linkEventDefinition messageEventDefinition signalEventDefinition "
    "terminateEventDefinition timerEventDefinition"
)
GATEWAYS = _set("exclusiveGateway parallelGateway inclusiveGateway complexGateway eventBasedGateway")
TASKS = _set("task userTask manualTask scriptTask serviceTask businessRuleTask sendTask receiveTask")
SUBPROCESSES = _set("subProcess adHocSubProcess transaction")
EVENTS = _set("startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent")
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
FLOW_NODES = ACTIVITIES | EVENTS | GATEWAYS
_DATA = _set("dataObject dataObjectReference dataStoreReference")
_ARTIFACTS = _set("association group textAnnotation")
_ALWAYS = _set("documentation extensionElements")
_SCOPE = FLOW_NODES | _DATA | _ARTIFACTS | _set("sequenceFlow laneSet property ioSpecification auditing monitoring")
_ROLES = _set("resourceRole performer humanPerformer potentialOwner")
_NODE = _set("incoming outgoing auditing monitoring categoryValueRef")
_ACTIVITY = _NODE | _ROLES | _set(
    "ioSpecification property dataInputAssociation dataOutputAssociation standardLoopCharacteristics "
    "multiInstanceLoopCharacteristics"
)  # fmt: skip
_EVENT = _NODE | EVENT_DEFINITIONS | _set(
    "property dataInput dataOutput inputSet outputSet dataInputAssociation dataOutputAssociation eventDefinitionRef"
)  # fmt: skip

CHILDREN: dict[str, frozenset[str]] = {
    "definitions": _set(
        "process collaboration message escalation error signal itemDefinition dataStore category resource interface "
        "import relationship"
    ),
    "process": _SCOPE | _ROLES | {"supports", "correlationSubscription", "ioBinding"},
    **dict.fromkeys(SUBPROCESSES, _SCOPE | _ACTIVITY | {"completionCondition"}),
    **dict.fromkeys(TASKS | {"callActivity"}, _ACTIVITY),
    "scriptTask": _ACTIVITY | {"script"},
    "userTask": _ACTIVITY | {"rendering"},
    **dict.fromkeys(EVENTS, _EVENT),
    **dict.fromkeys(GATEWAYS, _NODE | {"activationCondition"}),
    "sequenceFlow": _set("conditionExpression auditing monitoring categoryValueRef"),
    "timerEventDefinition": _set("timeDate timeDuration timeCycle"),
    "conditionalEventDefinition": _set("condition"),
    "linkEventDefinition": _set("source target"),
    "messageEventDefinition": _set("operationRef"),
    "standardLoopCharacteristics": _set("loopCondition"),
    "multiInstanceLoopCharacteristics": _set(
        "loopCardinality loopDataInputRef loopDataOutputRef inputDataItem outputDataItem complexBehaviorDefinition "
        "completionCondition"
    ),
    "laneSet": _set("lane"),
    "lane": _set("flowNodeRef childLaneSet partitionElement"),
    "childLaneSet": _set("lane"),
    "ioSpecification": _set("dataInput dataOutput inputSet outputSet"),
    "inputSet": _set("dataInputRefs optionalInputRefs whileExecutingInputRefs outputSetRefs"),
    "outputSet": _set("dataOutputRefs optionalOutputRefs whileExecutingOutputRefs inputSetRefs"),
    "dataInputAssociation": _set("sourceRef targetRef transformation assignment"),
    "dataOutputAssociation": _set("sourceRef targetRef transformation assignment"),
    "assignment": _set("from to"),
    "dataObject": _set("dataState"),
    "dataObjectReference": _set("dataState"),
    "dataStoreReference": _set("dataState"),
    "property": _set("dataState"),
    "dataInput": _set("dataState"),
    "dataOutput": _set("dataState"),
    "dataStore": _set("dataState"),
    "textAnnotation": _set("text"),
    "collaboration": _set("participant messageFlow association group textAnnotation"),
    "participant": _set("participantMultiplicity interfaceRef endPointRef"),
    "category": _set("categoryValue"),
    "extensionElements": frozenset(),
    "documentation": frozenset(),
}

_NODE_ATTRIBUTES = _set("id name")
_TASK_ATTRIBUTES = _NODE_ATTRIBUTES | _set("isForCompensation startQuantity completionQuantity default implementation")
ATTRIBUTES: dict[str, frozenset[str]] = {
    "definitions": _set("id name targetNamespace expressionLanguage typeLanguage exporter exporterVersion"),
    "process": _set("id name processType isClosed isExecutable definitionalCollaborationRef"),
    "subProcess": _TASK_ATTRIBUTES | {"triggeredByEvent"},
    "userTask": _TASK_ATTRIBUTES,
    "manualTask": _TASK_ATTRIBUTES,
    "serviceTask": _TASK_ATTRIBUTES | {"operationRef"},
    "scriptTask": _TASK_ATTRIBUTES | {"scriptFormat"},
    "businessRuleTask": _TASK_ATTRIBUTES,
    "callActivity": _TASK_ATTRIBUTES | {"calledElement"},
    "startEvent": _set("id name isInterrupting parallelMultiple"),
    "endEvent": _NODE_ATTRIBUTES,
    "intermediateCatchEvent": _NODE_ATTRIBUTES | {"parallelMultiple"},
    "intermediateThrowEvent": _NODE_ATTRIBUTES,
    "boundaryEvent": _NODE_ATTRIBUTES | _set("attachedToRef cancelActivity parallelMultiple"),
    "exclusiveGateway": _NODE_ATTRIBUTES | _set("gatewayDirection default"),
    "parallelGateway": _NODE_ATTRIBUTES | {"gatewayDirection"},
    "sequenceFlow": _NODE_ATTRIBUTES | _set("sourceRef targetRef isImmediate"),
    "standardLoopCharacteristics": _set("id testBefore loopMaximum"),
    "multiInstanceLoopCharacteristics": _set("id isSequential behavior oneBehaviorEventRef noneBehaviorEventRef"),
    "timerEventDefinition": _set("id"),
    "terminateEventDefinition": _set("id"),
    "messageEventDefinition": _set("id messageRef"),
    "escalationEventDefinition": _set("id escalationRef"),
    "message": _set("id name itemRef"),
    "escalation": _set("id name escalationCode structureRef"),
    "conditionExpression": _set("id"),
    "loopCondition": _set("id"),
    "loopCardinality": _set("id"),
    "script": _set("id"),
    "participant": _set("id name processRef"),
    "laneSet": _set("id name"),
    "lane": _set("id name partitionElementRef"),
}
_BOOLEANS = _set(
    "isExecutable isClosed triggeredByEvent isForCompensation isInterrupting parallelMultiple cancelActivity "
    "isImmediate testBefore isSequential"
)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses what is no BPMN definition, or has an element or attribute where BPMN has none."""
    root = diagram.root
    if root.tag != f"{{{BPMN}}}definitions":
        yield _not_bpmn(root)
        return
    for element in root.iter(f"{{{BPMN}}}*"):
        yield from _children(element)
        yield from _attributes(element)


def _not_bpmn(root: etree._Element) -> Finding:
    namespace = str(root.tag).rpartition("}")[0].lstrip("{")
    if DMN in namespace:
        return at(root, RULE, "this is a DMN decision table, not a BPMN diagram", "send the BPMN diagram of the recipe")
    return at(root, RULE, f"the root is {shown(str(root.tag))}, not the definitions of BPMN 2.0", f"use the namespace {BPMN}")


def _children(element: etree._Element) -> Iterator[Finding]:
    allowed = CHILDREN.get(name_of(element))
    if name_of(element) == "extensionElements":
        for child in element.iterchildren(f"{{{BPMN}}}*"):
            yield at(child, RULE, f"{name_of(child)} stands in extensionElements", "move it out of there")
        return
    for child in element.iterchildren("{*}*"):
        name = name_of(child)
        if child.tag.startswith(f"{{{BPMN}}}"):
            if name in _ALWAYS or allowed is None or name in allowed:
                continue
            yield at(child, RULE, f"{name} has no place in {name_of(element)}", "remove it or move it")
        elif not (name_of(element) == "definitions" and child.tag.startswith(f"{{{DRAWING}}}")):
            yield at(child, RULE, f"{shown(child.tag)} is no BPMN element", "put it into extensionElements or remove it")


def _attributes(element: etree._Element) -> Iterator[Finding]:
    allowed = ATTRIBUTES.get(name_of(element))
    for name, value in element.attrib.items():
        name = str(name)
        if name.startswith("{"):
            if name == _XSI_TYPE and str(value).rpartition(":")[2] not in ("tFormalExpression", "tExpression"):
                yield at(element, RULE, f"xsi:type {shown(str(value))} is not read", "use bpmn:tFormalExpression")
        elif allowed is not None and name not in allowed:
            yield at(element, RULE, f"{name_of(element)} has no attribute {shown(name)}", "remove the attribute")
        elif name in _BOOLEANS and value not in ("true", "false"):
            yield at(element, RULE, f"{name} is {shown(str(value))}", 'write "true" or "false"')
