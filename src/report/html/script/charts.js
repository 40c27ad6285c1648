// Charts of credits and time.

// A bar of parts, each [class, amount].
function bar(parts, whole) {
  const element = make("div", { class: "bar", "aria-hidden": "true" });
  for (const [kind, amount] of parts) {
    if (amount <= 0 || whole <= 0) continue;
    const part = make("span", { class: kind });
    part.style.width = `${(100 * amount) / whole}%`;
    element.append(part);
  }
  return element;
}

function moneyLine() {
  const credits = report.credits;
  const figure = (kind, amount, word) => make("span", { class: `figure ${kind}` }, make("b", {}, amount), ` ${word}`);
  const figures = [figure("spent", number(credits.spent), "credits spent")];
  if (credits.promised > 0) figures.push(figure("promised", number(credits.promised), "promised"));
  if (credits.to_do_high > 0) figures.push(figure("todo", range(credits.to_do_low, credits.to_do_high), "still to come"));
  if (credits.left !== null) figures.push(figure("left", number(credits.left), `left of ${number(credits.max_credits)}`));
  const known = credits.spent + credits.promised + credits.to_do_high;
  const parts = [["spent", credits.spent], ["promised", credits.promised], ["todo", credits.to_do_high]];
  byId("money").prepend(make("p", {}, ...figures), bar(parts, Math.max(known, credits.max_credits ?? 0)));
  if (credits.spent_unreported > 0) {
    byId("money").append(make("p", { class: "note" }, `${number(credits.spent_unreported)} of the spent credits are estimated, because the provider reported no charge.`));
  }
}

// Sums over the jobs that share a value, the most expensive first.
function sums(key) {
  const groups = new Map();
  for (const job of jobs) {
    const sum = groups.get(key(job)) ?? { jobs: 0, spent: 0, promised: 0, todo: 0, charged: 0, low: 0, high: 0, used: 0 };
    sum.jobs += 1;
    sum.spent += job.spent;
    sum.promised += job.promised;
    if (job.status === "pending") sum.todo += job.high;
    if (job.status === "done" && job.used !== null) {
      sum.charged += 1;
      sum.low += job.low;
      sum.high += job.high;
      sum.used += job.used;
    }
    groups.set(key(job), sum);
  }
  return [...groups].sort(([, a], [, b]) => b.spent + b.promised + b.todo - (a.spent + a.promised + a.todo));
}

function creditsByPersona() {
  const groups = sums((job) => job.persona);
  const most = Math.max(...groups.map(([, sum]) => sum.spent + sum.promised + sum.todo));
  const rows = groups.map(([persona, sum]) => {
    const words = [`${number(sum.spent)} spent`, sum.promised > 0 ? `${number(sum.promised)} promised` : null, sum.todo > 0 ? `up to ${number(sum.todo)} to come` : null];
    const parts = [["spent", sum.spent], ["promised", sum.promised], ["todo", sum.todo]];
    return make("tr", {}, make("th", { scope: "row" }, persona), make("td", { class: "wide" }, bar(parts, most)), make("td", {}, words.filter(Boolean).join(", ")));
  });
  return chart("Credits by persona", make("table", {}, make("tbody", {}, ...rows)));
}

function estimateAgainstActual() {
  const row = ([name, sum]) => {
    const off = sum.used < sum.low ? sum.used - sum.low : sum.used > sum.high ? sum.used - sum.high : 0;
    const verdict = off === 0 ? "as estimated" : off < 0 ? `${number(-off)} less` : `${number(off)} more`;
    return make("tr", {}, make("th", { scope: "row" }, name), ...[number(sum.charged), range(sum.low, sum.high), number(sum.used), verdict].map((cell) => make("td", {}, cell)));
  };
  const body = (key) => make("tbody", {}, ...sums(key).filter(([, sum]) => sum.charged > 0).map(row));
  const head = ["", "finished", "estimated", "charged", "difference"].map((title) => make("th", { scope: "col" }, title));
  const table = make("table", { class: "numbers" }, make("thead", {}, make("tr", {}, ...head)), body((job) => job.model), body((job) => job.persona));
  return jobs.some((job) => job.status === "done" && job.used !== null) ? chart("Estimate against actual", table) : null;
}

function chart(title, ...content) {
  return make("section", {}, make("h2", {}, title), ...content);
}

const SPANS = {
  queue: "waiting to be sent",
  submit: "being sent",
  place: "waiting at the provider",
  render: "rendering",
  download: "downloading",
  doubt: "in doubt",
};

