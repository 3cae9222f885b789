"""What plug-ins send and get, in JSON: llama.cpp's `/infill`, OpenAI's and Tabby's `/v1/completions`.

Bodies in, what is asked out; ghosts in, bodies out. A token is a character here, because that is what the networks know.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnncomplete.editors.desk import Asked
from rnncomplete.editors.fill_in import split_prompt
from rnncomplete.errors import RnncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_GHOSTS = 8
"""Different ghosts in one answer."""

MOST_STOPS, LONGEST_STOP = 32, 200
"""Texts at which a ghost ends, and characters of one."""

LONGEST_NAME = 4096
"""Characters of a name, such as a file's with all its folders."""

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "unavailable_error",
}
"""What llama.cpp and OpenAI call the errors of each status."""


class RequestError(RnncompleteError):
    """What was sent is not what was expected; ``status`` is that of HTTP."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def dump(body: object) -> bytes:
    """JSON on one line without blanks: llama.vim looks for them with a pattern, and drops an answer that has some."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def parse(body: bytes) -> dict[str, Any]:
    """The object that ``body`` holds."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body is not JSON ({' '.join(str(error).split())[:80]}); expected an object") from None
    if not isinstance(found, dict):
        raise RequestError(f'the body is {_kind(found)}; expected an object such as {{"prompt":"…"}}')
    return found


def error_body(status: int, message: str) -> dict[str, Any]:
    """An error as llama.cpp's server writes it."""
    return {"error": {"code": status, "message": message, "type": TYPES.get(status, "server_error")}}


def read_infill(body: Mapping[str, Any]) -> Asked:
    """What a request to `/infill` asks for."""
    before = _text(body, "input_prefix", None) + _text(body, "prompt")
    extra = body.get("input_extra")
    if extra is not None and not (isinstance(extra, list) and all(isinstance(chunk, dict) for chunk in extra)):
        raise RequestError(f'input_extra is {_kind(extra)}; expected a list of objects such as {{"text":"…"}}')
    return replace(
        _shared(body, _whole(body, "n_predict", -1, most=1_000_000), body.get("n_cmpl", body.get("n"))),
        before=before,
        after=_text(body, "input_suffix", None),
        budget_ms=_whole(body, "t_max_predict_ms", 0) or None,
    )


def read_completion(body: Mapping[str, Any]) -> Asked:
    """What a request to `/v1/completions` asks for, of OpenAI's kind or of Tabby's."""
    shared = _shared(body, _whole(body, "max_tokens", -1, most=1_000_000), body.get("n"))
    if (segments := body.get("segments")) is not None:
        if not isinstance(segments, dict):
            raise RequestError(f'segments is {_kind(segments)}; expected {{"prefix":"…","suffix":"…"}}')
        path = _name(segments, "filepath") or shared.path
        before, after = _text(segments, "prefix", None), _text(segments, "suffix")
        return replace(shared, before=before, after=after, path=path)
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise RequestError(f"prompt is {_kind(prompt)}; expected one text")
    text = split_prompt(prompt, _text(body, "suffix"))
    return replace(
        shared,
        before=text.before,
        after=text.after,
        path=(text.path or "")[-LONGEST_NAME:] or shared.path,
        language=shared.language or (text.language or "")[:LONGEST_NAME],
    )


def infill_answer(body: Mapping[str, Any], ghosts: Sequence[str], *, seconds: float, style: str) -> Any:
    """The answer to `/infill`: an object, or several in a list where several were asked for."""
    count = body.get("n_cmpl", body.get("n"))
    answers = [
        _selected(body, _infill_object(body, ghost, number, seconds, style))
        for number, ghost in enumerate(ghosts or [""])
    ]
    return answers if isinstance(count, int) and count > 1 else answers[0]


def infill_part(part: str, whole: str) -> dict[str, Any]:
    """A piece of a streamed answer to `/infill`, of which ``whole`` is known by now."""
    return {"index": 0, "content": part, "tokens": [], "stop": False, "id_slot": 0, "tokens_predicted": len(whole)}


