"""Query strings: what is unknown is refused, what is empty is not there."""

import httpx
import pytest

from shared.errors import Malformed
from shared.web.queries import checked
from tests.support.tables import cases

KNOWN = frozenset({"limit", "state", "名"})

# query               left
TAKEN = """
  limit=5             limit=5
  limit=5&state=open  limit=5&state=open
  limit=&state=open   state=open
  limit&state=open    state=open
  limit=              -
  limit               -
  l%69mit=5           l%69mit=5
  limit=5&            limit=5
  limit=5&&state=a    limit=5&state=a
  state=a+b           state=a+b
  state=a=b           state=a=b
  state=%zz           state=%zz
  %E5%90%8D=1         %E5%90%8D=1
"""


@cases(TAKEN)
def test_known_parameters_pass(row: list[str]) -> None:
    assert checked(row[0].encode(), KNOWN) == row[1].encode()


# query               pointer
UNKNOWN = """
  stat=open           /query/stat
  limit=5&stat=       /query/stat
  Limit=5             /query
  =null               /query
  =                   /query
  state=%00           -
  %00=1               -
  limit=1&limit=1     -
  limit=1&l%69mit=2   -
  limit=1&limit=      -
"""


@cases(UNKNOWN)
def test_all_else_is_refused(row: list[str]) -> None:
    with pytest.raises(Malformed) as caught:
        checked(row[0].encode(), KNOWN)
    assert [error.pointer for error in caught.value.errors][:1] == ([row[1]] if row[1] else [])


async def test_a_misspelt_filter_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer auditor"}
    answer = await client.get("/v1/lessons?lmit=5", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/query/lmit",
            "code": "extra_forbidden",
            "detail": "This parameter is not known here.",
        }
    ]


async def test_the_institution_may_be_named_everywhere(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer auditor"}
    answer = await client.get("/v1/lessons?institution_id=x", headers=headers)
    assert answer.status_code == 200


async def test_who_needs_no_key_may_ask_as_it_likes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz?probe=1")).status_code == 200
    assert (await client.get("/openapi.json?v=2")).status_code == 200
