"use strict";
const data = JSON.parse(document.getElementById("data").textContent);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

function play(job, picture) {
  const video = element("video");
  video.controls = true;
  video.autoplay = true;
  video.src = job.file;
  picture.replaceWith(video);
  video.className = "picture";
}

function card(job) {
  const made = element("article", "card");
  if (job.file) {
    const picture = element("button", "picture");
    picture.type = "button";
    picture.setAttribute("aria-label", `Play ${job.id}`);
    picture.style.aspectRatio = `${job.width} / ${job.height}`;
    if (job.thumbnail) {
      const image = element("img");
      image.loading = "lazy";
      image.alt = "";
      image.src = job.thumbnail;
      picture.append(image);
    } else {
      picture.textContent = "Play";
    }
    picture.addEventListener("click", () => play(job, picture));
    made.append(picture);
  }
  made.append(element("h2", "", job.id));
  const cost = job.used === null ? `estimated ${job.high} credits` : `${job.used} credits`;
  const status = job.status.replace("_", " ");
  made.append(element("p", "facts", `${status} · ${job.persona} · ${job.ratio} · ${job.model} · ${cost}`));
  made.append(element("p", "", job.text ?? job.audio));
  if (job.error) made.append(element("p", "error", job.error));
  if (job.advice) made.append(element("p", "advice", job.advice));
  return made;
}

const totals = data.totals;
document.getElementById("totals").textContent =
  `${totals.jobs} jobs: ${totals.done} done, ${totals.failed} failed, ${totals.in_doubt} in doubt, ` +
  `${totals.rendering + totals.downloading} under way, ${totals.pending} pending. ` +
  `${data.credits.spent} credits spent, ${data.credits.promised} promised.`;
document.getElementById("cards").append(...data.jobs.map(card));
