"""What may be expected of an odd request: an outcome for each file, a status, a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.journeys.odd_desk import Answer, Case, Desk
from tests.journeys.odd_pictures import Check
from tests.journeys.visitors import CSRF_FIELD, IMAGE_LINK

LONG_BARCODE = 65 * "x"


def answers(*statuses: int, naming: tuple[str, ...] = (), but_not: tuple[str, ...] = ()) -> Check:
    """The command of the row is answered so, by a sentence with these words and none of those."""

    def check(desk: Desk, case: Case) -> None:
        answer = desk.run(case)
        assert answer.status in statuses, answer
        if naming or but_not:
            said = answer.message.lower()
            assert all(word.lower() in said for word in naming), answer
            assert not any(word.lower() in said for word in but_not), answer

    return check


def an_outcome_for_each(*names: str | None) -> Check:
    """Every file that was sent has its line, in order; of a name that nobody can read, any."""

    def check(desk: Desk, case: Case) -> None:
        answer = desk.run(case)
        assert answer.status == 202, answer
        outcomes = answer.body["images"]
        assert len(outcomes) == len(names), answer
        for outcome, name in zip(outcomes, names, strict=True):
            assert outcome["name"] == (name or outcome["name"])
            assert "id" in outcome or outcome["error"], answer

    return check


def samples_answer(*statuses: int, as_: str = "") -> Check:
    """Each sample of the row's file is answered so, in order; the last is kept under a number
    of this form, where # is what was sent.
    """

    def check(desk: Desk, case: Case) -> None:
        bodies = desk.bodies(case.name)
        given = [desk.post("/samples/", body) for body in bodies]
        assert [answer.status for answer in given] == list(statuses), "; ".join(map(str, given))
        if as_:
            number = bodies[-1]["accession_number"][-8:]
            assert given[-1].body["accession_number"] == as_.replace("#", number)

    return check


def the_winner_stays_signed_in() -> Check:
    """Two who refresh with one token at once get one pair between them, and it is good."""

    def check(desk: Desk, case: Case) -> None:
        username, password = desk.installation.password_of("technician")
        token = f"{desk.program.url}/token/"
        pair = requests.post(token, json={"username": username, "password": password}, timeout=30)
        refresh = {"refresh": pair.json()["refresh"]}
        with ThreadPoolExecutor(2) as both:
            given = list(
                both.map(
                    lambda _: requests.post(f"{token}refresh/", json=refresh, timeout=30), range(2)
                )
            )
        assert [answer.status_code for answer in given] == [200, 200]
        assert given[0].json() == given[1].json()
        good = {"Authorization": f"Bearer {given[0].json()['access']}"}
        page = requests.get(f"{desk.program.url}/samples/", headers=good, timeout=30)
        assert page.status_code == 200, page.text

    return check


def no_row_and_a_sentence() -> Check:
    """A search that cannot be made shows no image at all, and says why."""

    def check(desk: Desk, case: Case) -> None:
        sample = desk.program.create_sample()
        picture = (desk.folder / "reference.png").read_bytes()
        desk.program.upload(sample, ("reference.png", picture))
        answer = desk.admin.submit("/history/", {"search": LONG_BARCODE})
        assert not IMAGE_LINK.findall(answer.text)
        assert "at most 64 characters" in answer.text

    return check


def the_second_tab_is_signed_in() -> Check:
    """Two sign-in pages of one browser, sent one after the other, both lead to the dashboard."""

    def check(desk: Desk, case: Case) -> None:
        address = f"{desk.installation.url}/sign-in/"
        username, password = desk.installation.password_of("technician")
        browser = requests.Session()
        forms = [CSRF_FIELD.search(browser.get(address, timeout=30).text) for _ in range(2)]
        for form in forms:
            assert form
            page = browser.post(
                address,
                data={
                    "username": username,
                    "password": password,
                    "csrfmiddlewaretoken": form.group(1),
                },
                headers={"Referer": address},
                timeout=30,
            )
            assert page.status_code == 200, Answer(page.status_code, page.text)
            assert page.url.endswith("/dashboard/"), page.url

    return check
