"""What one batch does differently, drawn into its control recipe: a step more, another one, one less, another limit.

In a loop that is under way only one iteration differs; those that were done stay as they were. What can't be is said in
words, all of it at once.

Source: EU GMP Part IV s.14; 21 CFR 211.100(b); domain rules 3.7 (level 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.edits import ChangeLimit, Edit, EditError, InsertStep, RepeatStep, ReplaceStep, SkipStep, apply_edit
from bpmn.expressions import ExpressionError, parse
from bpmn.once import only_where
from bpmn.readers import readers
from bpmn.reading import DiagramError, canonical_hash
from engine.adoption import UNDER_WAY, Proven, is_unstarted, prove, reissued, waiting_keys
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe, iteration_of, repeats
from engine.errors import AdHocRefusedError, AdoptionRefusedError, UnsupportedDiagramError

KIND: dict[type[Edit], str] = {
    InsertStep: "insert", RepeatStep: "repeat", ReplaceStep: "replace", SkipStep: "skip", ChangeLimit: "limit",
}  # fmt: skip
REVIEWS = ("production_review", "qa_review", "disposition")
NEVER_SKIPPED = (*REVIEWS, "qc_results")
LIMITS = {
    "target": "target", "nor_low": "lower NOR", "nor_high": "upper NOR", "par_low": "lower PAR", "par_high": "upper PAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tailored:
    """A batch's control recipe with an edit made, proven.

    `step_id`: the step that is new, or changed, or skipped. `from_steps`: where the batch departs from its recipe. `words`:
    what was done, for people; `when`: in which iteration, "" for all that come.
    """

    recipe: ControlRecipe
    xml: bytes
    step_id: str
    from_steps: tuple[str, ...]
    skipped: str
    words: str
    when: str


def tailored(batch: BatchRecord, edit: Edit, origin: v.Origin) -> Tailored:
    """The batch's recipe with the edit, if it may go on under it; AdHocRefusedError lists every reason why not."""
    reasons = [*_refused(batch, edit)]
    if reasons:
        raise refusal(reasons)
    try:
        xml, when = _drawn(batch, edit, origin)
        recipe = ControlRecipe(xml, canonical_hash(xml))
    except EditError as error:
        raise refusal(error.reasons) from error
    except (DiagramError, UnsupportedDiagramError) as error:
        raise refusal([str(error)]) from error
    skipped = edit.step_id if isinstance(edit, SkipStep) else ""
    try:
        proven = _proven(batch, recipe, skipped)
    except AdoptionRefusedError as error:
        raise refusal(error.details["reasons"]) from error
    at = target(edit)
    if not skipped and not any(recipe.procedure.can_reach(key, at) for key in waiting_keys(batch)):
        raise refusal([f"{at} can't come any more in this batch."])
    if skipped and proven.run.outcome and is_unstarted(batch):
        raise refusal([f"Without {skipped} there is nothing to do in this batch."])
    said = in_words(batch.recipe.diagram, edit, when)
    return Tailored(recipe, xml, at, _from_steps(batch, edit, recipe), skipped, said, when)


def refusal(reasons: Iterable[str]) -> AdHocRefusedError:
    """The refusal that lists them, at the field of the edit."""
    found = list(dict.fromkeys(reasons))
    return AdHocRefusedError(" ".join(found), reasons=found, problems={"edit": " ".join(found)})


def target(edit: Edit) -> str:
    """The step that is new, changed or skipped."""
    if isinstance(edit, InsertStep | ReplaceStep):
        return edit.step.id
    return edit.new_id if isinstance(edit, RepeatStep) else edit.step_id


def about(edit: Edit) -> str:
    """The step of the recipe that the edit begins from."""
    return edit.after if isinstance(edit, InsertStep) else edit.step_id


def least_risk(diagram: Diagram, edit: Edit) -> str:
    """The lowest class of risk that an edit can have: what is critical can't be called low.

    A specification, and who the patient is, are high; a critical parameter, and what a second person looks at, medium.
    """
    step = diagram.steps.get(about(edit))
    if step is None or isinstance(edit, InsertStep | RepeatStep):
        return "low"
    named = [p for p in step.parameters if not isinstance(edit, ChangeLimit) or p.id == edit.parameter_id]
    identity = not isinstance(edit, ChangeLimit) and any(scan.kind == "identity" for scan in step.scans)
    if identity or any(p.judge == "specification" for p in named):
        return "high"
    second = not isinstance(edit, ChangeLimit) and len(step.signatures) > 1
    return "medium" if second or any(p.parameter_class in v.CRITICAL_CLASSES for p in named) else "low"


