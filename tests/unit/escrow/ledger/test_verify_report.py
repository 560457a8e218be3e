"""How findings are put in order and kept in bounds."""

from escrow.ledger.verify.report import FINDINGS_MAX, Finding, ranked


def finding(table: str, key: str, rule: str = "amount_fen") -> Finding:
    return Finding(table, key, rule, "1", "2")


def test_the_row_that_most_others_contradict_comes_first() -> None:
    found = ranked(
        [
            finding("lesson", "I/C/1/1", "amount_fen"),
            finding("movement", "I/7", "amount_fen"),
            finding("movement", "I/7", "contract_id"),
        ]
    )
    assert found[0].key == "I/7"


def test_a_sum_comes_after_the_rows_it_is_made_of() -> None:
    found = ranked([finding("balance", "I", "tuition_held"), finding("lesson", "I/C/1/1")])
    assert [one.table for one in found] == ["lesson", "balance"]


def test_the_same_finding_is_kept_once() -> None:
    assert len(ranked([finding("lesson", "I/C/1/1"), finding("lesson", "I/C/1/1")])) == 1


def test_a_bounded_number_of_a_kind_is_kept() -> None:
    many = [finding("lesson", f"I/C/{number}/1") for number in range(FINDINGS_MAX + 50)]
    kept = ranked([*many, finding("movement", "I/1")])
    assert len(kept) == FINDINGS_MAX + 1


def test_a_finding_knows_its_institution() -> None:
    assert finding("lesson", "I/C/1/1").institution_id == "I"
