"""What registry-sync is started with: its sources, and the city's institutions on the list."""

from datetime import date
from pathlib import Path

from registry_sync.settings import read_sources
from sandbox import mirror
from sandbox.city.places import places
from sandbox.platform.listings import Listing
from sandbox.platform.signing import Signer


def test_the_sources_are_ones_that_the_registry_takes(tmp_path: Path) -> None:
    path = tmp_path / "registry-sources.yaml"
    mirror.write_sources(path, "http://127.0.0.1:8020", Signer("platform:7").public_key)
    platform, sheet = read_sources(path)
    assert (platform.name, platform.rank, platform.mapping) == ("national", 1, "national")
    assert platform.allowed_hosts == {"127.0.0.1"}
    assert (sheet.name, sheet.kind, sheet.rank) == ("nantong_white_list", "sheet", 3)


def test_the_city_is_listed_in_good_standing() -> None:
    city = places(1)
    today = date(2026, 11, 28)
    rows = [Listing.model_validate(mirror.listed(place)).whole(today) for place in city]
    assert len({row["uscc"] for row in rows}) == len(city) == 36
    sound = {"orgStatus": "正常", "hasLicence": "1", "hasRegistration": "1", "whiteList": "1"}
    assert all(sound.items() <= row.items() for row in rows)
    assert [row["orgType"] == "1" for row in rows] == [
        place.category == "subject" for place in city
    ]
    assert [row["regionCode"] for row in rows] == [place.district_code for place in city]
