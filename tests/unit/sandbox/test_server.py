"""A server beside others ends at a word, and not before it has answered."""

from __future__ import annotations

import asyncio
import socket

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.sandbox.server import PromptServer
from bot.sandbox.slack.deliver import NOBODY


async def test_what_is_under_way_is_answered_before_it_ends() -> None:
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def answer(request: Request) -> PlainTextResponse:
        taken.set()
        await go_on.wait()
        return PlainTextResponse("whole")

    web = Starlette(routes=[Route("/", answer)])
    server = PromptServer(uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=20))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        async with httpx.AsyncClient(trust_env=False, verify=NOBODY, timeout=20) as http:
            asking = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
            await taken.wait()
            server.stop()
            assert not serving.done()
            go_on.set()
            assert (await asking).text == "whole"
            async with asyncio.timeout(60):
                await serving
