"""The catalogue of metrics says what the code shows: names, types, labels, bounds."""

import re
from pathlib import Path
from typing import get_args

from escrow import app, worker
from escrow.bank.client import Heard
from escrow.domain.accounts import AccountKind
from escrow.domain.commands import Command
from escrow.domain.instructions import UNFINISHED
from escrow.domain.outcomes import Outcome, Refusal
from escrow.domain.registry import TYPES
from escrow.events.registry import OUTCOMES
from escrow.ledger.gauges import BANKS_MAX
from escrow.ledger.verify import Scope
from escrow.settings import Settings
from tests.support import catalogue

PAGE = Path(__file__).parents[3] / "services" / "escrow" / "METRICS.md"


def label_sets() -> dict[str, int]:
    """Return how many sets of labels each labelled metric can have."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1/nothing")
    paths = {route.path for route in app.build(settings).state.routes}
    loops = len(re.findall(r"_loop\(\"", Path(worker.__file__).read_text()))
    assert loops, "the worker names its loops where it runs them"
    answers = len(get_args(Outcome)) - 1 + len(Refusal)
    return {
        **catalogue.every_service(len(paths), loops),
        "tuition_escrow_posted_total": len(get_args(Command)) * answers,
        "tuition_escrow_post_duration_seconds": 4,
        "tuition_escrow_balance_yuan": len(AccountKind),
        "tuition_escrow_instructions": len(UNFINISHED),
        "tuition_escrow_instruction_oldest_age_seconds": len(UNFINISHED),
        "tuition_escrow_statement_last_timestamp_seconds": BANKS_MAX,
        "tuition_escrow_dispatch_total": len(Heard),
        "tuition_escrow_registry_events_total": (len(TYPES) + 1) * len(OUTCOMES),
        "tuition_escrow_verification_findings": len(get_args(Scope)),
        "tuition_escrow_verified_timestamp_seconds": len(get_args(Scope)),
    }


def test_the_catalogue_is_what_the_code_shows() -> None:
    on_page, in_code = set(catalogue.documented(PAGE)), set(catalogue.shown("escrow"))
    assert on_page - in_code == set(), "on the page and not in the code"
    assert in_code - on_page == set(), "in the code and not on the page"


def test_every_name_is_on_the_page_once() -> None:
    names = catalogue.names(PAGE)
    assert len(names) == len(set(names))


def test_no_metric_can_have_more_series_than_said() -> None:
    assert catalogue.excess(PAGE, "escrow", label_sets()) == {}
