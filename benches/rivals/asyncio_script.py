#!/usr/bin/env python3
"""Videos for a sheet, as it is often done: asyncio, a semaphore, retries around every request.

    pip install httpx tenacity
    CREATIFY_API_ID=... CREATIFY_API_KEY=... ./asyncio_script.py SHEET.csv FOLDER

The sheet has the columns id, text, persona, aspect_ratio.
"""

import asyncio
import csv
import os
import sys
from pathlib import Path

import httpx
from tenacity import (
    retry,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

API = os.environ.get("CREATIFY_BASE_URL", "https://api.creatify.ai") + "/api/lipsyncs/"
HEADERS = {
    "X-API-ID": os.environ["CREATIFY_API_ID"],
    "X-API-KEY": os.environ["CREATIFY_API_KEY"],
}
IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "10"))
START_SECONDS = float(os.environ.get("START_SECONDS", "4"))
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "5"))
BACKOFF_SECONDS = float(os.environ.get("BACKOFF_SECONDS", "1"))


def is_temporary(error):
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)


patiently = retry(
    retry=retry_if_exception(is_temporary),
    wait=wait_random_exponential(multiplier=BACKOFF_SECONDS, max=60),
    stop=stop_after_attempt(6),
    reraise=True,
)


@patiently
async def ask(client, method, url, **request):
    answer = await client.request(method, url, headers=HEADERS, **request)
    answer.raise_for_status()
    return answer.json()


@patiently
async def download(client, url, path):
    async with client.stream("GET", url) as answer:
        answer.raise_for_status()
        with path.open("wb") as file:
            async for piece in answer.aiter_bytes():
                file.write(piece)


async def make_video(client, row, out, places, pace):
    async with places:
        async with pace:
            await asyncio.sleep(START_SECONDS)
        body = {
            "name": row["id"],
            "text": row["text"],
            "creator": row["persona"],
            "aspect_ratio": row["aspect_ratio"],
        }
        job = await ask(client, "POST", API, json=body)
        while job["status"] not in ("done", "failed", "rejected"):
            await asyncio.sleep(POLL_SECONDS)
            job = await ask(client, "GET", f"{API}{job['id']}/")
        if job["status"] != "done":
            raise RuntimeError(f"{row['id']}: {job['status']}")
        await download(client, job["output"], out / f"{row['id']}.mp4")


def read(sheet):
    with open(sheet, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def main(sheet, out):
    out.mkdir(parents=True, exist_ok=True)
    rows = read(sheet)
    places, pace = asyncio.Semaphore(IN_FLIGHT), asyncio.Lock()
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        made = [make_video(client, row, out, places, pace) for row in rows]
        results = await asyncio.gather(*made, return_exceptions=True)
    failures = [result for result in results if isinstance(result, Exception)]
    for failure in failures:
        print(repr(failure), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]))))
