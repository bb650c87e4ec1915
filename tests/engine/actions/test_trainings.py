"""Who may work by a revision: what it asks of whom, read and understood or recorded, at which step, and since when."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from engine import clock, errors
from engine.actions import entries, exceptions, tasks, trainings
from engine.queries.task_view import task_view
from engine.queries.training import my_reading, reading_view, requirements_view, training_matrix, training_progress
from engine.records import ExceptionRecord, RecipeRevision, Signature, Training, TrainingRequirement
from engine.site import Site
from engine.training import Trainings
from engine.transaction import SYSTEM, perform
from engine.verify import verify
from tests.batches import start
from tests.people import actor_of, join, proof_of, train
from tests.revisions import FIRST, Team
from tests.small_recipes import sequence

SECOND = "MR-ROW-001@1.1"
WITNESSED = sequence(2).decode().replace(
    '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>',
    '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'
    '<mes:signature code="W" roles="MFG_WIT" meanings="witnessed_by"/>',
    1,
)
"""Two steps by an operator; the first is witnessed."""
LIMIT_OF_S002 = ("S002", 'norHigh="90"', 'norHigh="85" why="Dense cells (study 7)"')


def edited(*edits: tuple[str, str, str], revision: str = "1.1", xml: str = WITNESSED) -> str:
    """The next revision: in each step one text in place of another."""
    for step, old, new in edits:
        before, found, after = xml.partition(f'<bpmn:userTask id="{step}"')
        assert old in after, old
        xml = before + found + after.replace(old, new, 1)
    return xml.replace('revision="1.0"', f'revision="{revision}"')


class Floor:
    """A recipe whose first revision is in effect; everybody is trained on it."""

    def __init__(self, site: Site, second: str = "") -> None:
        self.site, self.team = site, Team(site)
        self.team.draft(xml=WITNESSED)
        self.team.approve(FIRST)
        self.team.effective(FIRST, clock.now())
        for role in ("MFG_OP", "MFG_WIT", "MFG_SUP"):
            train(site, self.team.staff[role], "MR-ROW-001", "1.0")
        if second:
            self.team.draft("1.1", second, based_on=FIRST)

    def act(self, action: Any, role: str, stream: str, **arguments: Any) -> dict[str, Any]:
        someone = self.team.staff[role]
        if arguments.get("proof") is True:
            arguments["proof"] = proof_of(self.site, someone)
        return perform(self.site, action, actor=actor_of(self.site, someone), stream=stream, **arguments)

    def ask(self, role: str, *roles: str, steps: tuple[str, ...] = (), revision_id: str = SECOND) -> dict[str, Any]:
        return self.act(
            trainings.set_requirement, role, "recipe:MR-ROW-001", revision_id=revision_id, roles=roles, steps=steps,
            reading=f"The new range at {', '.join(steps) or 'every step'}.",
        )  # fmt: skip

    def read(self, role: str, revision_id: str = SECOND, **more: Any) -> dict[str, Any]:
        stream = f"person:{self.team.staff[role].login}"
        return self.act(trainings.read_and_understood, role, stream, revision_id=revision_id, proof=True, **more)

    def second_in_effect(self) -> None:
        self.team.approve(SECOND)
        self.team.effective(SECOND, clock.now())

    def batch(self, batch_id: str = "B-1") -> str:
        start(self.site, self.team.staff, "MR-ROW-001", batch_id)
        return batch_id

    def step(self, what: str, role: str, key: str, batch_id: str = "B-1", **more: Any) -> dict[str, Any]:
        action = {"start": tasks.start_task, "enter": entries.record_values, "sign": tasks.sign_task}[what]
        return self.act(action, role, f"batch:{batch_id}", batch_id=batch_id, task_key=key, **more)

    def perform_step(self, key: str, batch_id: str = "B-1") -> None:
        self.step("start", "MFG_OP", key, batch_id)
        self.step("enter", "MFG_OP", key, batch_id, entries={"weight": "80", "label": "L"})
        self.step("sign", "MFG_OP", key, batch_id, meaning="performed_by", proof=True)

    def view(self, role: str) -> Any:
        return actor_of(self.site, self.team.staff[role])


# What is proposed


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (LIMIT_OF_S002, [(["MFG_OP"], ["S002"])]),
        (("S001", 'norHigh="90"', 'norHigh="85"'), [(["MFG_OP", "MFG_WIT"], ["S001"])]),
        (("S001", 'instruction="Weigh and write down."', 'instruction="Weigh twice."'), [(["MFG_OP", "MFG_WIT"], ["S001"])]),
        (("S002", "<bpmn:extensionElements>", "<bpmn:documentation>A note.</bpmn:documentation><bpmn:extensionElements>"), []),
    ],
    ids=["a step of one role", "a step of two", "an instruction", "a note in the drawing"],
)
def test_what_is_proposed_is_the_roles_of_the_touched_steps(
    site: Site, edit: tuple[str, str, str], expected: list[Any]
) -> None:
    floor = Floor(site, edited(edit))
    with site.read() as reader:
        found = trainings.propose_requirements(reader, SECOND)
        first = trainings.propose_requirements(reader, FIRST)
    assert [(one["roles"], one["steps"]) for one in found] == expected
    assert all("1.0" in one["reading"] for one in found)
    assert [(one["roles"], one["steps"]) for one in first] == [(["MFG_OP", "MFG_WIT"], [])]
    assert floor.team.state(SECOND) == "DRAFT"


def test_a_step_that_is_gone_is_read_about_where_the_recipe_goes_on_without_it(site: Site) -> None:
    gone = edited().replace('sourceRef="start" targetRef="S001"', 'sourceRef="start" targetRef="S002"')
    gone = gone[: gone.index('<bpmn:userTask id="S001"')] + gone[gone.index('<bpmn:userTask id="S002"') :]
    gone = "\n".join(line for line in gone.splitlines() if 'id="S001_to_S002"' not in line)
    Floor(site, gone)
    with site.read() as reader:
        found = trainings.propose_requirements(reader, SECOND)
    assert [(one["roles"], one["steps"]) for one in found] == [(["MFG_OP", "MFG_WIT"], ["S002"])]


def test_a_hold_time_concerns_those_who_begin_and_end_it(site: Site) -> None:
    hold = '<mes:holdTime id="H1" from="S001.end" to="S002.start" nor="30" par="60" uom="min"/>'
    plain = WITNESSED.replace("<mes:orderField", f"{hold}<mes:orderField", 1)
    team = Team(site)
    team.draft(xml=plain)
    team.approve(FIRST)
    team.effective(FIRST, clock.now())
    team.draft("1.1", edited(xml=plain).replace('nor="30"', 'nor="20"'), based_on=FIRST)
    with site.read() as reader:
        found = trainings.propose_requirements(reader, SECOND)
    assert [(one["roles"], one["steps"]) for one in found] == [(["MFG_OP"], ["S001", "S002"]), (["MFG_WIT"], ["S001"])]


def test_a_proposal_is_taken_as_it_is_and_once(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    assert [one["steps"] for one in requirements_view(site, SECOND)["uncovered"]] == [["S002"]]
    for expected in (1, 0):
        done = floor.act(trainings.take_proposal, "PROC", "recipe:MR-ROW-001", revision_id=SECOND)
        assert len(done["requirements"]) == expected
    view = requirements_view(site, SECOND)
    assert [(one["roles"], one["steps"]) for one in view["requirements"]] == [(["MFG_OP"], ["S002"])]
    assert view["uncovered"] == []


# Who says what is to be read, and until when


def test_authors_and_quality_say_it_until_approval_then_quality_may_only_add(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    first = floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    floor.ask("QA_FLR", "MFG_WIT")
    with pytest.raises(errors.NotPermittedError):
        floor.ask("MFG_SUP", "MFG_WIT")
    withdrawal = {"revision_id": SECOND, "requirement_id": first["requirement"]}
    floor.act(trainings.withdraw_requirement, "PROC", "recipe:MR-ROW-001", **withdrawal)
    with pytest.raises(errors.RecordNotFoundError):
        floor.act(trainings.withdraw_requirement, "PROC", "recipe:MR-ROW-001", **withdrawal)
    again = floor.ask("PROC", "MFG_OP", steps=("S002",))
    assert again["requirement"] == first["requirement"]
    floor.team.sign(SECOND, "reviewed_by_production", "MFG_SUP")
    floor.team.sign(SECOND, "approved_by_qa", "QA_FLR")
    with pytest.raises(errors.NotPermittedError):
        floor.ask("PROC", "MFG_VER")
    with pytest.raises(errors.RevisionLockedError):
        floor.act(trainings.withdraw_requirement, "QA_DISP", "recipe:MR-ROW-001", **withdrawal)
    with pytest.raises(errors.RevisionLockedError):
        floor.ask("QA_DISP", "MFG_OP", steps=("S002",))
    floor.ask("QA_DISP", "MFG_VER")
    assert verify(site.url, site.keys).ok


def test_all_that_is_wrong_with_a_requirement_is_said_at_once(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    with pytest.raises(errors.RecipeFieldError) as refused:
        floor.act(
            trainings.set_requirement, "PROC", "recipe:MR-ROW-001", revision_id=SECOND, roles=("SYS_ADM", "BAKER"),
            steps=("S009",), reading=" ",
        )  # fmt: skip
    assert refused.value.details["problems"].keys() == {"roles", "steps", "reading"}
    with pytest.raises(errors.RecipeFieldError):
        floor.ask("PROC", steps=("S001",))


def test_reviewers_sign_what_people_are_asked_to_read(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    with site.read() as reader:
        signed = reader.rows(Signature, batch_id=SECOND)[0]
    [told] = json.loads(signed["shown"])["record"]["about"]["training"]
    assert (told["roles"], told["steps"]) == (["MFG_OP"], ["S002"])


# Read and understood


@pytest.mark.requirement("G-21", "P11-15")
def test_reading_is_signed_over_the_document_and_what_is_asked_and_makes_trained(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    shown = reading_view(site, SECOND, floor.view("MFG_OP"))
    done = floor.read("MFG_OP", shown_hash=shown["shown_hash"])
    with site.read() as reader:
        signature = reader.get(Signature, id=done["signature"])
        training = reader.get(Training, id=done["training_id"])
        revision = reader.get(RecipeRevision, id=SECOND)
    record = json.loads(signature["shown"])["record"]
    assert (signature["meaning"], signature["role"], signature["shown_hash"]) == (
        "read_and_understood_by", "MFG_OP", shown["shown_hash"],
    )  # fmt: skip
    assert (record["hash"], record["compared_with"]) == (revision["hash"], FIRST)
    assert record["asked"] == [{"roles": ["MFG_OP"], "steps": ["S002"], "reading": "The new range at S002."}]
    changes = [(c["step"], c["old"], c["new"], c["why"]) for c in record["changes"]]
    assert ("S002", "90", "85", "Dense cells (study 7)") in changes
    assert [one["id"] for one in shown["steps"]] == ["S002"]
    assert (training["basis"], training["recorded_by"]) == (signature["id"], training["person_id"])
    with pytest.raises(errors.DuplicateRecordError):
        floor.read("MFG_OP")
    assert verify(site.url, site.keys).ok


def test_who_is_trained_on_nothing_before_reads_all_of_their_steps(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.team.submit(SECOND)
    floor.team.staff["MFG_OP"] = join(site, "new.op", "New Operator", "MFG_OP")
    record = reading_view(site, SECOND, floor.view("MFG_OP"))["record"]
    assert (record["compared_with"], record["changes"]) == ("", [])
    assert [step["id"] for step in record["steps"]] == ["S001", "S002"]
    assert floor.read("MFG_OP")["valid_until"] is None


def test_who_reads_only_changes_is_trained_no_longer_than_on_the_rest(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.team.submit(SECOND)
    with site.read() as reader:
        [known] = reader.rows(Training, person_id="mfg.op")
    assert floor.read("MFG_OP")["valid_until"] == known["valid_until"]


def test_a_draft_is_read_by_nobody_and_a_revision_by_those_it_names(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    with pytest.raises(errors.NotReadableError):
        floor.read("MFG_OP")
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    with pytest.raises(errors.NotPermittedError, match="Operator"):
        floor.read("MFG_WIT")
    stale = reading_view(site, SECOND, floor.view("MFG_OP"))["shown_hash"]
    floor.ask("PROC", "MFG_OP", steps=("S001",))
    with pytest.raises(errors.StaleRecordError):
        floor.read("MFG_OP", shown_hash=stale)
    assert floor.read("MFG_OP")["revision"] == SECOND


def test_a_revision_that_was_returned_and_written_again_is_to_be_read_again(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    floor.read("MFG_OP")
    with site.read() as reader:
        assert training_progress(reader, SECOND)["trained"] == 1
    floor.team.sign(SECOND, "reviewed_by_production", "MFG_SUP", verdict="return", comment="The range is too wide.")
    floor.team.save(SECOND, edited(("S002", 'norHigh="90"', 'norHigh="84"')))
    floor.second_in_effect()
    with site.read() as reader:
        found = training_progress(reader, SECOND)
    assert (found["needed"], found["trained"]) == (1, 0)
    assert [(one["id"], one["state"]) for one in found["missing"]] == [("mfg.op", "lapsed")]
    floor.batch()
    floor.perform_step("S001")
    floor.step("sign", "MFG_WIT", "S001", meaning="witnessed_by", proof=True)
    with pytest.raises(errors.TrainingMissingError):
        floor.step("start", "MFG_OP", "S002")
    floor.read("MFG_OP")
    floor.perform_step("S002")


# Who may act where


REFUSED = [
    # asked of                              op at S001, op at S002, witness at S001
    ([], "no", "no", "no"),
    ([(("MFG_OP",), ("S002",))], "yes", "no", "yes"),
    ([(("MFG_OP",), ("S001",))], "no", "yes", "yes"),
    ([(("MFG_OP",), ())], "no", "no", "yes"),
    ([(("MFG_WIT",), ("S001",))], "yes", "yes", "no"),
    ([(("MFG_OP",), ("S002",)), (("MFG_WIT",), ())], "yes", "no", "no"),
    ([(("QA_DISP",), ())], "yes", "yes", "yes"),
    ([((), ())], "yes", "yes", "yes"),
]


@pytest.mark.requirement("P11-15", "G-21")
@pytest.mark.parametrize(("asked", "at_first", "at_second", "witness"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_who_is_refused_where(
    site: Site, asked: list[tuple[tuple[str, ...], tuple[str, ...]]], at_first: str, at_second: str, witness: str
) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    for roles, steps in asked:
        floor.ask("PROC", *roles, steps=steps)
    floor.second_in_effect()
    others = {role: join(site, f"able.{role[-2:].lower()}", "Able", role) for role in ("MFG_OP", "MFG_WIT")}
    for someone in others.values():
        train(site, someone, "MR-ROW-001", "1.1")
    own = dict(floor.team.staff)

    def tried(role: str, what: str, key: str, batch_id: str, **more: Any) -> str:
        floor.team.staff[role] = own[role]
        try:
            floor.step(what, role, key, batch_id, **more)
        except errors.TrainingMissingError as refusal:
            return "no" if SECOND in refusal.message else refusal.message
        finally:
            floor.team.staff[role] = others[role]
        return "yes"

    floor.team.staff.update(others)
    assert tried("MFG_OP", "start", "S001", floor.batch("B-1")) == at_first
    floor.perform_step("S001", floor.batch("B-2"))
    assert tried("MFG_WIT", "sign", "S001", "B-2", meaning="witnessed_by", proof=True) == witness
    if witness == "no":
        floor.step("sign", "MFG_WIT", "S001", "B-2", meaning="witnessed_by", proof=True)
    assert tried("MFG_OP", "start", "S002", "B-2") == at_second


def test_at_the_instant_of_effect_nothing_changes_but_that_the_untrained_are_refused_and_told_what_to_read(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.batch("B-0")
    floor.second_in_effect()
    for batch_id in ("B-0", "B-1"):
        if batch_id == "B-1":
            floor.batch()
        floor.perform_step("S001", batch_id)
        floor.step("sign", "MFG_WIT", "S001", batch_id, meaning="witnessed_by", proof=True)
    floor.perform_step("S002", "B-0")
    with pytest.raises(errors.TrainingMissingError) as refused:
        floor.step("start", "MFG_OP", "S002")
    assert "The new range at S002" in refused.value.message
    assert refused.value.details["revision"] == SECOND
    missing = task_view(site, "B-1", "S002", floor.view("MFG_OP"))["training"]
    assert missing == {"state": "none", "revision": SECOND, "asked": ["The new range at S002."], "may_finish": False}
    floor.read("MFG_OP")
    floor.perform_step("S002")
    with site.read() as reader:
        kept = {s["training_state"] for s in reader.rows(Signature, batch_id="B-1", subject="task:S002")}
    assert kept == {"valid"}
    assert task_view(site, "B-1", "S002", floor.view("MFG_OP"))["training"] is None


def test_a_step_that_was_asked_about_two_revisions_ago_still_is(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.second_in_effect()
    third = edited(("S001", 'norHigh="90"', 'norHigh="88"'), revision="1.2", xml=edited(LIMIT_OF_S002, revision="1.0"))
    floor.team.draft("1.2", third, based_on=SECOND)
    floor.ask("PROC", "MFG_WIT", steps=("S001",), revision_id="MR-ROW-001@1.2")
    floor.team.approve("MR-ROW-001@1.2")
    floor.team.effective("MR-ROW-001@1.2", clock.now() + timedelta(seconds=1))
    clock.simulate(clock.now() + timedelta(minutes=5))
    floor.batch()
    floor.step("start", "MFG_OP", "S001")
    with site.read() as reader:
        found = Trainings(reader).standing("mfg.op", "MR-ROW-001@1.2", "S002", clock.text(clock.now()))
    assert (found.state, found.revision_id) == ("none", SECOND)


# A task that runs already


def lapse(floor: Floor, days: int = 400) -> None:
    clock.simulate(clock.now() + timedelta(days=days))


@pytest.mark.requirement("P11-19", "G-21")
def test_who_works_on_a_running_task_may_finish_it_when_their_training_lapses_as_an_exception(site: Site) -> None:
    floor = Floor(site)
    other = join(site, "other.op", "Other Operator", "MFG_OP")
    train(site, other, "MR-ROW-001", "1.0")
    floor.batch()
    floor.step("start", "MFG_OP", "S001")
    lapse(floor)
    first, floor.team.staff["MFG_OP"] = floor.team.staff["MFG_OP"], other
    with pytest.raises(errors.TrainingMissingError):
        floor.step("enter", "MFG_OP", "S001", entries={"weight": "80", "label": "L"})
    floor.team.staff["MFG_OP"] = first
    floor.step("enter", "MFG_OP", "S001", entries={"weight": "80", "label": "L"})
    with site.read() as reader:
        [raised] = reader.rows(ExceptionRecord, batch_id="B-1")
    assert (raised["number"], raised["rule"], raised["actual"]) == (27, "training", "not valid during it")
    with pytest.raises(errors.CommentRequiredError):
        floor.step("sign", "MFG_OP", "S001", meaning="performed_by", proof=True)
    comments = {raised["id"]: "The course is next week."}
    floor.step("sign", "MFG_OP", "S001", meaning="performed_by", proof=True, comments=comments)
    with site.read() as reader:
        assert len(reader.rows(ExceptionRecord, batch_id="B-1", number=27)) == 1
        assert {s["training_state"] for s in reader.rows(Signature, batch_id="B-1", subject="task:S001")} == {"lapsed"}
    with pytest.raises(errors.TrainingMissingError):  # a witness who had nothing to do with it yet
        floor.step("sign", "MFG_WIT", "S001", meaning="witnessed_by", proof=True)
    train(site, floor.team.staff["MFG_WIT"], "MR-ROW-001", "1.0")
    assert floor.step("sign", "MFG_WIT", "S001", meaning="witnessed_by", proof=True)["completed"]
    with pytest.raises(errors.TrainingMissingError):
        floor.step("start", "MFG_OP", "S002")


def test_the_performers_own_signature_raises_it_where_nothing_was_entered_since(site: Site) -> None:
    floor = Floor(site)
    floor.batch()
    floor.step("start", "MFG_OP", "S001")
    floor.step("enter", "MFG_OP", "S001", entries={"weight": "80", "label": "L"})
    lapse(floor)
    signed = floor.step("sign", "MFG_OP", "S001", meaning="performed_by", proof=True)
    assert [one["number"] for one in signed["exceptions"]] == [27]
    train(site, floor.team.staff["MFG_WIT"], "MR-ROW-001", "1.0")
    with pytest.raises(errors.CommentRequiredError):
        floor.step("sign", "MFG_WIT", "S001", meaning="witnessed_by", proof=True)
    floor.act(
        exceptions.comment_exception, "MFG_OP", "batch:B-1", batch_id="B-1", exception_id=signed["exceptions"][0]["id"],
        text="The course is next week.",
    )  # fmt: skip
    assert floor.step("sign", "MFG_WIT", "S001", meaning="witnessed_by", proof=True)["completed"]


def test_what_quality_asks_for_after_a_task_was_started_does_not_stop_it(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_WIT", steps=("S001",))
    floor.second_in_effect()
    floor.batch()
    floor.step("start", "MFG_OP", "S001")
    floor.ask("QA_DISP", "MFG_OP", steps=("S001",))
    entered = {"weight": "80", "label": "L"}
    floor.step("enter", "MFG_OP", "S001", entries=entered)
    with site.read() as reader:
        assert [row["number"] for row in reader.rows(ExceptionRecord, batch_id="B-1")] == [27]


# The matrix, the reading list, the progress


def test_the_matrix_says_of_everybody_and_every_revision_how_they_stand(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    join(site, "new.wit", "New Witness", "MFG_WIT")
    found = training_matrix(site)
    assert [row["id"] for row in found["revisions"]] == [FIRST, SECOND]
    states = {row["id"]: [cell["state"] for cell in row["cells"]] for row in found["people"]}
    assert states["mfg.op"] == ["valid", "required"]
    assert states["mfg.wit"] == ["valid", "not needed"]
    assert states["new.wit"] == ["required", "required"]
    assert states["qa.disp"] == ["not needed", "not needed"]
    [asked] = [row["cells"][1] for row in found["people"] if row["id"] == "new.wit"]
    assert asked["by"] == FIRST
    floor.read("MFG_OP")
    [cell] = [row["cells"][1] for row in training_matrix(site)["people"] if row["id"] == "mfg.op"]
    assert (cell["state"], cell["basis"], bool(cell["valid_from"])) == ("valid", "read", True)
    lapse(floor)
    [operator] = [row for row in training_matrix(site, "MR-ROW-001")["people"] if row["id"] == "mfg.op"]
    assert operator["cells"][0]["state"] == "lapsed"
    assert training_matrix(site, "MR-NONE-001")["revisions"] == []


def test_the_reading_list_has_what_blocks_first_and_nothing_that_is_not_mine(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    [item] = my_reading(site, floor.view("MFG_OP"))
    assert (item["revision"], item["blocks"], item["alone"], item["asked"]) == (SECOND, False, True, ["The new range at S002."])
    assert my_reading(site, floor.view("MFG_WIT")) == []
    floor.team.sign(SECOND, "reviewed_by_production", "MFG_SUP")
    floor.team.sign(SECOND, "approved_by_qa", "QA_FLR")
    floor.team.effective(SECOND, clock.now())
    [item] = my_reading(site, floor.view("MFG_OP"))
    assert item["blocks"]
    floor.read("MFG_OP")
    assert my_reading(site, floor.view("MFG_OP")) == []


def test_progress_counts_the_people_who_are_asked_and_names_the_missing(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    join(site, "new.op", "New Operator", "MFG_OP")
    floor.ask("PROC", "MFG_OP", steps=("S002",))
    floor.team.submit(SECOND)
    floor.read("MFG_OP")
    with site.read() as reader:
        found = training_progress(reader, SECOND)
        whole = training_progress(reader, FIRST)
    assert (found["needed"], found["trained"], [one["id"] for one in found["missing"]]) == (2, 1, ["new.op"])
    assert (whole["needed"], whole["trained"]) == (3, 2)


def test_nobody_has_to_read_where_a_revision_says_so(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.act(
        trainings.set_requirement, "PROC", "recipe:MR-ROW-001", revision_id=SECOND, roles=(), reading="Words only: nothing to do."
    )
    floor.second_in_effect()
    with site.read() as reader:
        assert training_progress(reader, SECOND) == {"needed": 0, "trained": 0, "missing": []}
        assert len(reader.rows(TrainingRequirement, revision_id=SECOND)) == 1
    assert my_reading(site, floor.view("MFG_OP")) == []


def test_the_system_needs_no_training_and_gets_none(site: Site) -> None:
    floor = Floor(site, edited(LIMIT_OF_S002))
    floor.team.submit(SECOND)
    with pytest.raises(errors.BatchwrightError):
        perform(
            site, trainings.read_and_understood, actor=SYSTEM, stream="person:system", revision_id=SECOND,
            proof=proof_of(site, floor.team.staff["MFG_OP"]),
        )  # fmt: skip
