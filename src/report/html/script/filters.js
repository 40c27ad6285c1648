// The visible cards and their order.

const cards = jobs.map((job, index) => makeCard(job, index));
const searchTexts = jobs.map((job) =>
  [job.id, job.text, job.audio, job.persona, job.persona_id, job.error, job.remote, job.model, ...job.own].filter(Boolean).join("\n").toLowerCase(),
);
let status = "";
// Indices of the visible jobs, in their order on the page.
let shown = [];

const ORDERS = {
  attention: (a, b) => urgency(a) - urgency(b) || a - b,
  sheet: (a, b) => a - b,
  cost: (a, b) => cost(jobs[b]) - cost(jobs[a]) || a - b,
  render: (a, b) => (renderTime(jobs[b]) ?? -1) - (renderTime(jobs[a]) ?? -1) || a - b,
  persona: (a, b) => jobs[a].persona.localeCompare(jobs[b].persona) || a - b,
  newest: (a, b) => (jobs[b].finished ?? -1) - (jobs[a].finished ?? -1) || a - b,
};

const cost = (job) => job.used ?? job.high;

// Jobs that need attention come first; all others keep the sheet's order.
function urgency(index) {
  return Math.min(URGENCY.indexOf(jobs[index].status), 2);
}

// Returns a predicate for the indices of jobs that pass all filters.
function makeFilter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const marked = byId("marked").value;
  const chosen = choices.filter(({ select }) => select.selectedIndex > 0);
  return (index) => {
    const job = jobs[index];
    const mark = markOf(job);
    const comment = mark.comment.toLowerCase();
    return (
      (!status || job.status === status || (status === "outdated" && job.outdated)) &&
      chosen.every(({ select, of }) => of(job) === select.value) &&
      (!marked || (marked === "comment" ? mark.comment : marked === "none" ? job.file && !mark.mark : mark.mark === marked)) &&
      words.every((word) => searchTexts[index].includes(word) || comment.includes(word))
    );
  };
}

function show() {
  const order = ORDERS[byId("sort").value];
  shown = jobs.map((_, index) => index).filter(makeFilter()).sort(order);
  const visible = new Set(shown);
  cards.forEach((card, index) => (card.hidden = !visible.has(index)));
  byId("cards").classList.toggle("trouble-first", byId("sort").value === "attention");
  byId("cards").append(...shown.map((index) => cards[index]));
  byId("shown").textContent = countText();
  byId("clear").hidden = [...currentParameters().keys()].every((name) => name === "sort");
  const isEmpty = shown.length === 0 && jobs.length > 0;
  byId("found").classList.toggle("empty", isEmpty);
  // The message may be outside the window now that no card is visible.
  if (isEmpty) byId("found").scrollIntoView({ block: "nearest" });
  for (const button of byId("statuses").children) {
    button.setAttribute("aria-pressed", String(button.value === status));
  }
  const current = cards.find((card) => card.tabIndex === 0);
  if (shown.length > 0 && (!current || current.hidden)) setCurrent(cards[shown[0]]);
}

function countText() {
  if (shown.length === jobs.length) return `${plural(jobs.length, "job")}.`;
  if (shown.length === 0) return `None of ${plural(jobs.length, "job")} matches.`;
  return `${number(shown.length)} of ${plural(jobs.length, "job")}.`;
}

function setCurrent(card) {
  for (const other of cards) if (other.tabIndex === 0) other.tabIndex = -1;
  card.tabIndex = 0;
}

function statusButtons() {
  const count = new Map();
  for (const job of jobs) count.set(job.status, (count.get(job.status) ?? 0) + 1);
  const outdated = jobs.filter((job) => job.outdated).length;
  if (outdated > 0) count.set("outdated", outdated);
  const button = (value, word, total) => {
    const made = make("button", { type: "button", value, "data-status": value }, make("b", {}, number(total)), ` ${word}`);
    made.addEventListener("click", () => {
      status = value;
      applyFilters();
    });
    return made;
  };
  byId("statuses").append(button("", jobs.length === 1 ? "job" : "jobs", jobs.length));
  for (const value of ["done", "failed", "in_doubt", "submitting", "rendering", "downloading", "pending", "left_out", "outdated"]) {
    if (count.has(value)) byId("statuses").append(button(value, STATUSES[value], count.get(value)));
  }
}
