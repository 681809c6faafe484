"""JSON in and out, by orjson: numbers of numpy and times go out as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


# Bodies of ours go three or four deep. What reads them goes down by calling itself.
DEEPEST = 60


class JsonParser(JSONParser):
    """Bodies in UTF-8 (RFC 8259); what is no JSON, or lies deeper than `DEEPEST`, is refused and read no further."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            said = orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        if _is_deeper(said, DEEPEST):
            raise ParseError(f"JSON parse error - nested more than {DEEPEST} deep")
        return said


def _is_deeper(said: Any, levels: int) -> bool:
    inside = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside if isinstance(each, dict | list))


class JsonRenderer(JSONRenderer):
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str, option=_OPTIONS)
