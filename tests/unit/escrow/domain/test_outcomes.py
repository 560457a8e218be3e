"""What became of a command, as a caller reads it."""

from uuid import UUID

from escrow.domain.outcomes import Refusal, Refused, is_transient


def test_only_a_frozen_institution_is_worth_trying_again() -> None:
    assert [one for one in Refusal if is_transient(one)] == [Refusal.institution_frozen]


def test_every_refusal_is_classified_and_has_a_sentence_of_its_own() -> None:
    sentences = [one.sentence for one in Refusal]
    assert all(one.endswith(".") and one[0].isupper() for one in sentences)
    assert len(set(sentences)) == len(sentences)
    assert all(is_transient(one) in {True, False} for one in Refusal)


def test_a_refusal_is_its_code() -> None:
    assert Refusal("already_released") is Refusal.already_released
    assert str(Refusal.already_released) == "already_released"
    assert Refusal.already_released.value == "already_released"


def test_a_refusal_says_why_and_in_which_field() -> None:
    plain = Refused(Refusal.id_reused)
    named = Refused(Refusal.id_reused, UUID(int=1), "taught_at")
    assert plain.detail == "The id was used before, with other content."
    assert named.detail == ("The id was used before, with other content. It differs in taught_at.")
    assert (named.movement_id, named.field) == (UUID(int=1), "taught_at")


def test_codes_that_only_the_edge_gives_are_kept_here_too() -> None:
    codes = {"currency_not_supported", "account_taken", "instruction_not_open", "freeze_unknown"}
    assert codes <= {str(one) for one in Refusal}
