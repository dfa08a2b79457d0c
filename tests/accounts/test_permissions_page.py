"""docs/permissions.md says what the code does."""

from django.conf import settings

from accounts.models import Role
from accounts.policy import table_rows


def test_the_document_has_the_rows_of_the_code():
    text = (settings.BASE_DIR / "docs" / "permissions.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    documented = {row[0]: tuple(row[1:]) for row in rows if len(row) == 4}
    assert documented.pop("Action") == tuple(role.label for role in Role)
    assert documented == {
        row.action.value: tuple("yes" if allowed else "no" for allowed in row.allowed)
        for row in table_rows()
    }
