// Credits and time of a campaign.
(() => {
"use strict";

const { html, number, plural, range, duration } = callsheet;

/** @param {{parts: [string, number][], whole: number}} props */
function Bar({ parts, whole }) {
  return html`<div class="bar" aria-hidden="true">
    ${parts.map(([kind, amount]) => amount > 0 && whole > 0 && html`<span class=${kind} style=${{ width: `${(100 * amount) / whole}%` }}></span>`)}
  </div>`;
}

/** The credits in one line, and as a bar. @param {{credits: PageData["credits"], children?: any}} props */
function CreditsBar({ credits, children }) {
  const known = credits.spent + credits.promised + credits.to_do_high;
  /** @param {string} kind @param {string} amount @param {string} words */
  const figure = (kind, amount, words) => html`<span class=${`figure ${kind}`}><b>${amount}</b> ${words}</span>`;
  return html`<div class="credits">
    <div class="row numbers">
      ${figure("spent", number(credits.spent), `${credits.spent === 1 ? "credit" : "credits"} spent`)}
      ${credits.promised > 0 && figure("promised", number(credits.promised), "promised")}
      ${credits.to_do_high > 0 && figure("todo", range(credits.to_do_low, credits.to_do_high), "still to come")}
      ${credits.left !== null && figure("left", number(credits.left), `left of ${number(credits.max_credits ?? 0)}`)}
      ${children}
    </div>
    <${Bar} parts=${[["spent", credits.spent], ["promised", credits.promised], ["todo", credits.to_do_high]]} whole=${Math.max(known, credits.max_credits ?? 0)} />
    ${credits.spent_unreported > 0 && html`<p class="note">${number(credits.spent_unreported)} of the spent credits are estimated, because the provider reported no charge.</p>`}
  </div>`;
}

/** Sums over the jobs that share a value, the most expensive first. @param {PageJob[]} jobs @param {(job: PageJob) => string} key */
function sums(jobs, key) {
  const groups = new Map();
  for (const job of jobs) {
    const sum = groups.get(key(job)) ?? { spent: 0, promised: 0, todo: 0, charged: 0, low: 0, high: 0, used: 0 };
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

/** @param {{jobs: PageJob[]}} props */
function CreditsByPersona({ jobs }) {
  const groups = sums(jobs, (job) => job.persona);
  const most = Math.max(...groups.map(([, sum]) => sum.spent + sum.promised + sum.todo));
  return html`<section><h3>Credits by persona</h3><div class="scroll" tabindex="0" role="region" aria-label="Credits by persona"><table><tbody>
    ${groups.map(([persona, sum]) => html`<tr><th scope="row">${persona}</th>
      <td class="wide"><${Bar} parts=${[["spent", sum.spent], ["promised", sum.promised], ["todo", sum.todo]]} whole=${most} /></td>
      <td>${[`${number(sum.spent)} spent`, sum.promised > 0 && `${number(sum.promised)} promised`, sum.todo > 0 && `up to ${number(sum.todo)} to come`].filter(Boolean).join(", ")}</td></tr>`)}
  </tbody></table></div></section>`;
}

/** @param {{jobs: PageJob[]}} props */
function EstimateAgainstActual({ jobs }) {
  if (!jobs.some((job) => job.status === "done" && job.used !== null)) return null;
  /** @param {any} sum */
  const verdict = (sum) => {
    const off = sum.used < sum.low ? sum.used - sum.low : sum.used > sum.high ? sum.used - sum.high : 0;
    return off === 0 ? "as estimated" : off < 0 ? `${number(-off)} less` : `${number(off)} more`;
  };
  /** @param {(job: PageJob) => string} key */
  const body = (key) => html`<tbody>${sums(jobs, key).filter(([, sum]) => sum.charged > 0).map(([name, sum]) => html`<tr><th scope="row">${name}</th>
    <td>${number(sum.charged)}</td><td>${range(sum.low, sum.high)}</td><td>${number(sum.used)}</td><td>${verdict(sum)}</td></tr>`)}</tbody>`;
  return html`<section><h3>Estimate against actual</h3><div class="scroll" tabindex="0" role="region" aria-label="Estimate against actual"><table>
    <thead><tr><td></td>${["Finished", "Estimated", "Charged", "Difference"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
    ${body((job) => job.model)}${body((job) => job.persona)}
  </table></div></section>`;
}

/** @type {Record<string, string>} */
const SPANS = {
  queue: "waiting to be sent",
  submit: "being sent",
  place: "waiting at the provider",
  render: "rendering",
  download: "downloading",
  doubt: "in doubt",
};

/** Returns the parts of a job's time. @param {PageData} data @param {PageJob} job @returns {[string, number, number][]} */
function spans(data, job) {
  const submitted = job.submitted ?? 0;
  const run = data.runs.findLast((other) => Date.parse(other.started_at) <= submitted);
  const isOpen = ["submitting", "in_doubt", "rendering", "downloading"].includes(job.status);
  const end = job.finished ?? (isOpen ? data.as_of ?? submitted : submitted);
  const accepted = job.accepted ?? (job.status === "in_doubt" ? submitted : end);
  const rendered = job.rendered ?? end;
  const running = job.running ?? accepted;
  /** @type {[string, number, number][]} */
  const parts = [
    ["queue", run ? Date.parse(run.started_at) : submitted, submitted],
    ["submit", submitted, accepted],
    ["place", accepted, running],
    [job.status === "in_doubt" ? "doubt" : "render", running, Math.min(rendered, end)],
    ["download", rendered, end],
  ];
  return parts.filter(([, from, to]) => to > from);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((seconds) => seconds * 1000);

/** @param {number} time @param {number} step */
const clock = (time, step) =>
  new Date(time).toLocaleString(undefined, step < 60000 ? { timeStyle: "medium" } : step < 86400000 ? { timeStyle: "short" } : { dateStyle: "medium" });

/** Maps times to the width of the chart, with idle periods cut short. @param {[string, number, number][][]} all */
function scale(all) {
  const busy = all.flat().map(([, from, to]) => [from, to]).sort((a, b) => a[0] - b[0]);
  /** @type {number[][]} */
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
  const width = start - gap || 1;
  /** @param {number} time */
  const at = (time) => {
    const block = places.findLast((place) => place.from <= time) ?? places[0];
    return (100 * (block.start + Math.min(time, block.to) - block.from)) / width;
  };
  // Round times, at most about six.
  const step = STEPS.find((step) => total / step <= 6) ?? Math.ceil(total / 6 / 86400000) * 86400000;
  const ticks = places.flatMap(({ from, to }) => {
    const offset = new Date(from).getTimezoneOffset() * 60000;
    const found = [];
    for (let time = Math.ceil((from - offset) / step) * step + offset; time <= to; time += step) found.push({ at: at(time), words: clock(time, step) });
    return found;
  });
  return { at, ticks, breaks: places.slice(1).map((place) => (100 * (place.start - gap / 2)) / width) };
}

/** @param {{data: PageData}} props */
function Timeline({ data }) {
  const sent = data.jobs.filter((job) => job.submitted !== null).sort((a, b) => (a.submitted ?? 0) - (b.submitted ?? 0));
  if (sent.length === 0) return null;
  const all = sent.map((job) => spans(data, job));
  const { at, ticks, breaks } = scale(all);
  /** @param {string} kind @param {string} words */
  const mean = (kind, words) => {
    const times = all.flat().filter(([other]) => other === kind).map(([, from, to]) => to - from);
    return times.length > 0 && `${words} ${duration(times.reduce((sum, time) => sum + time, 0) / times.length)}`;
  };
  const means = [mean("queue", "waited to be sent for"), mean("place", "waited at the provider for"), mean("render", "rendered for"), mean("download", "was downloaded in")].filter(Boolean);
  return html`<section><h3>Time</h3>
    ${means.length > 0 && html`<p>On average a job ${means.join(", ")}.</p>`}
    <p class="legend">${Object.entries(SPANS).map(([kind, words]) => html`<span class=${`span-${kind}`}>${words}</span>`)}</p>
    <div class="timeline" tabindex="0" role="region" aria-label=${`Timeline of ${plural(sent.length, "job")}`}>
      <div class="time-row axis" aria-hidden="true"><span></span><div class="ticks">${ticks.map((tick) => html`<span style=${{ left: `${tick.at}%` }}>${tick.at < 90 && tick.words}</span>`)}</div></div>
      ${sent.map((job, index) => html`<div class="time-row"><span class="name">${job.id}</span>
        <div class="lane" role="img" aria-label=${all[index].map(([kind, from, to]) => `${SPANS[kind]} ${duration(to - from)}`).join(", ")}>
          ${all[index].map(([kind, from, to]) => html`<span class=${`span-${kind}`} title=${`${SPANS[kind]} ${duration(to - from)}`} style=${{ left: `${at(from)}%`, width: `${at(to) - at(from)}%` }}></span>`)}
          ${breaks.map((left) => html`<i title="idle period" style=${{ left: `${left}%` }}></i>`)}
        </div></div>`)}
    </div></section>`;
}

/** @param {{data: PageData}} props */
const Charts = ({ data }) => html`<div class="charts"><${CreditsByPersona} jobs=${data.jobs} /><${EstimateAgainstActual} jobs=${data.jobs} /><${Timeline} data=${data} /></div>`;

Object.assign(callsheet, { Bar, CreditsBar, Charts });
})();
