"""The assistant's door as a client of the SDK's own sees it: a process of its own, over stdio or HTTP."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from helpers.extension import EXTENSION, ROOT

DOOR = ROOT / "sql" / "tools" / "assistant"


def stdio(path, *options):
    return StdioServerParameters(command=sys.executable, args=[str(DOOR), *options, "--", str(path)], env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})


def ask(server, *calls):
    """The answers to (tool, arguments): what it says, or a Refusal."""
    return asyncio.run(_ask(server, calls))


async def _ask(server, calls):
    async with Client(server) as client:
        return [said(await client.call_tool(tool, arguments)) for tool, arguments in calls]


async def tools(server):
    async with Client(server) as client:
        return (await client.list_tools()).tools


class Refusal(str):
    """The sentence of an error."""


def said(result):
    text = result.content[0].text
    return Refusal(text) if result.is_error else json.loads(text)


@contextlib.contextmanager
def over_http(path, *options):
    """The address of a server over HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen([sys.executable, str(DOOR), f"--port={port}", *options, "--", str(path)], env=os.environ | {"ATHLETE_EXTENSION": EXTENSION}, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert started.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        started.terminate()
        started.wait()


def bearing(address, token, *calls):
    """The same with a token, or None for nobody's."""

    async def call():
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"} if token else {}) as http:
            return await _ask(streamable_http_client(address, http_client=http), calls)

    return asyncio.run(call())
