"""One session of a host, by the official Python SDK. Prints what came back, as one JSON object.

Usage: session.py MODE http URL TOKEN | session.py MODE stdio COMMAND ARGUMENT…
MODE is `legacy` (the handshake of the revisions before 2026-07-28) or `auto` (the newest that both know).
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

questions: list[str] = []


async def agree(_context, question):
    questions.append(question.message)
    return ElicitResult(action="accept", content={})


async def session(server, mode):
    async with Client(server, mode=mode, elicitation_callback=agree) as client:
        async def call(name, **arguments):
            result = await client.call_tool(name, arguments)
            text = "\n".join(piece.text for piece in result.content if piece.type == "text")
            return f"error: {text}" if result.is_error else text

        tools = await client.list_tools()
        print(json.dumps({
            "revision": client.protocol_version,
            "server": client.server_info.name,
            "tools": [tool.name for tool in tools.tools],
            "read": await call("read_file", path="a.txt"),
            "missing": await call("read_file", path="../outside.txt"),
            "staged": await call("write_file", path="a.txt", content="two\n"),
            "seen": await call("read_file", path="a.txt"),
            "accepted": await call("accept_changes"),
            "questions": questions,
        }))


async def main():
    mode, transport, *rest = sys.argv[1:]
    if transport == "http":
        url, token = rest
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
            await session(streamable_http_client(url, http_client=http), mode)
    else:
        await session(StdioServerParameters(command=rest[0], args=rest[1:]), mode)


asyncio.run(main())
