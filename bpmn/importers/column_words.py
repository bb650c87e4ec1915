"""The words by which columns of foreign tables are recognised: English and German headings, and common abbreviations.

Each property of a table is a line `name = label for people`, and below it, indented, the headings that mean it, in small
letters and without punctuation, separated by commas.
"""

from __future__ import annotations

Words = dict[str, tuple[str, frozenset[str]]]
"""Property -> its label, and the headings that mean it."""


def _read(text: str) -> Words:
    found: dict[str, tuple[str, frozenset[str]]] = {}
    name = ""
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            name, label = line.split(" = ")
            found[name] = (label, frozenset())
        else:
            label, known = found[name]
            found[name] = (label, known | {word.strip() for word in line.split(",") if word.strip()})
    return found


_STEP = _read("""
step_id = Step number
    step id, step, step no, no, nr, #, step number, seq, item, pos, schritt nr, schritt, lfd nr, position, id, op no,
    operation no, op nr, op #, process step no, step ref, step nr, arbeitsschritt nr
title = Step title
    title, step title, step name, activity, task, action, process step, description of step, titel, tätigkeit,
    arbeitsschritt, prozessschritt, vorgang, bezeichnung, name of step, step description, process description, step activity,
    manufacturing step, work step, action description
instruction = Instruction
    instruction, instructions, description, procedure, details, work instruction, operation details, what to do, how,
    anweisung, anleitung, beschreibung, durchführung, arbeitsanweisung
unit_procedure = Unit procedure (section)
    unit procedure, section, stage, phase, process stage, unit, unit proc, up, abschnitt, prozessabschnitt, process section,
    unit op, unit operation, teilprozess
operation = Operation
    operation, sub section, subsection, op, teilschritt
day = Day
    day, process day, study day, tag, prozesstag
kind = Kind of step
    kind, step kind, step type, type of step, art
verification = Who signs
    verification, signatures, sign off, signoff, signature, signed by, sign, signature type, unterschriften, visa, visum,
    signatures required, verif, ver, who signs
performed_by = Performed by (signature)
    performed by, done by, executed by, operator, perf by, by, performer, initials, durchgeführt von, durchgeführt,
    ausgeführt von, bearbeiter, operator initials
witnessed_by = Witnessed by (signature)
    witnessed by, witness, second operator, 4 eyes, zeuge, beobachtet von
verified_by = Verified by (signature)
    verified by, checked by, check by, reviewed by, verifier, verif by, ver by, geprüft von, geprüft, kontrolliert von,
    kontrolle, double check, second person
approved_by = Approved by QA (signature)
    qa, approved by, qa approval, qa check, approved by qa, freigabe qa, freigegeben von, qs
equipment_class = Equipment
    equipment, equipment class, device, instrument, apparatus, machine, equip, geräte, gerät, ausrüstung, anlage
materials = Materials
    materials, material, reagents, reagent, consumables, components, raw material, material lot, materialien, rohstoffe,
    einsatzstoffe, verbrauchsmaterial
rationale = Why the step
    rationale, why, reason, justification, purpose, begründung, zweck, why the step
typical_deviations_default_class = Typical deviations
    typical deviations default class, typical deviations, deviations, deviation, typical deviation, failure modes,
    abweichungen
flow = Flow (order, repeats, conditions)
    flow, structure, sequence, logic, order, condition, branch, routing, ablauf, bedingung, reihenfolge, precedence, repeat,
    next step, next, decision, next step decision, go to, process flow, nächster schritt, weiter mit, entscheidung
hold = Hold time
    hold time, hold times, hold, time limit, max hold, holding time, haltezeit, standzeit, zeitgrenze, time constraint
result = Result (to be filled in)
    result, results, actual, actual value, recorded value, reading, value, record, observed, observation, entry, ergebnis,
    istwert, messwert, ist, eintrag, ist wert, actual result, result value, results values, recorded result, measured value,
    value recorded, data entry, aufzeichnung
limit = Limits as a phrase
    limit, limits, range, acceptance criteria, acceptance criterion, acceptance range, specification, spec, criteria,
    criterion, acceptance, tolerance, target range, acceptable range, target limits, limit range, set point range,
    requirement, grenzwert, grenzwerte, sollbereich, akzeptanzkriterium, akzeptanzkriterien, vorgabe, soll, toleranz,
    spezifikation, bereich, in process controls, in process control, control limits, process limits, alert action limits
nor = Normal range as a phrase
    nor, normal range, normal operating range, operating range, alert limit, alert limits, normalbereich, warngrenze
par = Accepted range as a phrase
    par, proven acceptable range, accepted range, action limit, action limits, zulässiger bereich, aktionsgrenze
""")

