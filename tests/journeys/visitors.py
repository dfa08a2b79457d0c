"""Who visits an installation: a person with a browser, and a program with a token."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import requests

from tests.journeys.installation import Installation

FINAL = {"succeeded", "failed"}
IMAGE_LINK = re.compile(r"/images/([0-9a-f-]{36})/")
CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Person:
    """Somebody who signs in and opens pages."""

    def __init__(
        self, installation: Installation, role: str, names: tuple[str, str] | None = None
    ) -> None:
        self.url = installation.url
        self.session = requests.Session()
        username, password = names or installation.password_of(role)
        answer = self.submit("/sign-in/", {"username": username, "password": password})
        if "/sign-in/" in answer.url:
            raise AssertionError(f"the {role} was not signed in: {answer.status_code}")

    def open(self, path: str, **params: str) -> requests.Response:
        return self.session.get(self.url + path, params=params, timeout=30)

    def submit(
        self, path: str, fields: dict[str, str], files: list[tuple[str, Any]] | None = None
    ) -> requests.Response:
        """Open the page of a form, fill it in and send it."""
        token = CSRF_FIELD.search(self.open(path).text)
        if token is None:
            raise AssertionError(f"{path} holds no form")
        return self.session.post(
            self.url + path,
            data={**fields, "csrfmiddlewaretoken": token.group(1)},
            files=files,
            headers={"Referer": self.url + path},
            timeout=60,
        )

    def press(self, path: str, *, on: str, **fields: str) -> requests.Response:
        """Press a button of the page `on` that sends these fields to `path`."""
        token = CSRF_FIELD.search(self.open(on).text)
        if token is None:
            raise AssertionError(f"{on} holds no form")
        return self.session.post(
            self.url + path,
            data={**fields, "csrfmiddlewaretoken": token.group(1)},
            headers={"Referer": self.url + on},
            timeout=60,
        )

    def wait_for(self, path: str, *, within_s: float) -> str:
        """Poll a part of a page, as the page does, until it stops asking for itself."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            part = self.open(path).text
            if "hx-trigger" not in part:
                return part
            time.sleep(0.3)
        raise AssertionError(f"{path} still waits: {self.open(path).text[:400]}")

    def upload(self, accession_number: str, *images: tuple[str, bytes]) -> list[str]:
        """Send pictures on the upload page; return the ids of the images it links to."""
        files = [("files", image) for image in images]
        answer = self.submit("/upload/", {"accession_number": accession_number}, files)
        if answer.status_code >= 400:
            raise AssertionError(f"the upload page answered {answer.status_code}")
        return list(dict.fromkeys(IMAGE_LINK.findall(answer.text)))

    def watch(self, image_id: str, *, within_s: float = 60) -> str:
        """The status part of an image's page once it stopped asking for itself."""
        return self.wait_for(f"/images/{image_id}/status/", within_s=within_s)


class Program:
    """Something that speaks to the API with a token of a demo user."""

    def __init__(
        self,
        installation: Installation,
        role: str = "technician",
        names: tuple[str, str] | None = None,
    ) -> None:
        self.url = f"{installation.url}/api/v1"
        self.session = requests.Session()
        username, self.password = names or installation.password_of(role)
        self._names = {"username": username, "password": self.password}
        self._fresh_until = 0.0

    def token(self) -> str:
        """A token that is good for some minutes more."""
        if time.monotonic() > self._fresh_until:
            token = requests.post(f"{self.url}/token/", json=self._names, timeout=30)
            token.raise_for_status()
            self._token = str(token.json()["access"])
            self._fresh_until = time.monotonic() + 300
        return self._token

    def _call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        self.session.headers["Authorization"] = f"Bearer {self.token()}"
        return self.session.request(method, self.url + path, timeout=60, **kwargs)

    def get(self, path: str, *, status: int = 200, **params: str) -> Any:
        """What a path answers, as JSON."""
        answer = self._call("GET", path, params=params)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, body: Any, *, status: int, key: str = "") -> Any:
        """Send JSON and read the answer, with an Idempotency-Key where one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._call("POST", path, json=body, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """The answer as it comes."""
        return self._call(method, path, **kwargs)

    def create_sample(self, accession_number: str | None = None, **said: str) -> str:
        """Create a sample, with what else is `said` of it; return its id."""
        number = accession_number or f"T-{uuid.uuid4().hex[:12]}"
        answer = self._call("POST", "/samples/", json={"accession_number": number, **said})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def upload(self, sample_id: str, *images: tuple[str, bytes]) -> list[dict[str, Any]]:
        """Send pictures into a sample; return one outcome each, in their order."""
        files = [("files", image) for image in images]
        answer = self._call("POST", f"/samples/{sample_id}/images/", files=files)
        assert answer.status_code == 202, answer.text
        return list(answer.json()["images"])

    def predict(self, image: tuple[str, bytes], *, wait_s: int) -> requests.Response:
        """Send one picture and wait for its result."""
        return self._call("POST", f"/predict/?wait={wait_s}", files={"image": image})

    def image(self, image_id: str) -> dict[str, Any]:
        """An image as the API tells it now."""
        answer = self._call("GET", f"/images/{image_id}/")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def result(self, image_id: str, *, within_s: float = 60) -> dict[str, Any]:
        """An image once it came to its end."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            image = self.image(image_id)
            if image["status"] in FINAL:
                return image
            time.sleep(0.2)
        raise AssertionError(f"image {image_id} is still {image['status']}")


def people_of_another_laboratory(installation: Installation) -> dict[str, tuple[str, str]]:
    """User name and password by role, of a laboratory that the operator has just made."""
    password = "another-battery-of-horses-9"
    admin = f"ada-{uuid.uuid4().hex[:6]}"
    installation.manage(
        "create_laboratory",
        f"Clinic {admin}",
        "--admin",
        admin,
        HEMATOVISION_ADMIN_PASSWORD=password,
    )
    office = Person(installation, "admin", (admin, password))
    people = {"admin": (admin, password)}
    for role in ("technician", "doctor"):
        name = f"{role}-{uuid.uuid4().hex[:6]}"
        fields = {"username": name, "full_name": "", "role": role, "password": password}
        assert office.submit("/users/new/", fields).status_code == 200
        people[role] = (name, password)
    return people
