"""What the authority does on a Saturday: a freeze in the afternoon, left until next week."""

from datetime import date

from sandbox.city.enrolment import Class
from sandbox.city.memory import Memory
from sandbox.city.places import Place
from sandbox.city.timetable import FREEZE_AFTER
from sandbox.city.town import Town


async def lift_last_freeze(town: Town, memory: Memory, day: date) -> None:
    """Lift the freeze that last Saturday left, so that what it retained is paid."""
    if memory.freeze_id is None:
        return
    body = {"reason": "复查合格", "document_no": f"示例解冻〔{day:%Y}〕{day:%m%d}号"}
    path = f"/v1/freezes/{memory.freeze_id}/lift"
    await town.supervisor.post(path, body, f"lift-{memory.freeze_id}")
    memory.freeze_id = None


async def freeze(town: Town, memory: Memory, places: list[Place], day: date) -> None:
    """Freeze the payouts of one institution that still teaches this afternoon."""
    place = _chosen(memory.classes, places, len(memory.played))
    body = {
        "scope": "payout",
        "reason": "举报核查",
        "authority": "示例区教育局",
        "document_no": f"示例冻结〔{day:%Y}〕{day:%m%d}号",
    }
    path = f"/v1/institutions/{place.id}/freezes"
    answer = await town.supervisor.post(path, body, f"freeze-{place.id}-{day}")
    memory.freeze_id = answer["id"]
    town.tally.freezes += 1


def _chosen(classes: list[Class], places: list[Place], turn: int) -> Place:
    """Take turns among institutions without a floor that teach after the freeze."""
    late = {group.institution_id for group in classes if group.bell >= FREEZE_AFTER}
    fitting = [place for place in places if place.id in late and not place.floor_rules]
    return fitting[turn * 5 % len(fitting)]
