"""The rule of training against a plain re-statement of it; and at batches that took over items of a change."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpmn import vocabulary as v
from engine import clock, records
from engine.actions import access
from engine.actions.adoptions import Because, adopt, keep_document
from engine.actor import SYSTEM, Actor
from engine.batch_record import BatchRecord
from engine.canonical import sha256
from engine.errors import TrainingMissingError
from engine.rules import AdoptionFacts
from engine.site import Site
from engine.training import Trainings
from engine.transaction import Act, perform
from tests.people import Someone, train
from tests.stories.workshop import Workshop, number, recipe, settled, step

ROLES = ("MFG_OP", "MFG_WIT", "QA_FLR")
STEPS = ("S1", "S2")
ANNA = Someone("anna", "Anna Keller", "MFG_OP")
_numbers = itertools.count(1)


def instant(day: int) -> str:
    """Day 1 to 9 of a month."""
    return f"2026-03-{day:02}T08:00:00.000000Z"


@dataclass(frozen=True)
class Asked:
    roles: tuple[str, ...]
    steps: tuple[str, ...]
    day: int
    withdrawn: bool


@dataclass(frozen=True)
class Held:
    first: int
    last: int | None
    read: str  # "": recorded for them; "now": signed over the document as it is; "before": over an earlier one


@dataclass(frozen=True)
class Revision:
    """`day`: of its effect; None: it is on its way."""

    day: int | None
    asked: tuple[Asked, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Story:
    """One recipe's revisions from the first on, and one person: when they got each role, and until when they had it."""

    revisions: tuple[Revision, ...]
    roles: dict[str, int | None] = field(default_factory=dict)


days = st.integers(1, 9)
asked = st.builds(
    Asked, st.lists(st.sampled_from(ROLES), unique=True, max_size=2).map(tuple),
    st.lists(st.sampled_from(STEPS), unique=True, max_size=2).map(tuple), days, st.booleans(),
)  # fmt: skip
held = st.builds(Held, days, st.none() | days, st.sampled_from(["", "", "now", "before"]))
shapes = st.tuples(st.lists(asked, max_size=2).map(tuple), st.lists(held, max_size=1).map(tuple))
stories = st.builds(
    lambda shapes, open_end, roles: Story(
        tuple(Revision(None if open_end and n == len(shapes) else n, *shape) for n, shape in enumerate(shapes, 1)), roles
    ),
    st.lists(shapes, min_size=1, max_size=4), st.booleans(), st.dictionaries(st.sampled_from(ROLES), st.none() | days),
)  # fmt: skip


def plainly(story: Story, n: int, step_id: str, day: int) -> bool:
    """Whether the person is trained for a step of the n-th revision: the brief, word for word."""
    revision = story.revisions[n]
    if any(h.first <= day and (h.last is None or day <= h.last) and h.read != "before" for h in revision.held):
        return True
    wanted = [a for a in {(a.roles, a.steps): a for a in revision.asked}.values() if not a.withdrawn and a.day <= day]
    mine = {role for role, until in story.roles.items() if until is None or until > day}
    concerned = any(mine.intersection(a.roles) and (not a.steps or step_id in a.steps) for a in wanted)
    return bool(wanted) and not concerned and n > 0 and plainly(story, n - 1, step_id, day)


def tell(act: Act, *, actor: Actor, story: Story, recipe_id: str) -> dict[str, Any]:
    """Put a story on record."""
    person = f"p.{recipe_id}"
    act.insert(records.Person, id=person, login=person, full_name="P", password_hash="x", password_changed_at=act.now)
    for role, until in story.roles.items():
        act.insert(
            records.PersonRole, person_id=person, role=role, granted_by=actor.id, granted_at=instant(1),
            revoked_at=instant(until) if until else None,
        )  # fmt: skip
    for n, revision in enumerate(story.revisions):
        _tell_revision(act, recipe_id, n, revision, person)
    act.note("story:told")
    return {}


