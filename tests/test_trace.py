"""An auditor asks which test proves a requirement."""

import pytest

from tests import trace

pytest_plugins = ["pytester"]


@pytest.fixture
def other_suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(
        "[pytest]\nmarkers = requirement(*ids): proves\n    xdist_group: together\n    browser: b\n    crash: c"
    )
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    return pytester


def test_all_requirements_are_listed_once():
    requirements = trace.read_requirements()
    assert len(requirements) == 166
    assert all(requirement.kind in {"T", "E", "O", "T/E", "T/O", "O/E"} for requirement in requirements.values())


def test_a_requirement_counts_as_proven_only_with_a_test():
    requirements = trace.read_requirements()
    text = trace.report(trace.Trace({"P11-11": ["tests/test_a.py::test_a"]}), requirements)
    assert "166 requirements: 1 proven by tests, 165 not proven" in text
    assert "tests/test_a.py::test_a" in text


@pytest.mark.parametrize(("outcome", "proven"), [("passed", 1), ("failed", 0), (None, 0)])
def test_with_results_only_a_test_that_passed_proves(outcome, proven):
    results = {"t::a": outcome} if outcome else {}
    text = trace.report(trace.Trace({"N-01": ["t::a"]}, results), trace.read_requirements())
    assert f"{proven} proven" in text


def test_marks_are_collected_once_however_many_parameters_a_test_has(other_suite):
    (other_suite.path / "tests").mkdir()
    other_suite.path.joinpath("tests", "test_batches.py").write_text(
        "import pytest\n@pytest.mark.requirement('N-01')\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n): pass"
    )
    assert trace.collect(other_suite.path).tests == {"N-01": ["tests/test_batches.py::test_it"]}


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [('"P11-99"', "no requirement is called 'P11-99'"), ('"N-01", "N-02", "N-03", "N-04"', "proves 4 requirements")],
)
def test_a_wrong_mark_stops_the_run(other_suite, ids, complaint):
    other_suite.makepyfile(f"import pytest\n@pytest.mark.requirement({ids})\ndef test_it(): pass")
    result = other_suite.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert complaint in result.stderr.str()


def test_a_right_mark_does_not(other_suite):
    other_suite.makepyfile('import pytest\n@pytest.mark.requirement("N-01", "N-02")\ndef test_it(): pass')
    other_suite.runpytest().assert_outcomes(passed=1)
