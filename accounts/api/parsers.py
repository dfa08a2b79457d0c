"""JSON of a size that a person's form could have; files come as multipart."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import JSONParser


class SmallJSONParser(JSONParser):
    """Reads no more than DATA_UPLOAD_MAX_MEMORY_SIZE, which the framework's own does not ask."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body as Python values.

        Raises:
            RequestDataTooBig: it is longer than the limit.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig("The JSON body is longer than the limit.")
        return super().parse(io.BytesIO(body), media_type, parser_context)
