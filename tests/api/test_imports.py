"""What an author pastes: limit phrases are read over the API, each for itself."""

from __future__ import annotations

from tests.api.conftest import AsRole


def test_an_author_has_pasted_phrases_read_each_for_itself(as_role: AsRole) -> None:
    texts = ["25.0 ± 0.5 g", "< 0.25", "as usual 12 ways", "Performed by", "not detected"]
    answer = as_role("PROC").post("/recipes/phrases", {"texts": texts, "unit": "EU/mL"})
    weight, assay, prose, signature, text = answer.get_json()["phrases"]
    assert (weight["uom"], weight["target"], weight["par_low"], weight["par_high"]) == ("g", "25.0", "24.5", "25.5")
    assert (assay["uom"], assay["par_high"], assay["exclusive"], assay["qualifier"]) == ("EU/mL", "0.25", ["par_high"], True)
    assert prose["text"] == texts[2]
    assert prose["problem"]
    assert signature["type"] == ""
    assert text["choices"] == ["not detected", "detected"]


def test_too_many_phrases_are_refused(as_role: AsRole) -> None:
    assert as_role("PROC").post("/recipes/phrases", {"texts": ["1"] * 1001}).status_code == 422