def in_words(diagram: Diagram, edit: Edit, when: str = "") -> str:
    """What is changed, for people."""
    only = f", only in {when}" if when else ""
    match edit:
        case InsertStep(after=after, step=step):
            return f"A step more behind {named(diagram, after)}: {step.id} {step.title}{only}."
        case RepeatStep(step_id=step_id, new_id=new_id, after=after):
            behind = f", behind {named(diagram, after)}" if after and after != step_id else ""
            return f"{named(diagram, step_id)} is done once more, as {new_id}{behind}{only}."
        case ReplaceStep(step_id=step_id, step=step):
            return f"{named(diagram, step_id)} is replaced by {step.id} {step.title}{only}."
        case SkipStep(step_id=step_id):
            return f"{named(diagram, step_id)} is skipped{only}."
        case ChangeLimit():
            return _limit_words(diagram, edit)


def named(diagram: Diagram, node_id: str) -> str:
    """A step with its title, another node or a way by its id."""
    step = diagram.steps.get(node_id)
    return f"{node_id} {step.title}".strip() if step is not None else node_id


def _limit_words(diagram: Diagram, edit: ChangeLimit) -> str:
    step = diagram.steps.get(edit.step_id)
    parameter = step.parameter(edit.parameter_id) if step is not None else None
    told = []
    for name, words in LIMITS.items():
        new = getattr(edit, name)
        if new is not None:
            told.append(f"{words} {getattr(parameter, name, '') or 'none'} becomes {new or 'none'}")
    called = parameter.name if parameter is not None else edit.parameter_id
    return f"{called} of {named(diagram, edit.step_id)}: {', '.join(told)}."


# What refuses before anything is drawn


def _refused(batch: BatchRecord, edit: Edit) -> Iterator[str]:
    row = batch.row
    if not batch.is_batch or row["state"] == "PLANNED":
        yield f"{batch.id} is not running."
    if row["disposition"]:
        yield f"{batch.id} has been disposed of."
    diagram, step = batch.recipe.diagram, batch.recipe.steps.get(about(edit))
    if step is None:
        if not isinstance(edit, InsertStep):
            yield f"{about(edit)} is no step of this batch."
        return
    if isinstance(edit, InsertStep | ReplaceStep) and edit.step.kind not in ("manufacture", "departure"):
        yield "A review, a test against the specification or a disposition is not added to one batch."
    if isinstance(edit, RepeatStep | ReplaceStep) and step.kind in REVIEWS:
        yield f"{named(diagram, step.id)} is a review or disposition: it is done as the recipe has it."
    if isinstance(edit, SkipStep) and step.kind in NEVER_SKIPPED:
        yield f"{named(diagram, step.id)} is a review, test or disposition: it is never skipped."
    if isinstance(edit, SkipStep | ReplaceStep | ChangeLimit):
        yield from _under_way(batch, edit, step)


def _under_way(batch: BatchRecord, edit: Edit, step: v.Step) -> Iterator[str]:
    """A step that is open is never swapped; one that was started is never skipped; one that is over is over."""
    tasks = batch.tasks_of(step.id)
    called = named(batch.recipe.diagram, step.id)
    for task in tasks:
        if isinstance(edit, SkipStep) and (task["state"] in UNDER_WAY[1:] or (task["state"] == "open" and task["blocked"])):
            yield f"{called} ({task['key']}) has been started or is blocked: finish it, or hold the batch."
        elif not isinstance(edit, SkipStep) and task["state"] in UNDER_WAY:
            yield f"{called} ({task['key']}) is open: an open step is never swapped; finish it, or hold the batch."
    waits = any(task["state"] in UNDER_WAY for task in tasks)
    if not waits and not any(batch.recipe.procedure.can_reach(key, step.id) for key in waiting_keys(batch)):
        yield f"{called} is over, or will not come in this batch."


def _proven(batch: BatchRecord, recipe: ControlRecipe, skipped: str) -> Proven:
    if is_unstarted(batch):
        return reissued(batch, recipe)
    return prove(batch, recipe, skipped=skipped)


# Drawing it


