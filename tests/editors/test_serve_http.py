"""The server as clients find it: over a real socket, with a fake completer behind it.

The shapes of answers and errors were compared once with llama.cpp's own server (PyPI `xllamacpp` 2026.10, SmolLM2-135M):

- `/health` says `{"status":"ok"}`; while a model is loaded 503 with `{"error":{"code":503,"message":"Loading model",
  "type":"unavailable_error"}}`;
- an unknown path is 404 `{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}`, a body without
  `prompt` 400 with the type `invalid_request_error`, more answers than there are slots 400 "Field 'n': Value must be
  between 1 <= value <= 1, but got 99";
- an answer has `index`, `content`, `tokens`, `id_slot`, `stop`, `model`, `tokens_predicted`, `tokens_evaluated`,
  `generation_settings`, `prompt`, `has_new_line`, `truncated`, `stop_type`, `stopping_word`, `tokens_cached`, `timings`;
  `response_fields` picks by path and keeps the path as the name (`"timings/prompt_n":1`), and `[""]` gives `{}`;
- a stream of `/v1/completions` has lines `data: {…}`, the last choice with a `finish_reason`, then `data: [DONE]`;
- it echoes a foreign `Origin` in `Access-Control-Allow-Origin`. Ours refuses it.

SmolLM2 has no marks for filling in, so llama.cpp answers its `/infill` with 501; the shape is that of its `/completion`.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.editors.gate import LARGEST_BODY, Rate
from rnncomplete.editors.wire import RequestError, dump, parse, read_completion, read_infill

from .conftest import FakeCompleter, recorded, serving, until
from .make_requests import BEFORE, FIELDS, LINE, RECORDED

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.editors.http import Server

pytestmark = pytest.mark.slow

INFILL_FIELDS = {
    *("index", "content", "tokens", "id_slot", "stop", "model", "tokens_predicted", "tokens_evaluated"),
    *("generation_settings", "prompt", "has_new_line", "truncated", "stop_type", "stopping_word", "tokens_cached"),
    "timings",
}


def test_recordings_are_what_their_script_makes() -> None:
    assert {name: recorded(name) for name in RECORDED} == RECORDED


def test_llama_vim_gets_the_fields_that_it_asks_for_on_one_line_without_blanks(client: httpx.Client) -> None:
    answer = client.post("/infill", json=recorded("llama_vim"))
    assert answer.status_code == 200
    assert answer.text.startswith('{"content":" and on","timings/prompt_n":0')
    assert "\n" not in answer.text
    assert set(answer.json()) == set(FIELDS)


def test_an_answer_has_the_fields_of_llama_cpp(client: httpx.Client) -> None:
    answer = client.post("/infill", json={"input_prefix": "to be", "input_suffix": ""}).json()
    assert set(answer) == INFILL_FIELDS
    assert answer["content"] == " and on"


def test_a_warm_up_is_answered_and_teaches_nothing(client: httpx.Client, fake: FakeCompleter) -> None:
    assert client.post("/infill", json=recorded("llama_vim_warm_up")).text == "{}"
    assert client.post("/v1/completions", json={"prompt": "x", "max_tokens": 0}).json()["choices"][0]["text"] == ""
    assert not fake.documents


def test_llama_vim_asking_ahead_teaches_nothing(client: httpx.Client, fake: FakeCompleter) -> None:
    body = recorded("llama_vim")
    ghost = client.post("/infill", json=body).json()["content"]
    client.post("/infill", json=body | {"prompt": body["prompt"] + ghost, "t_max_predict_ms": 1000})
    (document,) = fake.documents.values()
    assert document.asked == [(BEFORE + LINE, ""), (BEFORE + LINE, ghost)]


def test_llama_vscode_gets_several_ghosts_as_a_list(client: httpx.Client) -> None:
    answers = client.post("/infill", json=recorded("llama_vscode")).json()
    assert [(answer["index"], answer["content"]) for answer in answers] == [(0, " and"), (1, " or"), (2, " but")]


@pytest.mark.parametrize("name", ["minuet", "zed", "tabby", "cellsense"])
def test_completions_are_given_to_every_plug_in(name: str, client: httpx.Client, fake: FakeCompleter) -> None:
    answer = client.post("/v1/completions", json=recorded(name) | {"stream": False}).json()
    assert answer["object"] == "text_completion"
    assert answer["id"]
    assert answer["choices"] == [{"index": 0, "text": " and on", "logprobs": None, "finish_reason": "stop"}]
    (document,) = fake.documents.values()
    assert document.asked == [(BEFORE + LINE, "")]


def test_a_stream_grows(client: httpx.Client) -> None:
    body = recorded("minuet") | {"stream": True}
    with client.stream("POST", "/v1/completions", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    parts = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert [part["choices"][0]["text"] for part in parts] == [" and", " on", ""]
    assert [part["choices"][0]["finish_reason"] for part in parts] == [None, None, "stop"]
    assert len({part["id"] for part in parts}) == 1


def test_a_stream_of_llama_cpp_ends_with_stop(client: httpx.Client) -> None:
    body = {"input_prefix": "to be", "input_suffix": "", "stream": True}
    lines = [line for line in client.post("/infill", json=body).text.splitlines() if line]
    parts = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [(part["content"], part["stop"]) for part in parts] == [(" and", False), (" on", False), ("", True)]


def test_what_else_plug_ins_ask_for(client: httpx.Client) -> None:
    assert client.get("/health").text == '{"status":"ok"}'
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == ["tiny"]
    assert client.get("/v1/health").json()["model"] == "tiny"
    assert client.post("/v1/events", json={"type": "view"}).status_code == 200


def test_metrics_count_and_hold_no_text(client: httpx.Client) -> None:
    client.post("/infill", json={"input_prefix": "a secret word", "input_suffix": ""})
    client.get("/health", headers={"Origin": "http://example.org"})
    text = client.get("/metrics").text
    assert 'rnncomplete_requests_total{path="/infill",status="200"} 1.0' in text
    assert 'rnncomplete_refused_total{status="403"} 1.0' in text
    assert "rnncomplete_offered_characters_total 7.0" in text
    assert "rnncomplete_documents 1.0" in text
    assert "rnncomplete_seconds_count 1.0" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/infill", b"{nonsense", "the body is not JSON"),
        ("/infill", b"[" * 100_000, "the body is not JSON"),
        ("/infill", b"[]", "the body is a list"),
        ("/infill", b"{}", "input_prefix is missing"),
        ("/infill", b'{"input_prefix":1,"input_suffix":""}', "input_prefix is a number; expected a text"),
        ("/infill", b'{"input_prefix":"","input_suffix":"","input_extra":5}', "input_extra is a number"),
        ("/infill", b'{"input_prefix":"","input_suffix":"","n_cmpl":99}', "1 <= value <= 8, but got 99"),
        ("/infill", b'{"input_prefix":"","input_suffix":"","n_predict":"x"}', "expected a whole number"),
        ("/infill", b'{"input_prefix":"","input_suffix":"","n_predict":NaN}', "expected a whole number"),
        ("/infill", b'{"input_prefix":"","input_suffix":"","stop":[1]}', "stop is a list"),
        ("/v1/completions", b"{}", "prompt is missing"),
        ("/v1/completions", b'{"prompt":[1,2]}', "prompt is a list"),
        ("/v1/completions", b'{"segments":[]}', "segments is a list"),
    ],
)
def test_what_is_wrong_is_said_in_the_shape_of_llama_cpp(
    client: httpx.Client, path: str, body: bytes, words: str
) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == (400, "invalid_request_error")
    assert words in error["message"]


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    expected = '{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}'
    assert client.get("/nothing").text == expected
    assert client.get("/infill").status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "example.org"},
        {"Host": "127.0.0.1.example.org"},
        {"Host": "10.0.0.1:8012"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_are_refused_and_get_no_permission(
    client: httpx.Client, fake: FakeCompleter, headers: dict[str, str]
) -> None:
    for answer in (
        client.post("/infill", json=recorded("llama_vim"), headers=headers),
        client.get("/v1/models", headers=headers),
        client.options("/infill", headers={**headers, "Access-Control-Request-Method": "POST"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["type"] == "permission_error"
        assert "access-control-allow-origin" not in answer.headers
    assert not fake.documents


@pytest.mark.parametrize("host", ["localhost:8012", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_names_of_the_loopback_are_let_in(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200
    assert client.get("/health", headers={"Host": host, "Origin": f"http://{host}"}).status_code == 200


def test_two_hosts_or_none_are_refused(client: httpx.Client) -> None:
    port = client.base_url.port
    for lines in ("Host: localhost\r\nHost: example.org\r\n", ""):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"GET /v1/models HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            status = connection.recv(1000).split()[1]
        assert status in (b"400", b"403")


def test_a_key_is_asked_for(server: Server) -> None:
    with serving(server.application(key="secret")) as address, httpx.Client(base_url=address) as client:
        assert client.get("/health").status_code == 200
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer Secret"}, {"X-Api-Key": "x"}):
            answer = client.post("/infill", json=recorded("llama_vim"), headers=headers)
            assert answer.status_code == 401
            assert answer.json()["error"]["type"] == "authentication_error"
        for headers in ({"Authorization": "Bearer secret"}, {"X-Api-Key": "secret"}):
            assert client.post("/infill", json=recorded("llama_vim"), headers=headers).status_code == 200


def test_an_empty_key_is_the_same_as_none(client: httpx.Client) -> None:
    headers = {"Authorization": "Bearer"}  # and a blank, which HTTP strips: llama.vim sends that where it has none
    assert client.post("/infill", json=recorded("llama_vim"), headers=headers).status_code == 200


def test_bodies_are_capped_whether_or_not_they_say_their_size(client: httpx.Client, fake: FakeCompleter) -> None:
    body = dump({"input_prefix": "x" * LARGEST_BODY, "input_suffix": ""})
    pieces = (body[place : place + 65536] for place in range(0, len(body), 65536))
    for content in (body, pieces):
        try:
            answer = client.post("/infill", content=content)
        except httpx.TransportError:  # it hung up before all was sent
            continue
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == 413
    assert not fake.documents
    assert client.get("/health").status_code == 200


def test_rates_are_capped(server: Server) -> None:
    with serving(server.application(per_second=1)) as address, httpx.Client(base_url=address) as client:
        statuses = [client.get("/v1/models").status_code for _ in range(4)]
    assert statuses[0] == 200
    assert 429 in statuses


def test_a_bucket_fills_with_time() -> None:
    now = 0.0
    rate = Rate(2, lambda: now)
    assert [rate.take() for _ in range(3)] == [True, True, False]
    now = 0.5
    assert [rate.take() for _ in range(2)] == [True, False]
    now = 1000.0
    assert [rate.take() for _ in range(3)] == [True, True, False]


def test_several_clients_are_served_at_once(server: Server, fake: FakeCompleter) -> None:
    together = threading.Barrier(2, timeout=60)
    fake.before_each = together.wait
    with serving(server.application()) as address:
        answers: list[Any] = []

        def ask(name: str) -> None:
            body = {"prompt": "to be", "document": name}
            answers.append(httpx.post(f"{address}/v1/completions", json=body, timeout=60).json())

        threads = [threading.Thread(target=ask, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer["choices"][0]["text"] for answer in answers] == [" and on"] * 2


def test_a_client_that_goes_away_gives_its_ghost_up(server: Server, fake: FakeCompleter) -> None:
    begun, go_on, stopped = threading.Event(), threading.Event(), []

    def wait() -> None:
        begun.set()
        go_on.wait(20)
        stopped.append(1)

    fake.before_each = wait
    with serving(server.application()) as address:
        port = httpx.URL(address).port
        assert port is not None
        body = dump({"prompt": "to be"})
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert begun.wait(20)
        connection.close()
        until(lambda: "rnncomplete_abandoned_total 1.0" in httpx.get(f"{address}/metrics").text)
        go_on.set()
    assert stopped == [1]


def test_too_many_who_wait_are_told_to_come_back(server: Server, fake: FakeCompleter, monkeypatch: Any) -> None:
    monkeypatch.setattr("rnncomplete.editors.http.MOST_WAITING", 1)
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(20)

    fake.before_each = wait
    with serving(server.application()) as address:
        first = threading.Thread(
            target=lambda: httpx.post(f"{address}/v1/completions", json={"prompt": "a"}, timeout=60)
        )
        first.start()
        assert begun.wait(20)
        answer = httpx.post(f"{address}/v1/completions", json={"prompt": "b"})
        go_on.set()
        first.join()
    assert answer.status_code == 503
    assert answer.json()["error"]["type"] == "unavailable_error"


def test_while_a_style_is_loaded_health_says_so(server: Server) -> None:
    server.problem = "Loading model"
    with serving(server.application()) as address, httpx.Client(base_url=address) as client:
        expected = '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
        assert client.get("/health").text == expected
        assert client.post("/infill", json=recorded("llama_vim")).text == expected
        assert client.post("/v1/completions", json=recorded("minuet") | {"stream": True}).text == expected
        server.problem = None
        assert client.get("/health").status_code == 200


def test_a_style_that_cannot_be_loaded_is_an_error_in_json(server: Server, monkeypatch: Any) -> None:
    def fail(_: object) -> None:
        raise RequestError("no such style", 500)

    monkeypatch.setattr(server.desk, "_load", fail)
    with serving(server.application()) as address:
        answer = httpx.post(f"{address}/v1/completions", json={"prompt": "a"})
        assert (answer.status_code, answer.json()["error"]["message"]) == (500, "no such style")
        stream = httpx.post(f"{address}/v1/completions", json={"prompt": "a", "stream": True})
        assert '"message":"no such style"' in stream.text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8), st.sampled_from(["input_prefix", "input_suffix", "prompt", "n_predict", "stop", "n_cmpl", "input_extra", "segments", "suffix", "model", "language", "max_tokens", "t_max_predict_ms", "document"]))  # fmt: skip
def test_any_body_is_understood_or_refused(value: Any, name: str) -> None:
    for read, body in (
        (read_infill, {"input_prefix": "a", "input_suffix": "b", name: value}),
        (read_completion, {"prompt": "a", name: value}),
    ):
        with suppress(RequestError):
            asked = read(parse(dump(body)))
            assert isinstance(asked.before, str)
            asked.before.encode()


@pytest.mark.slow
def test_the_command_serves_a_style_on_the_loopback_only(tiny_style: Path) -> None:
    import re
    import signal
    import subprocess
    import sys

    code = "import sys; sys.argv[0] = 'rnncomplete'; from rnncomplete.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--style", str(tiny_style), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        address = found.group()
        until(lambda: httpx.get(f"{address}/health").status_code == 200)
        answer = httpx.post(f"{address}/v1/completions", json={"prompt": "to be or not "})
        assert answer.status_code == 200
        taken = subprocess.run([*command[:-1], found.group(1)], capture_output=True, text=True, check=False)
        assert taken.returncode == 2
        assert "expected a free one" in taken.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_without_the_extra_one_line_says_what_to_type(tiny_style: Path) -> None:
    import subprocess
    import sys

    code = "import sys; sys.modules['starlette'] = None; from rnncomplete.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--style", str(tiny_style), "--port", "0"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "pip install 'rnncomplete[serve]'" in process.stderr


def test_a_failure_that_nobody_expected_is_an_answer_too(server: Server, monkeypatch: Any) -> None:
    def fail(_styles: object) -> None:
        raise RuntimeError("such as onnxruntime raises")

    monkeypatch.setattr(server.desk, "_load", fail)
    with serving(server.application()) as address, httpx.Client(base_url=address, timeout=60) as client:
        answer = client.post("/infill", json={"input_prefix": "x", "input_suffix": ""})
        assert answer.status_code == 500
        assert "such as onnxruntime raises" in answer.json()["error"]["message"]
        server.warm_up()
        until(lambda: "such as" in client.get("/health").json()["error"]["message"])


def test_a_key_may_have_any_letters(server: Server) -> None:
    with (
        serving(server.application(key="\u043a\u043b\u044e\u0447")) as address,
        httpx.Client(base_url=address) as client,
    ):
        for key, status in (("\u043a\u043b\u044e\u0447", 200), ("\u043a\u043b\u044e", 401)):
            headers = {"Authorization": f"Bearer {key}".encode()}
            assert client.get("/v1/models", headers=headers).status_code == status


@pytest.mark.parametrize("name", ["document", "filename", "language", "model"])
def test_a_name_longer_than_a_files_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.post("/v1/completions", json={"prompt": "to be", name: 5_000 * "a"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"{name} has 5,000 characters; expected at most 4,096"
