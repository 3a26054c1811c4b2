"""The router ranks, explains, abstains, and is the same whenever it is trained on the same letters."""

from __future__ import annotations

import numpy as np
import pytest

from classify import Abstained, Budget, Example, NothingKnown, TrainedRouter, decide, evaluate, train

from .small_town import UNITS, letter, letters


@pytest.fixture(scope="module")
def router() -> TrainedRouter:
    return train(letters(), UNITS, catalogue=())


def test_the_responsible_unit_comes_first(router: TrainedRouter) -> None:
    assert router.rank(Example(letter("Biotonne"))).candidates[0].unit == "70"


def test_confidences_are_ordered_and_sum_to_at_most_one(router: TrainedRouter) -> None:
    confidences = [c.confidence for c in router.rank(Example(letter("Kanal", "Biotonne"))).candidates]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1 + 1e-9


def test_every_unit_is_in_the_ranking_once(router: TrainedRouter) -> None:
    units = [c.unit for c in router.rank(Example(letter("Kanal"))).candidates]
    assert sorted(units) == sorted(u.code for u in UNITS)


def test_single_ocr_slips_do_not_mislead(router: TrainedRouter) -> None:
    assert router.rank(Example("Die 8iotonne und der Rcstmüll wurden nicht abgeho1t")).candidates[0].unit == "70"


def test_a_file_reference_with_the_code_of_a_unit_speaks_for_it(router: TrainedRouter) -> None:
    assert router.rank(Example("zu 34.2-E 112/25, anbei die Unterlagen")).candidates[0].unit == "34"


def test_explanation_names_words_as_written(router: TrainedRouter) -> None:
    words = router.explain(Example(letter("Sperrmüll")), "70")
    assert "Sperrmüll" in words
    assert all(word in letter("Sperrmüll") for word in words)


def test_explanation_names_no_person(router: TrainedRouter) -> None:
    assert not {"Erika", "Beispiel", "Musterort"} & set(router.explain(Example(letter("Sperrmüll")), "70", 50))


def test_precedents_are_ids_of_similar_letters(router: TrainedRouter) -> None:
    found = router.similar(Example(letter("Biotonne")), 3)
    assert found[0][0].startswith("70-")
    assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)


def test_letters_without_an_id_are_no_precedents() -> None:
    nameless = [Example(e.text, e.unit) for e in letters()]
    assert train(nameless, UNITS, catalogue=()).similar(nameless[0]) == ()


def test_a_letter_like_nothing_seen_is_not_routed(router: TrainedRouter) -> None:
    asked = Example("Dear customer, your subscription of the astronomy magazine expires soon.")
    assert isinstance(decide(router, asked, Budget()), Abstained)


def test_a_letter_without_text_is_not_routed(router: TrainedRouter) -> None:
    decision = decide(router, Example(" \f 12 "), Budget())
    assert isinstance(decision, Abstained)
    assert decision.reason == "no_text"


def test_a_stricter_budget_never_has_a_lower_threshold(router: TrainedRouter) -> None:
    values = [router.threshold(Budget(share))[0] for share in (0.01, 0.02, 0.05)]
    assert values == sorted(values, reverse=True)


def test_training_twice_gives_the_same_router() -> None:
    first, second = (train(letters(), UNITS, catalogue=(), seed=3) for _ in range(2))
    assert np.array_equal(first.linear.coef, second.linear.coef)
    assert first.card.thresholds == second.card.thresholds


def test_fingerprint_does_not_depend_on_the_order() -> None:
    first, second = train(letters(), UNITS, catalogue=()), train(letters()[::-1], UNITS, catalogue=())
    assert first.card.training_sha256 == second.card.training_sha256


def test_labels_may_name_units_without_duties() -> None:
    assert "99" in train([*letters(), Example("Wahlhelfer", "99")], UNITS, catalogue=()).units


def test_with_nothing_to_learn_from_training_is_refused() -> None:
    with pytest.raises(NothingKnown):
        train([], [])


def test_evaluation_has_what_the_command_line_promises(router: TrainedRouter) -> None:
    found = evaluate(router, letters(), Budget()).as_json()
    assert {"n", "accuracy", "macro_f1", "top3", "threshold", "provisional", "routed_share"} <= set(found)
    assert set(found["coverage"]) == {"0.01", "0.02", "0.05"}
    assert set(found["per_unit"]["22"]) == {"n", "precision", "recall", "f1"}


def test_evaluation_agrees_with_the_decisions(router: TrainedRouter) -> None:
    examples, budget = letters(each=3), Budget(0.05)
    routed = sum(not isinstance(decide(router, e, budget), Abstained) for e in examples)
    assert evaluate(router, examples, budget).routed_share == pytest.approx(routed / len(examples))
