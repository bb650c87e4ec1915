"""Passwords: what is refused, what is kept, what proves a person."""

import pytest

from engine import passwords

GOOD = "Violet-Kettle-41"


@pytest.fixture(autouse=True)
def _cheap():
    passwords.set_cost(passwords.CHEAP)


def test_a_password_is_kept_as_a_salted_hash_only():
    first, second = passwords.hash_password(GOOD), passwords.hash_password(GOOD)
    assert first != second
    assert GOOD not in first
    assert passwords.matches(first, GOOD)
    assert not passwords.matches(first, GOOD + "x")


@pytest.mark.parametrize("damaged", ["", "not a hash", "$argon2id$v=19$m=8"])
def test_nobody_proves_anything_against_no_hash_or_a_damaged_one(damaged):
    assert not passwords.matches(damaged, GOOD)


@pytest.mark.requirement("P11-31")
@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Violet-Kett", "at least 12"),
        ("x" * 257, "at most 256"),
        ("anna.krueger-12", "your login or your name"),
        ("Violet-Grünwald-7", "your login or your name"),
        ("Password2026!!", "common word"),
        ("Welcome!Summer2027", "common word"),
        ("abcabcabcabc", "repeats"),
        ("481516234223", "only digits"),
        ("qwertzuiop-7", "keyboard"),
        ("poiuztrewq-7", "keyboard"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused_with_the_reason(password, word):
    assert any(word in p for p in passwords.problems(password, login="anna.krueger", full_name="Anna Grünwald"))


@pytest.mark.requirement("P11-31")
def test_the_last_passwords_are_not_taken_again():
    former = [passwords.hash_password(GOOD)]
    assert passwords.problems(GOOD, login="anna", former_hashes=former) != []
    assert passwords.problems("Quiet-Copper-88", login="anna", former_hashes=former) == []


def test_a_proof_shows_no_hash_when_it_is_logged():
    assert "argon2" not in repr(passwords.Proof("p1", passwords.hash_password(GOOD)))
