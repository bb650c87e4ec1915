"""Accounts, told with people: Petra administers, Anna operates, Sam supervises."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from engine import clock, errors, passwords
from engine.actions import people, trainings
from engine.actor import SYSTEM, Actor
from engine.keys import create_keys
from engine.passwords import Proof
from engine.queries.people import person as find_person
from engine.queries.people import person_actor
from engine.sign_in import choose_password, confirm, confirm_other, first_password, sign_in
from engine.site import Site, open_site
from engine.transaction import perform

FIRST, OWN = "Violet-Kettle-41", "Quiet-Copper-88"
SEEN = {"by": "Petra", "how": "passport", "on": "2026-03-01"}


def create(site: Site, login: str, *roles: str, by: Actor = SYSTEM) -> Actor:
    name = f"{login.capitalize()} Test"
    chosen = first_password(login, name, FIRST)
    perform(
        site, people.create_person, actor=by, stream=f"person:{login}", login=login, full_name=name, chosen=chosen,
        identity_verified=SEEN,
    )  # fmt: skip
    for role in roles:
        perform(site, people.grant_role, actor=by, stream=f"person:{login}", person_id=login, role=role)
    return Actor(login, name, frozenset(roles), "person")


def person(site: Site, login: str) -> dict[str, Any]:
    """The account of somebody who must have one."""
    found = find_person(site, login)
    assert found is not None
    return found


def choose_own(site: Site, actor: Actor, old: str = FIRST, new: str = OWN) -> None:
    perform(
        site, people.set_password, actor=actor, stream=f"person:{actor.id}", proof=confirm(site, actor, old),
        chosen=choose_password(site, actor.id, new),
    )  # fmt: skip


@pytest.fixture
def site(database_url, tmp_path):
    passwords.set_cost(passwords.CHEAP)
    create_keys(tmp_path / "keys")
    opened = open_site(database_url, tmp_path / "keys")
    yield opened
    opened.close()


@pytest.fixture
def petra(site) -> Actor:
    return create(site, "petra", "SYS_ADM")


@pytest.fixture
def anna(site) -> Actor:
    return create(site, "anna", "MFG_OP")


def act_on(site: Site, action, actor: Actor, person_id: str, **arguments):
    return perform(site, action, actor=actor, stream=f"person:{person_id}", person_id=person_id, **arguments)


def journal(site: Site, stream: str) -> list[tuple[str, str]]:
    with site.read() as reader:
        mark = reader.mark
        return reader.fetch(f"SELECT tag, body FROM journal WHERE stream = {mark} ORDER BY seq", stream)


def test_anna_signs_in_with_her_login_in_any_case_and_her_password(site, anna):
    answer = sign_in(site, " Anna ", FIRST, session_id="s1")
    assert (answer["person_id"], answer["password_expired"], answer["accepted"]) == ("anna", True, False)


@pytest.mark.requirement("P11-33")
def test_the_fifth_wrong_password_locks_the_account_and_each_is_a_critical_entry(site, anna):
    for _ in range(people.ATTEMPTS):
        with pytest.raises(errors.SignInRefusedError):
            sign_in(site, "anna", "wrong", session_id="s1")
    with pytest.raises(errors.SignInRefusedError):
        sign_in(site, "anna", FIRST, session_id="s1")
    assert person(site, "anna")["state"] == "locked"
    assert [tag for tag, _ in journal(site, "person:anna")][-2:] == ["person:locked", "password:refused"]


def test_a_right_password_forgets_the_wrong_ones_before_it(site, anna):
    for _ in range(3):
        for _ in range(people.ATTEMPTS - 1):
            with pytest.raises(errors.SignInRefusedError):
                sign_in(site, "anna", "wrong", session_id="s1")
        sign_in(site, "anna", FIRST, session_id="s1")
    assert person(site, "anna")["state"] == "active"


@pytest.mark.requirement("P11-33")
def test_an_unknown_login_is_refused_in_the_same_words_and_what_was_typed_is_not_kept(site):
    with pytest.raises(errors.SignInRefusedError) as refused:
        sign_in(site, "my-secret-password", "x", session_id="s1")
    assert refused.value.message == errors.SignInRefusedError().message
    assert "my-secret" not in str(journal(site, "site"))
    assert journal(site, "site")[-1][0] == "session:refused"


@pytest.mark.requirement("P11-30")
def test_no_password_and_no_hash_is_in_any_trail(site, anna):
    choose_own(site, anna)
    trail = str(journal(site, "person:anna"))
    assert FIRST not in trail
    assert OWN not in trail
    assert "argon2" not in trail


@pytest.mark.requirement("P11-30")
def test_a_first_password_opens_nothing_but_the_form_to_change_it(site, anna):
    assert person_actor(site, "anna", session_epoch=1, session_id="s1") is None
    choose_own(site, anna)
    actor = person_actor(site, "anna", session_epoch=2, session_id="s1")
    assert actor is not None
    assert actor.roles == {"MFG_OP"}


@pytest.mark.requirement("P11-31")
def test_the_last_five_passwords_are_refused_and_the_sixth_is_not(site, anna):
    words = [FIRST, OWN, "Silver-Lantern-3", "Marble-Pigeon-7", "Cobalt-Thicket-9"]
    for old, new in pairwise(words):
        choose_own(site, anna, old, new)
    for word in words:
        with pytest.raises(errors.PasswordRefusedError):
            choose_password(site, "anna", word)
    choose_own(site, anna, words[-1], "Amber-Saddle-15")
    assert choose_password(site, "anna", FIRST)


@pytest.mark.requirement("P11-29")
def test_signing_in_alone_locking_and_a_new_password_end_earlier_sessions(site, anna):
    choose_own(site, anna)
    first = sign_in(site, "anna", OWN, session_id="s1", alone=True)["session_epoch"]
    second = sign_in(site, "anna", OWN, session_id="s2", alone=True)["session_epoch"]
    assert person_actor(site, "anna", session_epoch=first, session_id="s1") is None
    assert person_actor(site, "anna", session_epoch=second, session_id="s2")
    perform(site, people.end_sessions, actor=anna, stream="person:anna", why="locked")
    assert person_actor(site, "anna", session_epoch=second, session_id="s2") is None


@pytest.mark.requirement("P11-32")
def test_a_leaver_is_out_at_once_and_for_good(site, petra, anna):
    choose_own(site, anna)
    act_on(site, people.deactivate_person, petra, "anna", reason="left the company")
    assert person_actor(site, "anna", session_epoch=2, session_id="s1") is None
    with pytest.raises(errors.SignInRefusedError):
        sign_in(site, "anna", OWN, session_id="s1")


@pytest.mark.requirement("P11-26")
def test_a_login_is_never_given_twice_not_even_a_leavers(site, petra, anna):
    act_on(site, people.deactivate_person, petra, "anna", reason="left the company")
    with pytest.raises(errors.LoginTakenError):
        create(site, "Anna")


@pytest.mark.requirement("P11-27")
@pytest.mark.parametrize("missing", ["by", "how", "on"])
def test_an_account_needs_who_verified_the_identity_how_and_when(site, missing):
    with pytest.raises(errors.PersonFieldError):
        perform(
            site, people.create_person, actor=SYSTEM, stream="person:eva", login="eva", full_name="Eva",
            chosen=first_password("eva", "Eva", FIRST), identity_verified=SEEN | {missing: " "},
        )  # fmt: skip


@pytest.mark.requirement("A11-14")
def test_rights_given_and_taken_are_in_the_trail_with_the_reason(site, petra, anna):
    act_on(site, people.grant_role, petra, "anna", role="MFG_WIT")
    act_on(site, people.revoke_role, petra, "anna", role="MFG_WIT", reason="moved to storage")
    assert [tag for tag, _ in journal(site, "person:anna")][-2:] == ["role:granted", "role:revoked"]
    assert "moved to storage" in journal(site, "person:anna")[-1][1]
    assert person(site, "anna")["roles"] == ["MFG_OP"]
    assert person(site, "anna")["former_roles"] == ["MFG_WIT"]


@pytest.mark.requirement("D11-03", "DI-14")
def test_an_administrator_holds_no_other_role_and_gives_none_to_herself(site, petra, anna):
    with pytest.raises(errors.RoleConflictError):
        act_on(site, people.grant_role, SYSTEM, "petra", role="MFG_OP")
    with pytest.raises(errors.RoleConflictError):
        act_on(site, people.grant_role, petra, "anna", role="SYS_ADM")
    with pytest.raises(errors.OwnAccountError):
        act_on(site, people.grant_role, petra, "petra", role="SYS_ADM")


@pytest.mark.parametrize("action", [people.grant_role, people.deactivate_person, people.unlock_account])
def test_only_the_administrator_works_on_accounts(site, petra, anna, action):
    arguments = {"role": "QA_FLR"} if action is people.grant_role else {"reason": "because"}
    with pytest.raises(errors.NotPermittedError):
        act_on(site, action, anna, "petra", **arguments)


@pytest.mark.requirement("P11-30")
def test_a_reset_needs_a_second_person_who_is_neither_administrator_nor_owner(site, petra, anna):
    chosen = first_password("anna", "Anna", "Silver-Lantern-3")
    sam = create(site, "sam", "MFG_SUP")
    for witness, right in ((petra, errors.OwnAccountError), (anna, errors.OwnAccountError), (sam, None)):
        actor, proof = confirm_other(site, witness.id, FIRST)
        ask = {"chosen": chosen, "witness": actor, "witness_proof": proof, "reason": "forgotten"}
        if right:
            with pytest.raises(right):
                act_on(site, people.reset_password, petra, "anna", **ask)
        else:
            act_on(site, people.reset_password, petra, "anna", **ask)
    assert sign_in(site, "anna", "Silver-Lantern-3", session_id="s1")["password_expired"]


def test_a_proof_is_worth_nothing_after_the_password_changed(site, anna):
    old = confirm(site, anna, FIRST)
    choose_own(site, anna)
    with pytest.raises(errors.SignInRefusedError):
        perform(site, people.accept_statement, actor=anna, stream="person:anna", proof=old)
    with pytest.raises(errors.SignInRefusedError):
        perform(site, people.open_session, actor=anna, stream="person:anna", proof=Proof("anna", ""))


@pytest.mark.requirement("P11-20")
def test_the_statement_is_accepted_with_the_own_password_and_its_words_are_on_record(site, anna):
    perform(site, people.accept_statement, actor=anna, stream="person:anna", proof=confirm(site, anna, FIRST))
    assert person(site, "anna")["accepted_esig_at"]
    assert people.STATEMENT in journal(site, "person:anna")[-1][1]


@pytest.mark.requirement("P11-30")
def test_nobody_signs_with_anothers_proof(site, petra, anna):
    with pytest.raises(errors.NotPermittedError):
        perform(site, people.accept_statement, actor=petra, stream="person:petra", proof=confirm(site, anna, FIRST))


def test_training_is_recorded_by_a_supervisor_never_by_oneself(site, anna):
    sam = create(site, "sam", "MFG_SUP")
    now = clock.now()
    course = {"recipe_id": "MR-X-001", "revision": "1.0", "valid_from": now, "valid_until": now + timedelta(days=365)}
    act_on(site, trainings.record_training, sam, "anna", **course)
    assert person(site, "anna")["training"][0]["valid"]
    with pytest.raises(errors.OwnAccountError):
        act_on(site, trainings.record_training, sam, "sam", **course)
    with pytest.raises(errors.NotPermittedError):
        act_on(site, trainings.record_training, anna, "sam", **course)
