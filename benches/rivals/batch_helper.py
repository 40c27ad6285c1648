#!/usr/bin/env python3
"""Videos for a sheet, in the way of the batch helpers that client libraries bring along.

    pip install httpx
    CREATIFY_API_ID=... CREATIFY_API_KEY=... ./batch_helper.py SHEET.csv FOLDER

The sheet has the columns id, text, persona, aspect_ratio. Written anew after what such libraries do: a
create is sent again after a lost answer or a 5xx; a read that fails becomes a job whose status is `error`;
the wait ends at `done` or `error`, or after so many looks. Their defaults are 3 jobs at a time, 500 ms between starts,
and 60 looks, one every 2 s.
"""

import asyncio
import csv
import os
import sys
from pathlib import Path

import httpx

API = os.environ.get("CREATIFY_BASE_URL", "https://api.creatify.ai") + "/api/lipsyncs/"
HEADERS = {
    "X-API-ID": os.environ["CREATIFY_API_ID"],
    "X-API-KEY": os.environ["CREATIFY_API_KEY"],
}
IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "3"))
START_SECONDS = float(os.environ.get("START_SECONDS", "0.5"))
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "2"))
BACKOFF_SECONDS = float(os.environ.get("BACKOFF_SECONDS", "1"))
MOST_LOOKS = int(os.environ.get("MOST_LOOKS", "60"))
MOST_SUBMITS = 3


class Client:
    """What a library offers."""

    def __init__(self, http):
        self.http = http

    async def create(self, body):
        for attempt in range(1, MOST_SUBMITS + 1):
            try:
                answer = await self.http.post(API, headers=HEADERS, json=body)
                if answer.status_code < 500 or attempt == MOST_SUBMITS:
                    answer.raise_for_status()
                    return answer.json()
            except httpx.TransportError:
                if attempt == MOST_SUBMITS:
                    raise
            await asyncio.sleep(BACKOFF_SECONDS * 2**attempt)

    async def get(self, job_id):
        try:
            answer = await self.http.get(f"{API}{job_id}/", headers=HEADERS)
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPError as error:
            return {"id": job_id, "status": "error", "failed_reason": str(error)}

    async def create_and_wait(self, body):
        job = await self.create(body)
        for _ in range(MOST_LOOKS):
            if job["status"] in ("done", "error"):
                return job
            await asyncio.sleep(POLL_SECONDS)
            job = await self.get(job["id"])
        raise TimeoutError(f"{job['id']} is still {job['status']}")


async def process_batch(tasks):
    """Runs all tasks, so many at a time, so far apart; gives results and errors."""
    places, pace = asyncio.Semaphore(IN_FLIGHT), asyncio.Lock()

    async def run(task):
        async with places:
            async with pace:
                await asyncio.sleep(START_SECONDS)
            return await task()

    return await asyncio.gather(*(run(task) for task in tasks), return_exceptions=True)


def read(sheet):
    with open(sheet, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def main(sheet, out):
    out.mkdir(parents=True, exist_ok=True)
    rows = read(sheet)
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=30) as http:
        client = Client(http)

        async def make_video(row):
            body = {
                "name": row["id"],
                "text": row["text"],
                "creator": row["persona"],
                "aspect_ratio": row["aspect_ratio"],
            }
            job = await client.create_and_wait(body)
            if job["status"] != "done":
                raise RuntimeError(f"{row['id']}: {job['failed_reason']}")
            video = await http.get(job["output"])
            video.raise_for_status()
            (out / f"{row['id']}.mp4").write_bytes(video.content)

        results = await process_batch([lambda row=row: make_video(row) for row in rows])
    failures = [result for result in results if isinstance(result, Exception)]
    for failure in failures:
        print(repr(failure), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]))))
