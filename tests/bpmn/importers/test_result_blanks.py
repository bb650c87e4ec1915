"""The blanks of a paper record, and the limits that stand in its instructions."""

import pytest

from bpmn.importers.result_blanks import blanks_of, limits_said


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ("Weight: ______ g", [("Weight", "num", "g")]),
        ("______ mL", [("", "num", "mL")]),
        ("Volume: ____ L\nStart: ____ End: ____", [("Volume", "num", "L"), ("Start", "date_time", ""), ("End", "date_time", "")]),
        ("Temp ____ °C pH ____", [("Temp", "num", "C"), ("pH", "num", "pH")]),
        ("Filter lot: ........", [("Filter lot", "text", "")]),
        ("Date: __/__/____", [("Date", "date_time", "")]),
        ("Done by: ______  Date: ______", [("Date", "date_time", "")]),
        ("", []), ("no blank at all", []),
    ],
)  # fmt: skip
def test_what_is_filled_in(result, found):
    assert [(blank.label, blank.phrase.type, blank.phrase.uom) for blank in blanks_of(result)] == found


@pytest.mark.parametrize(
    ("instruction", "uom", "found"),
    [
        ("Weigh 58.44 g (58.0 – 58.9 g) of salt into a beaker.", "g", [("58.44 g (58.0 – 58.9 g)", "58.0", "58.9")]),
        ("Add WFI to 1.0 L (0.98–1.02 L) and stir NLT 15 minutes.", "min", [("NLT 15 minutes", "15", "")]),
        ("Hold at 2-8 °C for NMT 24 hours.", "C", [("2-8 °C", "2", "8")]),
        ("Measure the pH. Limit: 7.0 – 7.4", "pH", [("Limit: 7.0 – 7.4", "7.0", "7.4")]),
        ("Heat to 37 ± 1 °C, cool to 2 to 8 °C.", "C", [("37 ± 1 °C", "36", "38"), ("2 to 8 °C", "2", "8")]),
        ("Filter through a 0.22 µm filter.", "um", []),
        ("Stir for 15 minutes at 100 rpm.", "rpm", []),
    ],
)
def test_limits_in_an_instruction_are_of_one_unit(instruction, uom, found):
    assert [(words, phrase.par_low, phrase.par_high) for words, phrase in limits_said(instruction, uom)] == found