def _tell_revision(act: Act, recipe_id: str, n: int, revision: Revision, person: str) -> None:
    digest, revision_id = sha256(f"{recipe_id} {n}"), f"{recipe_id}@{n}"
    act.insert(records.RecipeDocument, hash=digest, xml="<x/>")
    act.insert(
        records.RecipeRevision, id=revision_id, recipe_id=recipe_id, revision=str(n), title="T", product="P", hash=digest,
        state="EFFECTIVE" if revision.day else "IN_REVIEW", authored_by="system",
        effective_at=instant(revision.day) if revision.day else None,
    )  # fmt: skip
    for one in {(a.roles, a.steps): a for a in revision.asked}.values():
        act.insert(
            records.TrainingRequirement, id=act.new_id("requirement"), recipe_id=recipe_id, revision_id=revision_id,
            roles=list(one.roles), steps=list(one.steps), reading="Read it", set_by="system", set_at=instant(one.day),
            withdrawn=one.withdrawn,
        )  # fmt: skip
    for one_held in revision.held:
        basis = _sign(act, revision_id, digest if one_held.read == "now" else "0" * 64, person) if one_held.read else ""
        act.insert(
            records.Training, id=act.new_id("training"), person_id=person, recipe_id=recipe_id, revision=str(n),
            valid_from=instant(one_held.first), valid_until=instant(one_held.last) if one_held.last else None,
            recorded_by="system", basis=basis,
        )  # fmt: skip


def _sign(act: Act, revision_id: str, digest: str, person: str) -> str:
    row = act.insert(
        records.Signature, id=act.new_id("signature"), subject=f"training:{revision_id}", slot="R", person_id=person,
        full_name="P", role="MFG_OP", meaning="read_and_understood_by", shown={"record": {"hash": digest}},
        shown_hash="0" * 64, training_state="", session_id="", signed_at=act.now, zone="UTC",
    )  # fmt: skip
    return str(row["id"])


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(story=stories)
def test_the_rule_is_what_its_plain_re_statement_says(site: Site, story: Story) -> None:
    recipe_id = f"MR-{next(_numbers)}"
    perform(site, tell, actor=SYSTEM, stream=f"recipe:{recipe_id}", story=story, recipe_id=recipe_id)
    with site.read() as reader:
        one, whole = Trainings(reader), Trainings(reader, whole=True)
        for n, step_id, day in itertools.product(range(len(story.revisions)), STEPS, (1, 3, 5, 9)):
            expected = plainly(story, n, step_id, day)
            for trainings in (one, whole):
                found = trainings.standing(f"p.{recipe_id}", f"{recipe_id}@{n}", step_id, instant(day))
                assert found.valid == expected, (n, step_id, day, found)


# A batch that took over items


@pytest.fixture
def workshop(database_url, tmp_path):
    shop = settled(database_url, tmp_path)
    yield shop
    shop.site.close()


def take_over(
    act: Act, *, actor: Actor, batch_id: str, xml: str, item: str, steps: tuple[str, ...], whole: str = "", holds: bool = False
) -> Any:
    """A change with one item of a revision that is in review; the batch takes it over, by a document of its own or whole."""
    document = keep_document(act, xml.encode())
    revision_id = f"MR-ANY-001@{item}"
    digest = document.hash if whole else keep_document(act, xml.replace('revision="1.0"', f'revision="{item}"').encode()).hash
    act.insert(
        records.RecipeRevision, id=revision_id, recipe_id="MR-ANY-001", revision=item, title="T", product="P", hash=digest,
        state="APPROVED", authored_by=actor.id,
    )  # fmt: skip
    batch = BatchRecord(act.site, act, batch_id)
    change_id = f"CC-{item}"
    act.insert(
        records.Batch, id=change_id, recipe_id="MR-ANY-001", revision_id=revision_id, recipe_hash=digest, coi="", product="",
        order_json={}, state="IN_PROGRESS", issued_at=act.now, kind="change", subject=change_id,
    )  # fmt: skip
    act.insert(
        records.Change, id=change_id, title="T", kind="recipe", reason="R", category="quality", state="IMPLEMENTING",
        opened_by=actor.id, opened_at=act.now,
    )  # fmt: skip
    act.insert(
        records.ChangeItem, change_id=change_id, n=1, kind="revision", title="T", revision_id=revision_id,
        base_id="MR-ANY-001@1.0", category="quality", why="W", confidence="high",
    )  # fmt: skip
    act.insert(
        records.TrainingRequirement, id=act.new_id("requirement"), recipe_id="MR-ANY-001", revision_id=revision_id,
        roles=["MFG_OP"], steps=list(steps), reading="The new range", set_by=actor.id, set_at=act.now,
    )  # fmt: skip
    facts = AdoptionFacts(what="adopted", because=change_id, from_revision=batch.recipe.title, to_revision=item)
    from_steps = ("S1",) if holds else steps  # a hold time hangs on its steps without changing them
    because = Because(facts, "W", from_steps, (), change_id=change_id, items=(1,))
    row = adopt(act, batch, document, because, revision_id=revision_id if whole else "")
    batch.save(act)
    return row