// The parts of a job's time, each [class, from, to].
function spans(job) {
  const run = report.runs.filter((other) => Date.parse(other.started_at) <= job.submitted).pop();
  const end = job.finished ?? (["submitting", "in_doubt", "rendering", "downloading"].includes(job.status) ? report.as_of : job.submitted);
  const accepted = job.accepted ?? (job.status === "in_doubt" ? job.submitted : end);
  const rendered = job.rendered ?? end;
  const running = job.running ?? accepted;
  return [
    ["queue", run ? Date.parse(run.started_at) : job.submitted, job.submitted],
    ["submit", job.submitted, accepted],
    ["place", accepted, running],
    [job.status === "in_doubt" ? "doubt" : "render", running, Math.min(rendered, end)],
    ["download", rendered, end],
  ].filter(([, from, to]) => to > from);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((seconds) => seconds * 1000);

// Round times, at most about six, within the periods of activity.
function ticks(places, total) {
  const step = STEPS.find((step) => total / step <= 6) ?? Math.ceil(total / 6 / 86400000) * 86400000;
  const offset = new Date(places[0].from).getTimezoneOffset() * 60000;
  const first = (from) => Math.ceil((from - offset) / step) * step + offset;
  return places.flatMap(({ from, to }) => {
    const found = [];
    for (let time = first(from); time <= to; time += step) found.push(time);
    return found;
  }).map((time) => [time, clock(time, step)]);
}

function clock(time, step) {
  const format = step < 60000 ? { timeStyle: "medium" } : step < 86400000 ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Date(time).toLocaleString(undefined, format);
}

// Maps times to the width of the chart, with idle periods cut short.
function scale(all) {
  const busy = all.flat().map(([, from, to]) => [from, to]).sort((a, b) => a[0] - b[0]);
  const blocks = [];
  for (const [from, to] of busy) {
    const last = blocks.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else blocks.push([from, to]);
  }
  const total = blocks.reduce((sum, [from, to]) => sum + to - from, 0) || 1;
  const gap = total * 0.03;
  let start = 0;
  const places = blocks.map(([from, to]) => {
    const place = { from, to, start };
    start += to - from + gap;
    return place;
  });
  const width = start - gap;
  return {
    ticks: ticks(places, total),
    breaks: places.slice(1).map((place) => (place.start - gap / 2) / width),
    at(time) {
      const block = places.findLast((place) => place.from <= time) ?? places[0];
      return (block.start + Math.min(time, block.to) - block.from) / width;
    },
  };
}

function timeline() {
  const sent = jobs.filter((job) => job.submitted !== null).sort((a, b) => a.submitted - b.submitted);
  if (sent.length === 0) return null;
  const section = chart(
    "Time",
    make("p", { class: "legend" }, ...Object.entries(SPANS).map(([kind, word]) => make("span", { class: kind }, word))),
    make("p", {}, timeInWords(sent)),
  );
  const folded = make("details", {}, make("summary", {}, `Timeline of ${plural(sent.length, "job")}`));
  const draw = () => {
    const all = sent.map(spans);
    const axis = scale(all);
    const rows = sent.map((job, place) => {
      const lane = make("div", { class: "lane", role: "img", "aria-label": all[place].map(([kind, from, to]) => `${SPANS[kind]} ${duration(to - from)}`).join(", ") });
      for (const [kind, from, to] of all[place]) {
        const part = make("span", { class: kind, title: `${SPANS[kind]} ${duration(to - from)}` });
        part.style.left = `${100 * axis.at(from)}%`;
        part.style.width = `${100 * (axis.at(to) - axis.at(from))}%`;
        lane.append(part);
      }
      for (const where of axis.breaks) {
        const cut = make("i", { title: "idle period" });
        cut.style.left = `${100 * where}%`;
        lane.append(cut);
      }
      return make("div", { class: "row" }, make("span", { class: "name" }, job.id), lane);
    });
    const marks = make("div", { class: "ticks", "aria-hidden": "true" });
    for (const [time, words] of axis.ticks) {
      // There is no room for text at the right edge.
      const tick = make("span", {}, axis.at(time) < 0.92 ? words : "");
      tick.style.left = `${100 * axis.at(time)}%`;
      marks.append(tick);
    }
    folded.append(make("div", { class: "gantt" }, make("div", { class: "row axis" }, make("span", {}), marks), ...rows));
  };
  if (sent.length <= 60) {
    folded.open = true;
    draw();
  } else {
    folded.addEventListener("toggle", draw, { once: true });
  }
  section.append(folded);
  return section;
}

function timeInWords(sent) {
  const sums = new Map();
  for (const [kind, from, to] of sent.flatMap(spans)) {
    const { count, total } = sums.get(kind) ?? { count: 0, total: 0 };
    sums.set(kind, { count: count + 1, total: total + to - from });
  }
  const mean = (kind, words) => (sums.has(kind) ? `${words} ${duration(sums.get(kind).total / sums.get(kind).count)}` : null);
  const parts = [mean("queue", "waited to be sent for"), mean("place", "waited at the provider for"), mean("render", "rendered for"), mean("download", "was downloaded in")];
  return parts.some(Boolean) ? `On average a job ${parts.filter(Boolean).join(", ")}.` : "";
}
