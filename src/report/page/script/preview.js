// What would be made, with its cost, and the buttons that start a run.
(() => {
"use strict";

const { html, useEffect, useLayoutEffect, useMemo, useRef, useState, api, address, classes, credits, number, plural, range, Icon } = callsheet;

const CARD_HEIGHT = 152;
const STATES = { new: "", again: "again", left_out: "Left out", submitting: "Sending", in_doubt: "In doubt", rendering: "Rendering", downloading: "Downloading", done: "Made", changed: "Text edited since", failed: "Failed", gone: "Not in the sheet" };

/** A duration rounded up as in the question of a run: `40 s`, `5 min`, `2 h 15 min`. @param {number} seconds */
function roughly(seconds) {
  const unit = seconds < 120 ? 10 : seconds < 3600 ? 60 : 300;
  const rounded = Math.max(1, Math.ceil(Math.floor(seconds) / unit)) * unit;
  return rounded >= 60 && rounded < 3600 ? `${Math.ceil(rounded / 60)} min` : callsheet.duration(rounded * 1000);
}

/** @param {{ id: string, version: number, live: Live, run: (body: any) => Promise<void> }} props */
function PreviewTab({ id, version, live, run }) {
  const [plan, setPlan] = useState(/** @type {Plan | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [suspicious, setSuspicious] = useState("skip");
  const [sample, setSample] = useState(/** @type {Plan | null} */ (null));
  const [filter, setFilter] = useState("all");
  const [search, setSearch] = useState("");
  const isIdle = live.state === "idle";
  useEffect(() => {
    if (!isIdle) return undefined;
    const control = new AbortController();
    /** @param {string} what @param {(plan: Plan) => void} show */
    const ask = (what, show) => api(`/api/campaigns/${id}/plan?what=${what}&suspicious=${suspicious}`, { signal: control.signal }).then(show, (problem) => { if (!control.signal.aborted) setError(problem); });
    const load = async () => {
      await ask("all", (next) => { setPlan(next); setError(null); });
      await ask("sample", setSample);
    };
    const timer = setTimeout(load, version ? 400 : 0);
    return () => { clearTimeout(timer); control.abort(); };
  }, [id, version, isIdle, suspicious]);
  const flags = useMemo(() => planFlags(plan), [plan]);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = useMemo(() => ({
    all: plan?.jobs ?? [],
    make: (plan?.jobs ?? []).filter((job) => job.will_submit),
    flagged: (plan?.jobs ?? []).filter((job) => flags.has(job.job_id)),
    rest: (plan?.jobs ?? []).filter((job) => !job.will_submit),
  }), [plan, flags]);
  const jobs = useMemo(() => {
    const group = groups[/** @type {"all"} */ (filter)];
    return words.length ? group.filter((job) => words.every((word) => `${job.text} ${job.persona_name} ${job.job_id} ${job.aspect_ratio}`.toLowerCase().includes(word))) : group;
  }, [groups, filter, search]);

  if (error && !plan) return html`<${Blocked} id=${id} error=${error} />`;
  if (!plan) return html`<p class="note working-out">Working out what it costs…</p>`;
  /** @type {[string, string][]} */
  const chips = [["all", "All"], ["make", "To make"], ["flagged", "Worth a look"], ["rest", "Not made now"]];
  return html`<div class="preview">
    <div class="preview-list">
      <div class="preview-bar">
        ${chips.filter(([name]) => name === "all" || groups[/** @type {"all"} */ (name)].length).map(([name, label]) => html`<button type="button" key=${name} class="chip" aria-pressed=${filter === name} onClick=${() => setFilter(name)}>${label} <span class="numbers">${groups[/** @type {"all"} */ (name)].length}</span></button>`)}
        <label class="search-field"><${Icon} name="search" /><span class="visually-hidden">Search</span><input type="search" placeholder="Text or persona" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>
      </div>
      <${Cards} jobs=${jobs} flags=${flags} id=${id} />
    </div>
    <${Summary} plan=${plan} sample=${sample} live=${live} run=${run} error=${error} suspicious=${suspicious} setSuspicious=${(/** @type {string} */ choice) => { setSample(null); setSuspicious(choice); }} />
  </div>`;
}

/** What deserves a look: texts that look unfinished, and notes about the rows.
 * @param {Plan | null} plan @returns {Map<string, { tone: string, text: string }[]>} */
function planFlags(plan) {
  /** @type {Map<string, { tone: string, text: string }[]>} */
  const flags = new Map();
  if (!plan) return flags;
  /** @param {string} id @param {string} tone @param {string} text */
  const add = (id, tone, text) => callsheet.group(flags, id, { tone, text });
  for (const suspicion of plan.suspicions) suspicion.jobs.forEach((id) => add(id, "warn", suspicion.message));
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const note of plan.notes) {
    const line = /^.*?:(\d+)/.exec(note.place ?? "")?.[1];
    if (line) callsheet.group(lines, line, note.message);
  }
  for (const job of plan.jobs) lines.get(String(job.origin?.line))?.forEach((text) => add(job.job_id, "info", text));
  return flags;
}

/** @param {{ id: string, error: any }} props */
function Blocked({ id, error }) {
  return html`<div class="blocked"><${callsheet.Problem} error=${error} />
    <a class="button primary" href=${callsheet.linkTo({ campaign: id, tab: "sheet" })}>Go to the sheet</a></div>`;
}

/** @param {{ jobs: PlanJob[], flags: Map<string, any[]>, id: string }} props */
function Cards({ jobs, flags, id }) {
  const content = useRef(/** @type {HTMLElement | null} */ (null));
  const [columns, setColumns] = useState(1);
  useLayoutEffect(() => {
    const element = content.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setColumns(Math.max(1, Math.floor(element.clientWidth / 330))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const rows = Math.ceil(jobs.length / columns);
  const [first, last] = callsheet.useWindow(content, CARD_HEIGHT, rows);
  const catalogue = callsheet.useCatalogue("personas");
  const personas = useMemo(() => callsheet.byName(catalogue), [catalogue]);
  return html`<ul class="plan-cards" ref=${content} style=${{ height: rows * CARD_HEIGHT }} aria-label="Videos">
    ${jobs.slice(first * columns, last * columns).map((job, offset) => {
      const at = first * columns + offset;
      return html`<${PlanCard} key=${job.job_id} job=${job} flags=${flags.get(job.job_id)} persona=${personas.get(job.persona)} id=${id}
        place=${{ top: Math.floor(at / columns) * CARD_HEIGHT, left: `${((at % columns) * 100) / columns}%`, width: `${100 / columns}%`, height: CARD_HEIGHT }} />`;
    })}
  </ul>${jobs.length === 0 && html`<p class="note">No video matches.</p>`}`;
}

/** @param {{ job: PlanJob, flags?: { tone: string, text: string }[], persona?: Persona, id: string, place: any }} props */
function PlanCard({ job, flags, persona, id, place }) {
  const ratio = job.aspect_ratio.replace("x", ":");
  const picture = persona?.pictures?.[ratio] ?? persona?.picture;
  const state = STATES[/** @type {"new"} */ (job.state)] ?? job.state;
  return html`<li class=${classes("plan-card", !job.will_submit && "idle")} style=${place}><article>
    <div class="picture"><span class="ratio-frame" data-ratio=${ratio}>${picture ? html`<img src=${picture} alt="" loading="lazy" />` : html`<b>${job.persona_name.slice(0, 1)}</b>`}</span></div>
    <div class="what">
      <p class="who"><b>${persona?.name ?? job.persona_name}</b><span class="note">${ratio}</span>${job.language && html`<span class="note">${job.language}</span>`}
        ${state && html`<span class="badge" title=${job.reason}>${state}</span>`}</p>
      <p class="spoken" title=${job.text ?? ""}>${job.text ?? `Recording: ${job.audio}`}</p>
      ${flags?.slice(0, 1).map((flag) => html`<p class=${classes("flag", flag.tone)} title=${flags.map(({ text }) => text).join("\n")}><${Icon} name=${flag.tone === "warn" ? "alert" : "info"} /><span><${callsheet.Words} text=${flag.text} /></span></p>`)}
      <p class="plan-facts"><a href=${callsheet.linkTo({ campaign: id, tab: "sheet", row: String(job.origin?.line ?? "") })}>Row ${job.origin?.line}</a>
        <span>${range(Math.round(job.seconds_low), Math.max(1, Math.round(job.seconds_high)))} s</span>
        ${job.will_submit && html`<span>${range(job.credits_low, job.credits_high)} credits</span>`}</p>
    </div>
  </article></li>`;
}

/** @param {{ plan: Plan, sample: Plan | null, live: Live, run: (body: any) => Promise<void>, error: any, suspicious: string, setSuspicious: (choice: string) => void }} props */
function Summary({ plan, sample, live, run, error, suspicious, setSuspicious }) {
  const money = plan.credits;
  const remembered = money.max_credits === null ? "" : String(money.max_credits);
  const [cap, setCap] = useState(remembered);
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  useEffect(() => setCap(remembered), [remembered]);
  const doubtful = new Set(plan.suspicions.flatMap((one) => one.jobs));
  const made = plan.jobs.filter((job) => job.will_submit);
  const low = sum(made, "credits_low");
  const high = sum(made, "credits_high");
  const sampled = sample?.jobs.filter((job) => job.will_submit) ?? [];
  const limit = cap.trim() === "" ? null : Number(cap);
  const isLow = limit !== null && limit < (money.spent ?? 0) + (money.promised ?? 0) + high;
  const isWrong = limit !== null && !(limit >= 0);
  const isBusy = live.state !== "idle" || busy !== "";
  useEffect(() => { if (live.state !== "idle" || live.ended) setBusy(""); }, [live.state, live.ended]);
  /** @param {"sample" | "all"} what */
  const start = async (what) => {
    setBusy(what);
    setProblem(null);
    try {
      await run({
        what,
        ...(cap !== remembered && { max_credits: limit === null ? "none" : limit }),
        ...(doubtful.size && { suspicious }),
      });
    } catch (failed) {
      setProblem(failed);
      setBusy("");
    }
  };
  const { balance } = plan;
  const left = balance?.left_low ?? 0;
  const totals = plan.totals;
  return html`<aside class="summary" aria-label="Cost"><div class="panel">
    ${made.length > 0 && html`<p class="big"><b class="numbers">${range(low, high)}</b> credits<span class="note">for ${plural(made.length, "video")}</span></p>`}
    <dl>
      ${totals.done > 0 && html`<${Fact} name="Made already" value=${plural(totals.done, "video")} />`}
      ${money.spent > 0 && html`<${Fact} name="Spent so far" value=${credits(money.spent)} />`}
      ${money.promised > 0 && html`<${Fact} name="Promised" value=${credits(money.promised)} />`}
      ${balance?.credits != null && html`<${Fact} name="Balance" value=${credits(balance.credits)} />
        <${Fact} name="Left afterwards" value=${left >= 0 ? credits(left) : `up to ${number(-left)} missing`} tone=${left < 0 ? "bad" : ""} />`}
      ${balance?.error && html`<${Fact} name="Balance" value="not known" title=${balance.error} />`}
      ${plan.run_seconds != null && made.length > 0 && html`<${Fact} name="Ready in" value=${`about ${roughly(plan.run_seconds)}`} />`}
    </dl>
    <label class="field cap">Limit of the campaign, in credits
      <input inputmode="decimal" placeholder="no limit" value=${cap} aria-describedby="cap-note" aria-invalid=${isWrong} onInput=${(/** @type {any} */ event) => setCap(event.target.value)} /></label>
    <p id="cap-note" class=${classes("note", isLow && "warn")}>${isWrong ? "Write a number of credits, or nothing." : isLow ? "This limit may stop the run before its end." : "All runs together never spend more. It is remembered."}</p>
    ${doubtful.size > 0 && html`<fieldset class="doubtful"><legend>${plural(doubtful.size, "text")} ${doubtful.size === 1 ? "looks" : "look"} unfinished</legend>
      <div class="segments">${[["skip", "Leave out"], ["allow", "Make anyway"]].map(([value, label]) => html`<button type="button" key=${value} aria-pressed=${suspicious === value} onClick=${() => setSuspicious(value)}>${label}</button>`)}</div></fieldset>`}
    <${callsheet.Problem} error=${problem ?? error} />
    ${made.length === 0
      ? html`<p class="all-made"><${Icon} name="check" />Nothing is left to make.</p>`
      : html`<div class="starts">
        ${sampled.length > 0 && made.length > sampled.length && html`<button type="button" class="button" disabled=${isBusy || isWrong} onClick=${() => start("sample")}>${busy === "sample" ? "Getting ready…" : `Make a sample of ${sampled.length} (${range(sum(sampled, "credits_low"), sum(sampled, "credits_high"))} credits)`}</button>`}
        <button type="button" class="button primary" disabled=${isBusy || isWrong} onClick=${() => start("all")}>${busy === "all" ? "Getting ready…" : `Make ${made.length === 1 ? "it" : `all ${made.length}`} (${range(low, high)} credits)`}</button>
      </div>
      <p class="note">${live.state !== "idle" ? live.here ? "A run is under way; it has to end first." : "A run is under way elsewhere; it has to end first." : "You are asked once more before anything is paid for."}</p>`}
  </div></aside>`;
}

/** @param {{ name: string, value: string, tone?: string, title?: string }} props */
function Fact({ name, value, tone, title }) {
  return html`<div title=${title}><dt>${name}</dt><dd class=${classes("numbers", tone)}>${value}</dd></div>`;
}

/** @param {PlanJob[]} jobs @param {"credits_low" | "credits_likely" | "credits_high"} name */
const sum = (jobs, name) => Math.round(jobs.reduce((total, job) => total + job[name], 0) * 1000) / 1000;

Object.assign(callsheet, { PreviewTab, Blocked });
})();
