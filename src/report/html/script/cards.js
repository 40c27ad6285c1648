// A card for each job: a frame with the video's ratio, its text, its cost and advice.

let playing = null;

// Printing needs all pictures.
window.addEventListener("beforeprint", () => {
  for (const image of document.querySelectorAll("img[data-src]:not([src])")) image.src = image.dataset.src;
});

// Loads a thumbnail shortly before its card becomes visible. `loading="lazy"` has no effect for files on disk.
const approaching = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      approaching.unobserve(target);
      const image = target.querySelector("img");
      if (image) image.src = image.dataset.src;
    }
  },
  { rootMargin: "600px" },
);

function frame(job) {
  const ratio = job.width > job.height ? "wide" : job.width < job.height ? "tall" : "square";
  // A transparent video needs a neutral background.
  const shape = job.file?.endsWith(".webm") ? `${ratio} clear` : ratio;
  if (!job.file) {
    return make("div", { class: `frame empty ${shape}` }, make("span", {}, STATUSES[job.status]));
  }
  const button = make("button", { class: `frame ${shape}`, type: "button", "aria-label": `Play ${job.id}` });
  if (job.thumbnail) {
    const image = make("img", { decoding: "async", alt: "", "data-src": job.thumbnail });
    image.addEventListener("error", () => image.remove(), { once: true });
    button.append(image);
  }
  button.append(make("span", { class: "play", "aria-hidden": "true" }));
  button.addEventListener("click", () => play(button.closest(".card"), job));
  return button;
}

// Starts the video of a card, or pauses it if it is playing.
function play(card, job) {
  if (!job.file) return;
  let video = card.querySelector("video");
  if (!video) {
    const button = card.querySelector("button.frame");
    if (!button) return;
    video = make("video", { class: button.className, controls: "", playsinline: "", src: job.file, "aria-label": job.id });
    if (job.thumbnail) video.poster = job.thumbnail;
    video.addEventListener("play", () => {
      if (playing && playing !== video) playing.pause();
      playing = video;
    });
    video.addEventListener("error", () => {
      const missing = make("span", {}, `not beside this page: ${job.name}`);
      video.replaceWith(make("div", { class: button.className + " empty" }, missing));
    });
    button.replaceWith(video);
    card.focus({ preventScroll: true });
  }
  if (video.paused) video.play().catch(() => {});
  else video.pause();
}

function facts(job) {
  const estimate = range(job.low, job.high);
  const cost = job.used === null ? `about ${estimate} credits` : credits(job.used);
  const render = renderTime(job);
  return [
    job.persona,
    job.model,
    job.status === "failed" && job.used === 0 ? "nothing charged" : cost,
    job.seconds === null ? null : `${number(job.seconds)} s long`,
    render === null ? null : `rendered in ${duration(render)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

// All other facts about a job, created when they are opened.
function details(job) {
  const element = make("details", {}, make("summary", { "aria-label": `Details of ${job.id}` }, "Details"));
  element.addEventListener("toggle", () => element.append(particulars(job)), { once: true });
  return element;
}

function particulars(job) {
  const list = make("dl");
  const add = (name, value) => {
    if (value === null || value === undefined || value === "") return;
    list.append(make("dt", {}, name), make("dd", { dir: "auto" }, String(value)));
  };
  add("text", job.text);
  add("recording", job.audio);
  report.columns.forEach((name, column) => add(name, job.own[column]));
  add("sheet", `line ${job.line}${job.gone ? ", no longer in the sheet" : ""}`);
  add("estimate", `${range(job.low, job.high)} credits`);
  add("charged", job.used === null ? null : credits(job.used));
  add("sent", job.submitted === null ? null : moment(job.submitted));
  add("finished", job.finished === null ? null : moment(job.finished));
  add("attempts", job.attempts || null);
  add("provider's id", job.remote);
  add("persona", job.persona_id);
  if (job.file) {
    list.append(make("dt", {}, "file"), make("dd", {}, make("a", { href: job.file, target: "_blank", rel: "noopener" }, job.name)));
  }
  return list;
}

function markButtons(card, job) {
  const button = (mark, label) => {
    const element = make("button", { type: "button", class: mark, "aria-pressed": "false", "aria-label": `${label} ${job.id}` }, label);
    element.addEventListener("click", () => toggleMark(card, job, mark));
    return element;
  };
  const comment = make("input", { type: "text", placeholder: "comment", dir: "auto", "aria-label": `Comment on ${job.id}` });
  comment.value = markOf(job).comment;
  comment.addEventListener("input", () => setMark(job, { comment: comment.value }));
  return make("div", { class: "marks" }, button("approved", "Approve"), button("rejected", "Reject"), comment);
}

function toggleMark(card, job, mark) {
  if (!job.file) return;
  setMark(job, { mark: markOf(job).mark === mark ? "" : mark });
  showMark(card, job);
  showReview();
}

function showMark(card, job) {
  const { mark } = markOf(job);
  card.dataset.mark = mark;
  for (const button of card.querySelectorAll(".marks button")) {
    button.setAttribute("aria-pressed", String(button.className === mark));
  }
}

function makeCard(job, index) {
  const id = `job-${index}`;
  const card = make("article", { class: "card", tabindex: "-1", "aria-labelledby": id, "data-status": job.status });
  const notes = [
    job.status === "done" ? null : STATUSES[job.status],
    job.gone ? "no longer in the sheet" : null,
  ];
  const head = make("h2", { id }, job.id, make("span", { class: "status" }, notes.filter(Boolean).join(", ")), job.outdated ? make("span", { class: "outdated" }, "outdated: edited after it was paid for") : null);
  card.append(
    make("div", { class: "mount" }, frame(job), make("span", { class: "edge" }, `line ${job.line}`), make("span", { class: "edge" }, job.ratio)),
    make("div", { class: "what" }, head, make("p", { class: "facts" }, facts(job)), make("p", { class: "said", dir: "auto" }, job.text ?? job.audio), details(job)),
  );
  if (job.error || job.advice) {
    card.append(
      make(
        "div",
        { class: "trouble" },
        job.error ? make("p", { class: "error", dir: "auto" }, job.error) : null,
        job.advice ? make("p", { class: "advice" }, job.advice) : null,
        job.command ? make("code", { class: "command" }, job.command) : null,
      ),
    );
  }
  if (job.file) {
    approaching.observe(card);
    card.append(markButtons(card, job));
    showMark(card, job);
  }
  return card;
}
