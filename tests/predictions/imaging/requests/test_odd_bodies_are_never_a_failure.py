"""Whatever is sent to whatever endpoint is no failure of ours, and refused in one shape."""

from __future__ import annotations

import json

import pytest

from accounts.models import Role, User
from accounts.policy import PUBLIC, roles_for
from tests.factories.images import make_image
from tests.factories.people import make_user
from tests.hematovision.requests.forms import BOUNDARY, CONTENT_TYPE, form, part
from tests.test_addresses import ENDPOINTS, NO_ROW, ROUTES, address_of

pytestmark = pytest.mark.django_db

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SAID = json.dumps({"accession_number": "Z-1", "label": "neutrophil", "reason": "so", "box": [1]})

TEXTS = [
    "", "{}", "[]", "1", "null", "true", '"x"', "{", "NaN", '{"a": NaN}', '{"wbc": 1e999}',
    '{"age": %s}' % ("9" * 400), '{"wbc": "Infinity"}', '{"accession_number": "\\ud800"}',
    '{"accession_number": "a\\u0000"}', '{"accession_number": {"a": [1]}}', '{"box": {"x": 1}}',
    '{"accession_number": true, "birth_date": "0000-00-00"}',
    '{"accession_number": "q", "collected_at": "9999-12-31T23:59-23:59"}',
    '{"reviews": [1, null, {"cell": "x"}]}', '{"box": [1e300, -1, 0, "a"]}', "[" * 50_000,
    "a=b", "=", "&&&", "%", "accession_number=%ED%A0%80", "<a/>",
]  # fmt: skip
BYTES = [
    SAID.encode(code)
    for code in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp037")
] + [bytes(range(256)), b"\0" * 9, b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b\x08"]
PARTS = [
    b'name="files"; filename*99999999999999999999*=x; filename*=%',
    b"name=\"files\"; filename*=utf-16''%FF%FE%00",
    b"name=\"files\"; filename*=idna''%FF%FE",
    b'name="files"; filename="=?hex?b?aGVs?="',
    b"name*=utf-8''%FF; filename=\"=?q?b?\xff?=\"",
    b'name="\xed\xa0\x80\x00\x1b"; filename="a"',
    b'name="imaging_profile"; filename="a"',
    b'name="accession_number"; filename="a"',
    b'name="image"',
    b'name="box"',
    b';;;;""""',
    b"",
]
FORMS = [
    b"", b"nonsense", form(), form(end=b""), form(b"", b"\r\n"), form(b"x: y\r\n z\r\n\r\n"),
    *(form(part(said, b"x\xff\0")) for said in PARTS),
    *(form(part(said, b"x", b"Content-Type: text/plain; charset=hex")) for said in PARTS),
    form(part(b'name="files"; filename="a"', b"*", b"Content-Transfer-Encoding: BASE64")),
]  # fmt: skip
BODIES = [
    *((JSON, text.encode()) for text in TEXTS),
    *((FORM, text.encode()) for text in TEXTS),
    *((kind, body) for body in BYTES for kind in (JSON, FORM)),
    *((kind, SAID.encode()) for kind in ("text/plain", "", "nonsense/", "/", ";")),
    *((CONTENT_TYPE, body) for body in FORMS),
    (f"multipart/form-data; boundary=\"{BOUNDARY}'", form()),
    ("multipart/form-data", form()),
]


WRITING = [
    (name, method, action)
    for name in ENDPOINTS
    for method, action in getattr(ROUTES[name].callback, "cls").policy_action.items()  # noqa: B009
    if method != "GET"
]


@pytest.mark.parametrize(("name", "method", "action"), WRITING)
def test_an_endpoint_answers_or_refuses_whatever_it_is_sent(
    laboratory, technician, api, api_as, settings, name, method, action
):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
    image = make_image(technician)
    row = image.sample_id if "/samples/" in address_of(name) else image.pk
    address = address_of(name).replace(NO_ROW, str(row))
    role = Role.ADMIN if action == PUBLIC else roles_for(action)[0]
    person = User.objects.filter(role=role).first() or make_user(laboratory, role, "somebody")
    client = api if action == PUBLIC else api_as(person)
    for kind, body in BODIES:
        answer = client.generic(method, address, body, content_type=kind)
        assert answer.status_code < 500, (kind, body)
        if answer.status_code >= 400:
            told = answer.json()
            assert {"code", "message"} <= told.keys(), (kind, body)
            assert told["message"].strip()
