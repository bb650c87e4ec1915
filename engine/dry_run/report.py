"""The report of a dry run: plain data that is stored, signed, painted on the diagram and read by people.

Everything but its times is the same for the same diagram and product version.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from bpmn.diagram import Diagram
from engine.canonical import canonical, sha256
from engine.control_recipe import ControlRecipe
from engine.dry_run.coverage import Coverage
from engine.dry_run.limits import bounds_of, edge_in_words
from engine.dry_run.probes import Probes
from engine.dry_run.tried import Tried

FORMAT = 1
TIMES = ("started_at", "ended_at", "seconds")


def report(
    recipe: ControlRecipe, coverage: Coverage, probes: Probes, paths: list[dict[str, Any]], *, kind: str, stopped: str = ""
) -> dict[str, Any]:
    """What was done and found. The caller adds who and when."""
    tried = [t for found in probes.edges.values() for _, t in found]
    holds = list(probes.holds.values())
    unreached = [*_flows_missed(recipe, coverage), *_edges_missed(recipe, probes), *_holds_missed(recipe, probes)]
    faults = [p["fault"] for p in paths if p["fault"]]
    wrong = [t.told() for t in probes.wrong]
    gaps = [u for u in unreached if u["must"]] if kind == "system" else []
    return {
        "format": FORMAT,
        "kind": kind,
        "recipe": recipe.header.id,
        "revision": recipe.header.revision,
        "title": recipe.header.title,
        "hash": recipe.hash,
        "product_version": version("batchwright"),
        "verdict": "failed" if faults or wrong or gaps or stopped else "passed",
        "reasons": _reasons(faults, wrong, gaps, stopped),
        "summary": _summary(recipe, coverage, tried, holds, paths, probes),
        "elements": [{"id": e, "state": state} for e, state in coverage.element_states().items()],
        "alone": [{"element": e, "why": why} for e, why in sorted(coverage.alone.items())],
        "paths": paths,
        "edges": [t.told() for t in tried],
        "hold_times": [t.told() for t in holds],
        "faults": faults,
        "wrong": wrong,
        "unreached": unreached,
    }


def fingerprint(found: dict[str, Any]) -> str:
    """The hash of a report without its times."""
    return sha256(canonical({name: part for name, part in found.items() if name not in TIMES}))


def _reasons(
    faults: list[dict[str, str]], wrong: list[dict[str, Any]], gaps: list[dict[str, Any]], stopped: str
) -> list[str]:
    told = [f"{f['place']}: {f['why']}" for f in faults]
    for w in wrong:
        what = f"{w['step']} {w['parameter']} {edge_in_words(w['edge'])}".strip()
        told.append(f"{what}: {w['text']} was judged {w['actual']}, expected is {w['expected']}.")
    told += [f"{g['what']}: {g['why']}" for g in gaps]
    return list(dict.fromkeys(told + ([f"The dry run was ended {stopped}."] if stopped else [])))


def _summary(
    recipe: ControlRecipe, coverage: Coverage, tried: list[Tried], holds: list[Tried], paths: list[dict[str, Any]], probes: Probes
) -> dict[str, int]:
    states = coverage.element_states()
    diagram = recipe.diagram
    visited = {t for p in paths for t in (key.rpartition("/")[2].partition("[")[0] for key in p["tasks"])}
    return {
        "batches": len(paths),
        "steps": len(recipe.steps),
        "steps_reached": len(visited & recipe.steps.keys()),
        "flows": len(diagram.flows),
        "flows_reached": sum(states[f] in ("reached", "alone") for f in diagram.flows),
        "flows_alone": len([e for e in coverage.alone if e in diagram.flows]),
        "edges": len(tried),
        "edges_reached": sum(t.reached for t in tried),
        "hold_edges": len(holds),
        "hold_edges_reached": sum(t.reached for t in holds),
        "values_judged": probes.judged,
        "wrong": len(probes.wrong),
    }


def _flows_missed(recipe: ControlRecipe, coverage: Coverage) -> list[dict[str, Any]]:
    found = []
    for demand in coverage.missing:
        flow = recipe.diagram.flows.get(demand)
        if flow is None:
            node = demand.partition(" ")[0]
            found.append(_missed(node, demand, "No values were found that lead there.", must=True, kind="branch"))
            continue
        what = f"{_named(recipe.diagram, flow.source)} to {_named(recipe.diagram, flow.target)}"
        if flow.source in coverage.nodes and flow.condition:
            why = f"No values were found with which {flow.condition} holds there."
        elif flow.source in coverage.nodes:
            why = "Nothing that was tried goes this way."
        else:
            why = f"No batch came to {_named(recipe.diagram, flow.source)}."
        found.append(_missed(demand, what, why, must=True, kind="flow"))
    return found


def _edges_missed(recipe: ControlRecipe, probes: Probes) -> list[dict[str, Any]]:
    found = []
    for step in recipe.steps.values():
        for p in step.parameters:
            if (step.id, p.id) not in probes.edges and (bounds_of(p, {}) or p.source != "calc"):
                what = f"{step.id} {p.name} ({p.id})"
                found.append(_missed(step.id, what, "No batch recorded it.", must=True, kind="parameter", parameter=p.id))
            for why, edges in _by_reason(p, [t for _, t in probes.edges.get((step.id, p.id), ()) if not t.reached]):
                what = f"{step.id} {p.name} ({p.id}): {', '.join(f'{t.text} {edge_in_words(t.edge)}' for t in edges)}"
                must = p.source in ("manual", "device")
                found.append(_missed(step.id, what, why, must=must, kind="limit", parameter=p.id))
            missing = {True, False} - probes.asked.get((step.id, p.id), set()) if p.when else set()
            for wanted in sorted(missing):
                what = f"{step.id} {p.name} ({p.id}), {'asked for' if wanted else 'not asked for'}"
                why = f"No values were found with which {p.when} {'holds' if wanted else 'does not hold'}."
                found.append(_missed(step.id, what, why, must=wanted, kind="parameter", parameter=p.id))
    return found


def _by_reason(p: Any, missed: list[Tried]) -> list[tuple[str, list[Tried]]]:
    """Edges that were not reached for the same reason, together."""
    found: dict[str, list[Tried]] = {}
    for tried in missed:
        found.setdefault(_why(p, tried), []).append(tried)
    return list(found.items())


def _why(p: Any, tried: Tried) -> str:
    if tried.why:
        return tried.why[:1].upper() + tried.why[1:].rstrip(".") + "."
    if p.source == "calc":
        return f"Nothing that can be entered was found to make {p.formula} come to that."
    if p.source == "scan":
        return "The system counts it from scans: nothing can be entered that gives this."
    if p.source == "master":
        return "No lot with this certificate came to the step."
    return "It was not tried."


def _holds_missed(recipe: ControlRecipe, probes: Probes) -> list[dict[str, Any]]:
    found = []
    for hold_id, hold in recipe.holds.items():
        seen = {name: tried for (other, name), tried in probes.holds.items() if other == hold_id}
        if not seen:
            found.append(_missed(hold_id, f"Hold time {hold_id}", "No batch had both of its events.", must=True, kind="hold"))
        for name, tried in seen.items():
            if not tried.reached:
                what = f"Hold time {hold_id}, {name}: {tried.text}"
                why = f"{tried.why or 'no batch came to it'}."
                found.append(_missed(hold.to_steps[0], what, why[:1].upper() + why[1:], must=False, kind="hold"))
    return found


def _missed(element: str, what: str, why: str, *, must: bool, kind: str, parameter: str = "") -> dict[str, Any]:
    return {"kind": kind, "element": element, "parameter": parameter, "what": what, "why": why, "must": must}


def _named(diagram: Diagram, node_id: str) -> str:
    node = diagram.nodes.get(node_id)
    return f"{node_id} ({node.name})" if node is not None and node.name and node.name != node_id else node_id