WIDE = "10..90"
WAY = "begin > S1 > S2 > S3 > end"


def drawn(nor: str = WIDE, revision: str = "1.0", hold: str = "") -> str:
    first, second, third = (step(name, number("n", n, "0..100")) for name, n in (("S1", WIDE), ("S2", nor), ("S3", WIDE)))
    holds = (v.HoldTime("H1", "S2.end", ("S3.start",), "5", hold, "min"),) if hold else ()
    xml = recipe(WAY, header={"hold_times": holds}, S1=first, S2=second, S3=third)
    return xml.replace('revision="1.0"', f'revision="{revision}"')


def states(shop: Workshop, *keys: str) -> list[str]:
    """How the operator stands at each task."""
    with shop.site.read() as reader:
        batch = BatchRecord(shop.site, reader, shop.batch)
        found = [access.standing("anna", batch, clock.now(), batch.task(key)) for key in keys]
    return [f"{one.state} {one.revision_id.partition('@')[2]}" for one in found]


def test_at_a_step_that_an_adopted_item_changed_its_revision_asks_and_elsewhere_the_batchs_own(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    workshop.act(take_over, "QA_FLR", xml=drawn("20..80"), item="1.1", steps=("S2",))
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    assert states(workshop, "S1", "S2") == ["valid 1.0", "none 1.1"]
    workshop.act(take_over, "QA_FLR", xml=drawn("20..80").replace('"Do S3"', '"Do S3 so"'), item="1.2", steps=("S3",))
    assert states(workshop, "S1", "S2") == ["valid 1.0", "none 1.1"]
    with pytest.raises(TrainingMissingError, match=r"MR-ANY-001@1\.1.*The new range"):
        workshop.start("S2")
    train(workshop.site, ANNA, "MR-ANY-001", "1.1")
    workshop.do("S2", n="50")
    assert states(workshop, "S2", "S3") == ["valid 1.1", "none 1.2"]


def test_a_step_after_the_changed_one_is_done_by_those_who_know_the_batchs_own_revision(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.act(take_over, "QA_FLR", xml=drawn().replace('"Do S1"', '"Do S1 so"'), item="1.1", steps=("S1",))
    assert states(workshop, "S1") == ["none 1.1"]
    train(workshop.site, ANNA, "MR-ANY-001", "1.1")
    workshop.do("S1", n="50")
    assert states(workshop, "S1", "S2") == ["valid 1.1", "valid 1.0"]


def test_a_whole_revision_that_was_adopted_asks_at_the_tasks_that_opened_under_it(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    workshop.act(take_over, "QA_FLR", xml=drawn("20..80", "1.1"), item="1.1", steps=("S2",), whole="yes")
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    assert states(workshop, "S1", "S2") == ["valid 1.0", "none 1.1"]


def test_a_hold_time_that_was_adopted_is_asked_about_at_the_steps_that_it_hangs_on(workshop: Workshop) -> None:
    workshop.run(drawn(hold="60"))
    workshop.start("S1")
    workshop.act(take_over, "QA_FLR", xml=drawn(hold="30"), item="1.1", steps=("S2", "S3"), holds=True)
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    assert states(workshop, "S1", "S2") == ["valid 1.0", "none 1.1"]
