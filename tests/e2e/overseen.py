"""What one who supervises has to look at: a batch refused, rows set aside, what waits."""

import json
from dataclasses import dataclass
from uuid import UUID

from shared.ids import new_id
from tests.support.postgres import run_sql

VOTER = "supervisor:01a20195-4abc-70d9-9f08-7182df6eca53"
ASIDE = (
    ("白名单!B17", "numeric_id", "institution_id"),
    ("白名单!B4120", "numeric_id", "institution_id"),
    ("白名单!C18", "field_missing", "licence_no"),
    ("白名单!E23", "date_wrong", "valid_until"),
    ("白名单!A31", "row_repeated", None),
)
DISTRICTS = (320_602, 320_612, 320_682)
COUNTS = {
    "added": 12,
    "modified": 3_418,
    "revoked": 2,
    "restored": 0,
    "missing": 7,
    "unchanged": 96_204,
    "set_aside": 5,
}


@dataclass(frozen=True, slots=True)
class Overseen:
    """Where to look."""

    fetch_id: UUID
    refused_id: UUID
    hold_id: UUID


def let_wait(owner_url: str, known: list[str]) -> Overseen:
    """Write what a bad week leaves behind, about institutions that are known."""
    refused_id, fetch_id, import_id, batch_id, hold_id = (new_id() for _ in range(5))
    seen = Overseen(fetch_id, refused_id, hold_id)
    _fetched(owner_url, refused_id, "full", "hash_wrong", "A file's hash is not the manifest's.")
    _fetched(owner_url, fetch_id, "import", "withheld", None)
    _fetched(owner_url, import_id, "import", "previewed", None)
    for number, (place, reason, field) in enumerate(ASIDE):
        whose = f"'{known[0]}'" if number > 1 else "NULL"
        named = f"'{field}'" if field else "NULL"
        run_sql(
            owner_url,
            "INSERT INTO registry.set_aside VALUES"
            f" ('{fetch_id}', {number}, 'national', '{place}', '{reason}',"
            f" {named}, {whose}, now())",
        )
    run_sql(
        owner_url,
        "INSERT INTO registry.import (import_id, source, fetch_id, file_name, uploaded_by,"
        f" uploaded_at, preview, state) VALUES ('{batch_id}', 'national', '{import_id}',"
        " '南通市校外培训机构白名单（2026年第三季度，公示稿）.xlsx',"
        f" '{VOTER}', now(), '{json.dumps({'counts': COUNTS})}', 'preview')",
    )
    _withheld(owner_url, seen, known)
    run_sql(
        owner_url,
        "UPDATE registry.source SET last_result = 'hash_wrong', last_tried_at = now(),"
        " last_change_at = now() - interval '26 hours' WHERE source = 'national'",
    )
    return seen


def _fetched(owner_url: str, fetch_id: UUID, kind: str, result: str, detail: str | None) -> None:
    said = "NULL" if detail is None else "'" + detail.replace("'", "''") + "'"
    run_sql(
        owner_url,
        "INSERT INTO registry.fetch (fetch_id, source, kind, version, started_at, finished_at,"
        f" result, detail, records, sha256) VALUES ('{fetch_id}', 'national', '{kind}',"
        f" {184_233 if kind == 'full' else 'NULL'}, now(), now(), '{result}', {said}, 99643,"
        f" '{'3f2a' * 16}')",
    )


def _withheld(owner_url: str, seen: Overseen, known: list[str]) -> None:
    run_sql(
        owner_url,
        "INSERT INTO registry.hold (hold_id, source, reason, fetch_id, version, changes, detail,"
        f" state, made_at, expires_at) VALUES ('{seen.hold_id}', 'national', 'mass_revocation',"
        f" '{seen.fetch_id}', 184233, 1234, '', 'open', now(), now() + interval '24 hours')",
    )
    for number, institution_id in enumerate(known):
        run_sql(
            owner_url,
            f"INSERT INTO registry.held_site VALUES ('{seen.hold_id}', '{institution_id}',"
            f" '教民13206137000{number}号', '{DISTRICTS[number % 3]}')",
        )
    run_sql(
        owner_url,
        f"INSERT INTO registry.hold_vote VALUES ('{seen.hold_id}', '{VOTER}', 'approve',"
        " '已与省平台电话核对，处罚决定书齐全。', now())",
    )
