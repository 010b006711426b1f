"""Reports from viewers join one case."""

from uuid import uuid4

from moderation.findings import Surface
from moderation.reports.service import REPORTS_PER_HOUR, FixedReportables, ReportedSubject
from moderation.runtime import Moderation
from tests.moderation.conftest import People, create_case

FORM = {"subject_type": "message", "subject_id": "m1", "category": "abuse", "note": "骂人"}


async def test_reports_join_one_case_and_one_person_counts_once(
    moderation: Moderation, people: People, reportables: FixedReportables
) -> None:
    author = people.viewer.principal.user_id
    reportables.subjects["message", "m1"] = ReportedSubject(Surface.CHAT, None, author, "阴阳怪气")
    ids = {
        (await user.client.post("/api/reports", json=FORM)).json()["case_id"]
        for user in (people.ben, people.ben, people.admin)
    }
    assert len(ids) == 1
    case = (await people.ada.client.get(f"/api/moderation/cases/{ids.pop()}")).json()
    assert (case["text"], case["reports"], case["visible"]) == ("阴阳怪气", 2, True)
    assert case["findings"] == []
    assert case["urgency"] == 60


async def test_a_report_joins_what_the_screen_has_found(
    moderation: Moderation, people: People, reportables: FixedReportables
) -> None:
    reportables.subjects["message", "m1"] = ReportedSubject(Surface.CHAT, None, None, "x")
    case = await create_case(moderation, subject=("message", "m1"))
    answer = await people.viewer.client.post("/api/reports", json=FORM)
    assert answer.json() == {"case_id": str(case)}


async def test_what_is_not_there_cannot_be_reported_nor_by_guests(
    moderation: Moderation, people: People
) -> None:
    gone = await people.viewer.client.post("/api/reports", json=FORM | {"subject_id": str(uuid4())})
    assert (gone.status_code, gone.json()["code"]) == (404, "subject_gone")
    assert (await people.ada.client.get("/api/moderation/cases")).json()["total"] == 0


async def test_a_flood_of_reports_is_stopped(
    moderation: Moderation, people: People, reportables: FixedReportables
) -> None:
    for n in range(REPORTS_PER_HOUR + 1):
        reportables.subjects["message", str(n)] = ReportedSubject(Surface.CHAT, None, None, "x")
    codes = [
        (await people.viewer.client.post("/api/reports", json=FORM | {"subject_id": str(n)})).status_code
        for n in range(REPORTS_PER_HOUR + 1)
    ]
    assert codes == [201] * REPORTS_PER_HOUR + [429]
