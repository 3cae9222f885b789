"""Many people on many machines: ghosts from two replicas behind Ray Serve.

    pip install 'rnncomplete[cluster]'
    RAY_USAGE_STATS_ENABLED=0 python docs/ray_serve.py python
    curl -s 127.0.0.1:8000/infill -d '{"input_prefix":"for i in ra","input_suffix":"","document":"a.py"}'

What a text has taught stays with the replica that answered for it: Ray sends a document where it was before, as it does
for multiplexed models, and to another replica when that one is full or lost. There the text is read anew, which takes as
long as opening it. A request whose replica dies is asked again, so that none is lost.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayActorError
from starlette.requests import Request  # noqa: TC002 - Ray reads the annotation when it runs
from starlette.responses import Response

from rnncomplete.editors.desk import Desk
from rnncomplete.editors.style_choice import StyleChoice
from rnncomplete.editors.wire import dump, infill_answer, read_infill
from rnncomplete.settings import load_settings

TRIES = 5
"""How often a request is asked whose replica dies."""


@serve.deployment(num_replicas=2, max_ongoing_requests=32, ray_actor_options={"num_cpus": 0.5})
class Replica:
    """One network, and the documents of those who are sent here."""

    def __init__(self, style: str) -> None:
        choice = StyleChoice(load_settings({}), style)
        self._desk = Desk(choice.load, choice.styles_for, choice.why_off)
        self._desk.warm_up()

    @serve.multiplexed(max_num_models_per_replica=50)
    async def known(self, document: str) -> str:
        """Tells Ray that this replica knows ``document``."""
        return document

    async def infill(self, body: dict[str, Any]) -> bytes:
        """The answer to a request as llama.cpp's server would give it."""
        await self.known(serve.get_multiplexed_model_id())
        began = time.perf_counter()
        ghosts = await asyncio.to_thread(self._ghosts, body)
        return dump(infill_answer(body, ghosts, seconds=time.perf_counter() - began, style=""))

    def _ghosts(self, body: dict[str, Any]) -> list[str]:
        *_, ghosts = [[], *self._desk.answer(read_infill(body), lambda: True)]
        return ghosts


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": 0.2})
class Entrance:
    """Reads whose document a request is about, and sends it there."""

    def __init__(self, replicas: Any) -> None:
        self._replicas = replicas

    async def __call__(self, request: Request) -> Response:
        """Answer one request; a replica that dies meanwhile is replaced by another."""
        body = await request.json()
        document = str(body.get("document") or request.headers.get("x-document") or "one")
        handle = self._replicas.options(multiplexed_model_id=document)
        for _ in range(TRIES):
            try:
                return Response(await handle.infill.remote(body), media_type="application/json")
            except RayActorError:
                await asyncio.sleep(0.1)
        return Response(status_code=503)


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=80 * 2**20)
    serve.run(Entrance.bind(Replica.bind(sys.argv[1])), route_prefix="/infill")
    print("serving at http://127.0.0.1:8000/infill", flush=True)  # noqa: T201 - a program of its own, which says where it is
    while True:
        time.sleep(1)