def _drawn(batch: BatchRecord, edit: Edit, origin: v.Origin) -> tuple[bytes, str]:
    """The edited diagram, and in which iteration the batch differs."""
    xml, diagram = batch.recipe.diagram.xml, batch.recipe.diagram
    here = _iteration(batch, edit)
    if here is None or isinstance(edit, ChangeLimit):
        return apply_edit(xml, edit, origin), ""
    condition, otherwise, when = here
    if isinstance(edit, InsertStep | RepeatStep):
        return only_where(apply_edit(xml, edit, origin), target(edit), condition, f"only in {when}"), when
    if reasons := [f"{reader.sentence}." for reader in readers(diagram, edit.step_id)] + _read_next(batch, edit.step_id):
        raise EditError(reasons)
    if isinstance(edit, ReplaceStep):
        if edit.step.id == edit.step_id:
            return apply_edit(xml, edit, origin), ""
        beside = replace(edit.step, unit_procedure=edit.step.unit_procedure or batch.recipe.steps[edit.step_id].unit_procedure)
        xml = apply_edit(xml, InsertStep(edit.step_id, beside), origin)
        xml = only_where(xml, beside.id, condition, f"only in {when}")
    return only_where(xml, edit.step_id, otherwise, f"not in {when}"), when


def _read_next(batch: BatchRecord, step_id: str) -> list[str]:
    """What the next iteration of a step reads of this one."""
    step = batch.recipe.steps[step_id]
    read = {n for p in step.parameters for t in (p.formula, p.when, *(getattr(p, x) for x in v.LIMIT_NAMES)) for n in _names(t)}
    return [f"The next {step_id} needs {name}." for name in sorted(read) if name.startswith("previous.")]


def _names(text: str) -> frozenset[str]:
    try:
        return parse(text).names if text else frozenset()
    except ExpressionError:
        return frozenset()


def _iteration(batch: BatchRecord, edit: Edit) -> tuple[str, str, str] | None:
    """Of a loop that is under way the iteration that differs: a condition that holds in it, one that holds elsewhere, its name.

    That is the present one while the step has not been done in it, else the next.
    """
    diagram = batch.recipe.diagram
    place = edit.after if isinstance(edit, RepeatStep) and edit.after else about(edit)
    if place in diagram.flows:
        place = diagram.flows[place].source
    loops = _loops(diagram, place)
    numbers = _numbers_now(batch, [scope for scope, _ in loops])
    if not numbers:
        return None
    if len(numbers) == len(loops) and _done(batch, place, numbers):
        numbers = [*numbers[:-1], numbers[-1] + 1]
    seen: dict[str, tuple[int, str]] = {}
    for (_, loop), number in zip(loops, numbers, strict=False):
        at = loop.first + number - 1
        seen[loop.name] = (at, f"{loop.label}{at}" if loop.label else f"{loop.name} {at}")
    if len({loop.name for _, loop in loops[len(numbers) :]} & seen.keys()):
        return None  # an inner loop hides the number
    pairs = seen.items()
    return (
        " and ".join(f"{name} == {at}" for name, (at, _) in pairs),
        " or ".join(f"{name} != {at}" for name, (at, _) in pairs),
        " ".join(words for _, (_, words) in pairs),
    )


def _loops(diagram: Diagram, node_id: str) -> list[tuple[str, v.Loop]]:
    """The loops around a node, outermost first, by the scope that repeats."""
    around = [diagram.nodes[s] for s in diagram.ancestors(node_id) if s in diagram.nodes]
    return [(node.id, node.loop or v.Loop()) for node in reversed(around) if repeats(node.element)]


def _numbers_now(batch: BatchRecord, scopes: list[str]) -> list[int]:
    """In which iteration the batch is in each of these loops, from the outermost, as far as they are under way."""
    best: list[int] = []
    for key in waiting_keys(batch):
        own = [scope for scope, _ in _loops(batch.recipe.diagram, key.rpartition("/")[2].partition("[")[0])]
        shared = 0
        while shared < min(len(own), len(scopes)) and own[shared] == scopes[shared]:
            shared += 1
        numbers = list(iteration_of(key))[-len(own) :] if own else []
        if shared > len(best):
            best = numbers[:shared]
    return best


def _done(batch: BatchRecord, step_id: str, numbers: list[int]) -> bool:
    tasks = batch.tasks_of(step_id)
    return any(t["state"] == "completed" and list(iteration_of(t["key"]))[-len(numbers) :] == numbers for t in tasks)


def _from_steps(batch: BatchRecord, edit: Edit, recipe: ControlRecipe) -> tuple[str, ...]:
    """The nodes from which on the batch goes by the edited recipe."""
    if not isinstance(edit, SkipStep):
        return (target(edit),)
    behind = [flow.target for flow in batch.recipe.diagram.outgoing[edit.step_id]]
    return tuple(node for node in behind if node in recipe.diagram.nodes)
