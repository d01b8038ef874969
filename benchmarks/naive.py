"""The gateway that anybody would write first: FastAPI, a pydantic body, httpx. The measure for the others."""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

client = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], timeout=60, limits=httpx.Limits(max_connections=None))
app = FastAPI()


class ChatBody(BaseModel):
    """What OpenAI's clients send."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[dict[str, Any]]
    stream: bool = False


@app.post("/v1/chat/completions")
async def chat(body: ChatBody) -> Response:
    """Pass it on."""
    if not body.stream:
        answer = await client.post("/chat/completions", json=body.model_dump())
        return JSONResponse(answer.json(), answer.status_code)

    async def events() -> AsyncIterator[bytes]:
        async with client.stream("POST", "/chat/completions", json=body.model_dump()) as answer:
            async for chunk in answer.aiter_bytes():
                yield chunk

    return StreamingResponse(events(), media_type="text/event-stream")