def _infill_object(body: Mapping[str, Any], ghost: str, number: int, seconds: float, style: str) -> dict[str, Any]:
    read = len(_text(body, "input_prefix")) + len(_text(body, "prompt"))
    milliseconds = round(1000 * seconds, 3)
    return {
        "index": number,
        "content": ghost,
        "tokens": [],
        "id_slot": 0,
        "stop": True,
        "model": style,
        "tokens_predicted": len(ghost),
        "tokens_evaluated": read,
        "generation_settings": {},
        "prompt": "",
        "has_new_line": "\n" in ghost,
        "truncated": False,
        "stop_type": "eos",
        "stopping_word": "",
        "tokens_cached": read,
        "timings": {
            "cache_n": read,
            "prompt_n": 0,
            "prompt_ms": 0.0,
            "prompt_per_token_ms": 0.0,
            "prompt_per_second": 0.0,
            "predicted_n": len(ghost),
            "predicted_ms": milliseconds,
            "predicted_per_token_ms": round(milliseconds / max(1, len(ghost)), 3),
            "predicted_per_second": round(len(ghost) / max(1e-6, seconds), 1),
        },
    }


def _selected(body: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """``answer`` with the `response_fields` only, each under its path as it was asked for."""
    fields = body.get("response_fields")
    if not isinstance(fields, list) or not fields:
        return answer
    selected = {}
    for path in fields[:64]:
        found: Any = answer
        for key in str(path).split("/"):
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            selected[str(path)] = found
    return selected


def completion_answer(asked: Asked, ghosts: Sequence[str], *, style: str) -> dict[str, Any]:
    """The answer to `/v1/completions`, for OpenAI's clients and Tabby's."""
    written = sum(map(len, ghosts))
    return {
        **completion_head(style),
        "choices": [_choice(ghost, number, "stop") for number, ghost in enumerate(ghosts or [""])],
        "usage": {
            "prompt_tokens": len(asked.before),
            "completion_tokens": written,
            "total_tokens": len(asked.before) + written,
        },
    }


def completion_part(head: Mapping[str, Any], part: str, finish: str | None = None) -> dict[str, Any]:
    """A piece of a streamed answer that began with ``head``."""
    return {**head, "choices": [_choice(part, 0, finish)]}


def completion_head(style: str) -> dict[str, Any]:
    """What all pieces of an answer have in common."""
    return {
        "id": f"cmpl-{uuid.uuid4().hex}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": style,
    }


def _choice(text: str, number: int, finish: str | None) -> dict[str, Any]:
    return {"index": number, "text": text, "logprobs": None, "finish_reason": finish}


def _shared(body: Mapping[str, Any], length: int, count: Any) -> Asked:
    """What all protocols say in the same words."""
    count = 1 if count is None else count
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_GHOSTS:
        raise RequestError(f"Field 'n': Value must be between 1 <= value <= {MOST_GHOSTS}, but got {str(count)[:20]}")
    stops = body.get("stop") or []
    stops = [stops] if isinstance(stops, str) else stops
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise RequestError(f"stop is {_kind(stops)}; expected a text or a list of texts")
    if len(stops) > MOST_STOPS or any(len(stop) > LONGEST_STOP for stop in stops):
        raise RequestError(f"stop has too much; expected at most {MOST_STOPS} texts of {LONGEST_STOP} characters")
    return Asked(
        before="",
        name=_name(body, "document"),
        path=_name(body, "filename"),
        language=_name(body, "language"),
        style=_name(body, "model"),
        length=None if length < 0 else length,
        stops=tuple(stops),
        count=count,
    )


def _text(body: Mapping[str, Any], name: str, default: str | None = "") -> str:
    """A text in ``body``; where ``default`` is ``None`` it must be there."""
    value = body.get(name, default)
    if value is None and default is not None:
        return default
    if value is None and name not in body:
        raise RequestError(f"{name} is missing; expected a text")
    if not isinstance(value, str):
        raise RequestError(f"{name} is {_kind(value)}; expected a text")
    return value.encode("utf-8", "replace").decode()  # half a character may come as JSON's escape


def _name(body: Mapping[str, Any], name: str) -> str | None:
    """A name in ``body``; ``None`` where there is none."""
    value = _text(body, name)
    if len(value) > LONGEST_NAME:
        raise RequestError(f"{name} has {len(value):,} characters; expected at most {LONGEST_NAME:,}")
    return value or None


def _whole(body: Mapping[str, Any], name: str, default: int, most: int = 600_000) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1 <= value <= most:
        raise RequestError(f"{name} is {str(value)[:20]!r}; expected a whole number up to {most}")
    return int(value)


def _kind(value: object) -> str:
    names = {type(None): "missing", bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
