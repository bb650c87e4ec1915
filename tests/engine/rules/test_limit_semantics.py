"""The limit semantics over random recipes and values, against an independent reckoning with fractions and intervals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpmn.vocabulary import LIMIT_ACTIONS, LIMIT_NAMES, SEVERITIES, Parameter
from engine.rules import Limits, ValueFacts, evaluate_limits, judge
from tests.engine.rules.samples import STEP, changed, judged, value_facts

BEYOND = {"limit": 4, "balance": 30, "specification": 12}
WIDE = Context(prec=200)


Recipe = tuple[Parameter, dict[str, Fraction | None]]


@dataclass(frozen=True)
class Number:
    """A number as written, and what it is worth."""

    text: str
    worth: Fraction


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    """A number in one of the notations of recipes, close to others so that edges are met."""
    digits = draw(st.one_of(st.integers(-30, 30), st.integers(-(10**20), 10**20)))
    power = draw(st.integers(-3, 3))
    zeros = draw(st.integers(0, 3))
    worth = Fraction(digits) * Fraction(10) ** power
    if draw(st.booleans()):
        return Number(f"{digits}e{power}", worth)
    return Number(f"{Decimal(digits).scaleb(power):f}" + ("0" * zeros if power < 0 else ""), worth)


@st.composite
def parameters(draw: st.DrawFn) -> Recipe:
    """A parameter with any subset of bounds (not even in order), and what each bound is worth."""
    given_bounds = {name: draw(st.none() | numbers()) for name in LIMIT_NAMES}
    texts: dict[str, Any] = {name: number.text for name, number in given_bounds.items() if number}
    parameter = Parameter(
        id="p", name="Density", type="num", source=draw(st.sampled_from(("manual", "device", "calc"))),
        limit_action=draw(st.sampled_from(LIMIT_ACTIONS)), severity=draw(st.sampled_from(SEVERITIES)),
        judge=draw(st.sampled_from(("limit", "balance", "specification"))),
        exclusive=tuple(name for name in LIMIT_NAMES if draw(st.booleans())),
        **texts,
    )  # fmt: skip
    return parameter, {name: number.worth if number else None for name, number in given_bounds.items()}


def is_within(qualifier: str, worth: Fraction, parameter: Parameter, bounds: dict[str, Fraction | None], level: str) -> bool:
    """Whether every number that the report can stand for lies in the interval: by witnesses, not by rules."""
    step = Fraction(1, 10**30)
    low, high = (
        None if (bound := bounds[name]) is None else bound + (sign * step / 2 if name in parameter.exclusive else 0)
        for name, sign in ((f"{level}_low", 1), (f"{level}_high", -1))
    )
    far = Fraction(10**60)
    witnesses = {"": [worth], "<": [worth - step, worth - far], ">": [worth + step, worth + far]}[qualifier]
    return all((low is None or low <= w) and (high is None or w <= high) for w in witnesses)


def expected(parameter: Parameter, worth: dict[str, Fraction | None], value: Number, qualifier: str) -> list[Any]:
    """What the data README says, in its own order: none, outside PAR, outside NOR."""
    if parameter.limit_action == "none":
        return []
    if not is_within(qualifier, value.worth, parameter, worth, "par"):
        blocks = parameter.limit_action in ("block", "stop")
        return [(BEYOND[parameter.judge], parameter.severity, blocks, parameter.limit_action == "stop")]
    if not is_within(qualifier, value.worth, parameter, worth, "nor"):
        return [(17, "minor", False, False)]
    return []


@given(parameters(), numbers(), st.sampled_from(("", "<", ">")))
def test_every_value_of_every_recipe_is_judged_as_the_semantics_say(recipe: Recipe, value: Number, qualifier: str) -> None:
    parameter, worth = recipe
    assert judged(value.text, parameter, qualifier=qualifier) == expected(parameter, worth, value, qualifier)


@pytest.mark.requirement("A11-04")
@given(parameters(), st.sampled_from(LIMIT_NAMES), st.integers(1, 40))
def test_each_edge_is_inside_unless_exclusive_and_one_digit_further_is_not(recipe: Recipe, bound: str, places: int) -> None:
    only = changed(recipe[0], **{name: "" for name in LIMIT_NAMES if name != bound})
    assume(getattr(only, bound) and only.limit_action != "none")
    edge = Decimal(getattr(only, bound))
    digit = Decimal(1).scaleb(min(int(edge.as_tuple().exponent), 0) - places)
    outward = WIDE.add(edge, digit.copy_sign(-1 if bound.endswith("low") else 1))
    beyond = 17 if bound.startswith("nor") else BEYOND[only.judge]
    assert [number for number, *_ in judged(str(edge), only)] == ([beyond] if bound in only.exclusive else [])
    assert [number for number, *_ in judged(str(outward), only)] == [beyond]


@given(parameters(), numbers(), st.integers(2, 9))
def test_a_limit_that_is_computed_is_worth_what_it_computes(recipe: Recipe, value: Number, factor: int) -> None:
    parameter, worth = recipe
    assume(all(len(getattr(parameter, name)) < 20 for name in LIMIT_NAMES))
    computed = changed(parameter, **{n: f"S01.x * ({t})" for n in LIMIT_NAMES if (t := getattr(parameter, n))})
    scaled = {name: None if w is None else w * factor for name, w in worth.items()}
    scope = {"S01.x": Decimal(factor)}
    assert judged(value.text, computed, scope=scope) == expected(parameter, scaled, value, "")


anything = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.decimals(), st.floats(), st.integers(),
    st.datetimes(), st.datetimes(timezones=st.timezones()), st.timedeltas(),
)  # fmt: skip


@given(parameters(), anything, st.sampled_from(("", "<", ">", "~", "x")), st.booleans(), st.sampled_from(("", "stalled")))
def test_nothing_departing_is_silent_whatever_it_is(
    recipe: Recipe, value: Any, qualifier: str, forgotten: bool, undefined: str
) -> None:
    parameter, worth = recipe
    limits = Limits() if forgotten else evaluate_limits(parameter, {})
    judgement = judge("value", ValueFacts(
        step=STEP, parameter=parameter, value=value, qualifier=qualifier, undefined=undefined, limits=limits,
    ))  # fmt: skip
    if judgement.outcome == "recorded":
        assert parameter.limit_action == "none" or set(worth.values()) == {None}
    if judgement.outcome != "ok":
        return
    assert isinstance(value, Decimal)
    assert not undefined
    assert qualifier in ("", "<", ">")
    number = Number(str(value), Fraction(value))
    assert not forgotten
    assert expected(parameter, worth, number, qualifier) == []


@given(
    st.booleans(),
    st.booleans(),
    st.sampled_from(("limit", "specification", "balance")),
    st.sampled_from(("bool", "choice", "text")),
)
def test_answers_keep_a_limit_only_by_being_it(answer: bool, limit: bool, judge_name: str, kind: str) -> None:
    words = {True: "true", False: "false"}
    value: Any = answer if kind == "bool" else words[answer]
    parameter = changed(type=kind, judge=judge_name, nor_low="", nor_high="", par_low=words[limit], par_high=words[limit])
    assert judged(value, parameter) == ([] if answer == limit else [(BEYOND[judge_name], "major", True, False)])


@given(parameters(), numbers())
def test_each_judged_value_has_a_value_that_would_be_found(recipe: Recipe, value: Number) -> None:
    parameter, _ = recipe
    judgement = judge("value", value_facts(value.text, parameter))
    extremes = [judge("value", value_facts(text, parameter)) for text in ("-1e80", "1e80")]
    assert bool(judgement.judged_by) == any(found.findings for found in extremes)