_PARAMETER = _read("""
param = Parameter id
    param, parameter id, parameter code, tag, tag no, variable
name = Parameter
    name, parameter, parameter name, process parameter, attribute, characteristic, measurement, test, check, what is
    recorded, data, prüfung, merkmal, messgröße, prüfmerkmal, quality attribute, quantity, kenngröße, entry field
type = Type of value
    type, data type, value type, format, typ, datentyp
unit = Unit of measure
    unit, units, uom, unit of measure, eu, einheit, dimension, eng unit, me
target = Target
    target, set point, setpoint, nominal, sp, target value, sollwert, zielwert, ziel, aim
nor_low = Normal low
    nor low, nor min, normal low, lower normal, normal min, nor lower, alert low, nor von, nor untergrenze, lower nor
nor_high = Normal high
    nor high, nor max, normal high, upper normal, normal max, nor upper, alert high, nor bis, nor obergrenze, upper nor
par_low = Accepted low
    par low, par min, min, minimum, low, lower limit, lower, lsl, low limit, lower spec, par lower, action low, untergrenze,
    ug, unterer grenzwert, von, from, lower par, usg
par_high = Accepted high
    par high, par max, max, maximum, high, upper limit, upper, usl, high limit, upper spec, par upper, action high,
    obergrenze, og, oberer grenzwert, bis, to, upper par, osg
limit_action = Outside the limits
    limit action, action if outside, on failure, if outside, outside limits, action on excursion
class = Class (CPP, CQA, ...)
    class, criticality, critical, classification, parameter class, cpp, kritikalität, kritisch, klasse, category, crit
source = Where the value comes from
    source, data source, recorded by, entry mode, quelle, datenquelle, erfassung
formula = Formula
    formula, calculation, equation, formel, berechnung
why = Why the limit
    why, why limit, limit rationale, limit justification, begründung grenzwert, reason for limit, why it matters, why critical,
    rationale for limit, rationale for limits, significance
severity = Severity outside
    severity, deviation class, default class, schweregrad
choices = Choices
    choices, options, list of values, allowed values, auswahl, answers
when = Asked only where
    when, only when, applies when, applicable if
""")

_HOLD_TIME = _read("""
hold_id = Hold number
    hold id, hold, hold no, id, no, nr, hold number, haltezeit nr
from_event = From
    from event, from, start event, begins, start, starts with, from end of, von, beginn, start of hold
to_event = To
    to event, to, end event, ends, end, until, ends with, bis, ende, end of hold
nor = Normal
    nor, normal, normal limit, alert, target, normalwert, warning
par = Accepted
    par, limit, max, maximum, accepted, max hold, max time, action, grenzwert, hold limit, time limit, höchstens
unit = Unit
    unit, uom, units, einheit, time unit
why = Why
    why, rationale, reason, justification, begründung
links = Linked results
    links, linked, related results
""")

_STRUCTURE = _read("""
id = Number
    id, no, nr, gateway, code
kind = Kind
    kind, type, construct, art
of = Of
    of, steps, scope, applies to, schritte
condition = Condition
    condition, rule, criteria, bedingung
note = Note
    note, notes, comment, remark, bemerkung
""")

_SPECIFICATION = _read("""
attribute = Attribute
    attribute, quality attribute, test, parameter, characteristic, prüfmerkmal, test parameter
method = Method
    method, test method, analytical method, methode, procedure, prüfmethode
criterion = Criterion
    criterion, acceptance criterion, acceptance criteria, specification, limit, limits, spec, requirement, grenzwert,
    vorgabe
unit = Unit
    unit, units, uom, einheit
class = Class
    class, criticality, category, klasse
name = Name
    name, title, bezeichnung
why = Why
    why, rationale, reason, begründung
""")

_HEADER = _read("""
key = What it is
    field, key, item, feld
value = What it says
    value, content, wert, inhalt
""")

HEADINGS: dict[str, Words] = {
    "steps": _STEP | _PARAMETER,
    "parameters": {"step_id": _STEP["step_id"]} | _PARAMETER | {name: _STEP[name] for name in ("limit", "nor", "par")},
    "hold_times": _HOLD_TIME,
    "structure": _STRUCTURE,
    "specification": _SPECIFICATION,
    "header": _HEADER,
    "none": {},
}
"""Role of a table -> its properties."""
