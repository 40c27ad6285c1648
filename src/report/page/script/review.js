// The review of a campaign: filters, the grid of its videos, and its failures by reason.
(() => {
"use strict";

const {
  html, useEffect, useEvent, useLayoutEffect, useMemo, useRef, useState, useAddress, useMarks,
  STATUSES, canRedo, number, plural, credits, range, duration, moment, ago, timeCode, classes,
  address, isShortcut, toast, Dialog, copyText, Copy, Icon, Grid, CreditsBar, Charts,
} = callsheet;

/** @typedef {{name: string, label: string, of: (job: PageJob) => string, values: string[]}} Choice */

const ORDERS = {
  attention: "Problems first",
  sheet: "As in the sheet",
  newest: "Newest first",
  persona: "By persona",
  cost: "Most expensive first",
  render: "Slowest first",
};
const MARKED = { none: "To review", approved: "Approved", rejected: "Rejected", comment: "With comments" };

/** The time of the render, if it is known. @param {PageJob} job */
const renderTime = (job) => (job.adopted || job.accepted === null || job.rendered === null ? null : Math.max(0, job.rendered - job.accepted));
/** @param {PageJob} job */
const hasFailed = (job) => job.status === "failed" || job.status === "in_doubt";

// Filters by value.

// Columns with more values are searched instead, and longer values are prose.
const MOST_VALUES = 12;
const LONGEST_VALUE = 60;

/** @param {string[]} values */
const distinct = (values) => [...new Set(values)].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));

/** Checks whether a column divides the jobs into a few groups. @param {string[]} values */
function hasGroups(values) {
  const filled = values.filter(Boolean);
  const groups = new Set(filled);
  const all = new Set(values).size;
  const isShared = groups.size === 1 || groups.size < filled.length;
  return all >= 2 && all <= MOST_VALUES && isShared && filled.every((value) => value.length <= LONGEST_VALUE);
}

/** Returns the filters by persona, ratio and the sheet's own columns. @param {PageData} data @returns {Choice[]} */
function choicesOf(data) {
  const fixed = [
    { name: "persona", label: "Persona", of: (/** @type {PageJob} */ job) => job.persona },
    { name: "ratio", label: "Ratio", of: (/** @type {PageJob} */ job) => job.ratio },
  ].map((choice) => ({ ...choice, values: distinct(data.jobs.map(choice.of)) }));
  const own = data.columns.map((label, column) => {
    const earlier = data.columns.slice(0, column).filter((other) => other === label).length;
    const of = (/** @type {PageJob} */ job) => job.own[column] ?? "";
    return { name: `column.${label}${earlier === 0 ? "" : `.${earlier + 1}`}`, label, of, values: data.jobs.map(of) };
  });
  return [
    ...fixed,
    ...own.filter(({ values }) => hasGroups(values)).map((choice) => ({ ...choice, values: distinct(choice.values) })),
  ];
}

/** @type {WeakMap<PageJob, string>} */
const searchTexts = new WeakMap();

/** @param {PageJob} job */
function searchText(job) {
  let text = searchTexts.get(job);
  if (text === undefined) {
    text = [job.id, job.text, job.audio, job.persona, job.persona_id, job.error, job.remote, job.model, ...job.own].filter(Boolean).join("\n").toLowerCase();
    searchTexts.set(job, text);
  }
  return text;
}

/** @type {Record<string, (a: PageJob, b: PageJob) => number>} */
const COMPARE = {
  attention: () => 0,
  sheet: () => 0,
  cost: (a, b) => (b.used ?? b.high) - (a.used ?? a.high),
  render: (a, b) => (renderTime(b) ?? -1) - (renderTime(a) ?? -1),
  persona: (a, b) => a.persona.localeCompare(b.persona),
  newest: (a, b) => (b.finished ?? -1) - (a.finished ?? -1),
};

/** Returns the jobs that pass the filters in the address, in its order. @param {PageData} data @param {Record<string, string>} state @param {Choice[]} choices @param {MarkStore} store */
function select(data, state, choices, store) {
  const words = (state.search ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = choices.filter(({ name }) => name in state);
  const status = Object.hasOwn(STATUSES, state.status) || state.status === "outdated" ? state.status : "";
  const marked = Object.hasOwn(MARKED, state.marked) ? state.marked : "";
  const jobs = data.jobs.filter((job) => {
    const review = store.of(job);
    const comments = review.comments.map(({ comment }) => comment.toLowerCase()).join("\n");
    return (
      (!status || job.status === status || (status === "outdated" && job.outdated)) &&
      chosen.every(({ name, of }) => of(job) === state[name]) &&
      (!marked || (marked === "comment" ? comments : marked === "none" ? job.file && !review.mark : review.mark === marked)) &&
      words.every((word) => searchText(job).includes(word) || comments.includes(word))
    );
  });
  return jobs.sort(Object.hasOwn(COMPARE, state.sort) ? COMPARE[state.sort] : COMPARE.sheet);
}

/** @param {{choices: Choice[], state: Record<string, string>, set: (change: Record<string, string | null>) => void}} props */
function Filters({ choices, state, set }) {
  /** @param {string} name @param {string} label @param {[string, string][]} options @param {string | null} first */
  const field = (name, label, options, first) => {
    const value = state[name];
    // A value that no job has any more stays selected and matches nothing.
    const all = value === undefined || options.some(([other]) => other === value) ? options : [...options, [value, value]];
    /** @param {any} event */
    const change = (event) => set({ [name]: event.target.selectedIndex === 0 ? null : event.target.value });
    return html`<label key=${name} class=${classes("field", name in state && "chosen")}><span dir="auto">${label}</span>
      <select data-name=${name} onChange=${change}>
        ${first !== null && html`<option selected=${value === undefined} value="">${first}</option>`}
        ${all.map(([option, words], index) => html`<option key=${option} value=${option} selected=${value === undefined ? first === null && index === 0 : option === value}>${words || "(empty)"}</option>`)}
      </select></label>`;
  };
  return html`${choices.filter(({ name, values }) => values.length > 1 || name in state).map(({ name, label, values }) => field(name, label, values.map((value) => [value, value]), "All"))}
    ${field("sort", "Order", Object.entries(ORDERS), null)}`;
}

/** Renders again when the window becomes narrow or wide. */
function useNarrow() {
  const query = useMemo(() => matchMedia("(max-width: 40rem)"), []);
  const [isNarrow, set] = useState(query.matches);
  useEvent(query, "change", () => set(query.matches));
  return isNarrow;
}

/** Chips to filter by status and by mark. @param {{data: PageData, store: MarkStore, state: Record<string, string>, set: (change: Record<string, string | null>) => void}} props */
function Chips({ data, store, state, set }) {
  /** @type {Record<string, number>} */
  const counts = {};
  const count = (/** @type {string} */ name) => (counts[name] = (counts[name] ?? 0) + 1);
  for (const job of data.jobs) {
    count(job.status);
    if (job.outdated) count("outdated");
    const review = store.of(job);
    if (job.file) count(review.mark || "none");
    if (review.comments.length > 0) count("comment");
  }
  /** @param {string} name @param {string} value @param {string} label @param {string} [tone] */
  const chip = (name, value, label, tone) => {
    if (!counts[value] && state[name] !== value) return null;
    const isOn = state[name] === value;
    return html`<button key=${value} type="button" class=${classes("chip", tone)} data-value=${value} aria-pressed=${isOn} onClick=${() => set({ [name]: isOn ? null : value })}>${label} <span class="numbers">${number(counts[value] ?? 0)}</span></button>`;
  };
  const all = !state.status && !state.marked;
  return html`<div class="chips" role="group" aria-label="Show jobs by status or mark">
    <button type="button" class="chip" data-value="" aria-pressed=${all} onClick=${() => set({ status: null, marked: null })}>All <span class="numbers">${number(data.jobs.length)}</span></button>
    ${Object.entries(STATUSES).filter(([value]) => counts[value] !== data.jobs.length).map(([value, label]) => chip("status", value, label, value === "failed" ? "bad" : value === "in_doubt" ? "warn" : ""))}
    ${chip("status", "outdated", "Edited since", "warn")}
    ${Object.values(counts).length > 0 && html`<span class="divider"></span>`}
    ${Object.entries(MARKED).map(([value, label]) => chip("marked", value, label, value === "approved" ? "good" : value === "rejected" ? "bad" : ""))}
  </div>`;
}

// Cards.

/** @param {{mark: string}} props */
const MarkBadge = ({ mark }) =>
  mark === "approved" ? html`<span class="badge good mark"><${Icon} name="check" />Approved</span>`
  : mark === "rejected" ? html`<span class="badge bad mark"><${Icon} name="close" />Rejected</span>`
  : null;

/** A still that disappears if its file is missing. @param {{job: PageJob}} props */
function Still({ job }) {
  const [missing, setMissing] = useState(/** @type {string | null} */ (null));
  if (!job.thumbnail || missing === job.thumbnail) return html`<span class="no-still"><${Icon} name="play" /></span>`;
  return html`<img src=${job.thumbnail} alt="" decoding="async" onError=${() => setMissing(job.thumbnail)} />`;
}

/**
 * @param {{job: PageJob, review: Review, isCurrent: boolean, progress?: number, onOpen: (job: PageJob) => void, onMark: (job: PageJob, mark: "approved" | "rejected") => void, onRedo?: (job: PageJob) => void}} props
 */
function Card({ job, review, isCurrent, progress, onOpen, onMark, onRedo }) {
  const [isPreviewed, setPreviewed] = useState(false);
  const timer = useRef(0);
  // The pointer rests on a card for a moment: the video plays without sound.
  const enter = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType !== "mouse" || !job.file || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    timer.current = setTimeout(() => setPreviewed(true), 500);
  };
  const leave = () => {
    clearTimeout(timer.current);
    setPreviewed(false);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const isClear = job.file?.split("?")[0].endsWith(".webm");
  const tab = isCurrent ? 0 : -1;
  /** @param {"approved" | "rejected"} mark @param {string} icon @param {string} label */
  const quick = (mark, icon, label) => html`<button type="button" class=${classes("quick", mark)} tabindex=${tab} aria-pressed=${review.mark === mark} aria-label=${`${label} ${job.id}`} title=${label} onClick=${() => onMark(job, mark)}><${Icon} name=${icon} /></button>`;
  return html`<article class=${classes("tile", review.mark)} data-job=${job.id} data-status=${job.status} data-mark=${review.mark} title=${job.id} onPointerEnter=${enter} onPointerLeave=${leave}>
    <button type="button" class="open" tabindex=${tab} onClick=${() => onOpen(job)}>
      <span class=${classes("still", isClear && "clear")}>
        ${job.file
          ? html`<${Still} job=${job} />${isPreviewed && html`<video src=${job.file} muted loop autoplay playsinline tabindex="-1" aria-hidden="true"></video>`}`
          : html`<span class="waiting"><span>${STATUSES[job.status]}</span>${progress !== undefined && html`<span class="bar"><span style=${{ width: `${Math.round(progress * 100)}%` }}></span></span>`}</span>`}
        <span class="badges">
          ${job.file && job.status !== "done" && html`<span class="badge info">${STATUSES[job.status]}</span>`}
          ${job.outdated && html`<span class="badge warn"><${Icon} name="edit" />Edited since</span>`}
          ${job.gone && html`<span class="badge">Not in the sheet</span>`}
          <${MarkBadge} mark=${review.mark} />
        </span>
        <span class="badges below">
          ${review.comments.length > 0 && html`<span class="badge dark"><${Icon} name="comment" />${review.comments.length}<span class="visually-hidden"> comments</span></span>`}
          ${job.versions?.length > 0 && html`<span class="badge dark">Version ${job.versions.length + 1}</span>`}
          ${job.seconds !== null && html`<span class="badge dark numbers">${timeCode(Math.round(job.seconds))}</span>`}
        </span>
      </span>
      <span class="caption">
        <span class="title"><b>${job.persona}</b><span class="line">Row ${job.line}</span></span>
        <span class="said" dir="auto">${job.text ?? job.audio}</span>
      </span>
    </button>
    ${job.file && html`<span class="quicks">${quick("approved", "check", "Approve")}${quick("rejected", "close", "Reject")}${onRedo && canRedo(job) && html`<button type="button" class="quick" tabindex=${tab} aria-label=${`Make ${job.id} again`} title="Make again with other words" onClick=${() => onRedo(job)}><${Icon} name="redo" /></button>`}</span>`}
  </article>`;
}

// Failures.

/**
 * The page from disk shows commands; the studio has actions instead.
 * @param {{jobs: PageJob[], data: PageData, actions: ReviewActions, hasCommands: boolean, onOpen: (job: PageJob) => void}} props
 */
function Failures({ jobs, data, actions, hasCommands, onOpen }) {
  const groups = useMemo(() => {
    /** @type {Map<string, PageJob[]>} */
    const groups = new Map();
    for (const job of jobs) {
      const key = `${job.status}\n${job.error ?? ""}`;
      groups.set(key, [...(groups.get(key) ?? []), job]);
    }
    return [...groups.values()].sort((a, b) => b.length - a.length);
  }, [jobs]);
  if (groups.length === 0) return null;
  const heading = [["failed", "failed"], ["in_doubt", "in doubt"]].map(([status, words]) => [jobs.filter((job) => job.status === status).length, words]).filter(([count]) => count);
  return html`<section class="failures" aria-label="Failures">
    <h2>${heading.map(([count, words]) => `${plural(Number(count), "job")} ${words}`).join(", ")}</h2>
    ${groups.map((group) => {
      const ids = new Set(group.map(({ id }) => id));
      const shared = data.failures?.find((failure) => failure.jobs.length === group.length && failure.jobs.every((id) => ids.has(id)));
      const [first] = group;
      const { advice, command } = shared ?? (group.length === 1 ? first : { advice: first.advice, command: null });
      const isRetried = actions.retry && first.status === "failed";
      const action = isRetried
        ? html`<button type="button" class="button all" onClick=${() => actions.retry?.(group)}><${Icon} name="redo" />Make ${plural(group.length, "video")} again</button>`
        : hasCommands && command && html`<button type="button" class="button all" onClick=${() => copyText(command)}><${Icon} name="copy" />Copy the command</button>`;
      return html`<div key=${`${first.status}\n${first.error}`} class=${classes("panel", first.status === "failed" ? "bad" : "warn")} data-status=${first.status}><details>
        <summary><${Icon} name="forward" /><span class=${classes("badge", first.status === "failed" ? "bad" : "warn")}>${STATUSES[first.status]}</span>
          <span class="reason" dir="auto">${first.error ?? "No reason is known."}</span><span class="note">${plural(group.length, "job")}</span></summary>
        ${hasCommands && advice && html`<p class="advice">${advice}</p>`}
        ${!hasCommands && first.status === "in_doubt" && html`<p class="advice">It may have been paid for, so it is not made again by itself. The next run looks for it at the provider first.</p>`}
        ${hasCommands && command && html`<${Copy} text=${command} />`}
        <ul class="failed-jobs">${group.map((job) => html`<li key=${job.id} data-job=${job.id}>
          <button type="button" class="failed-job" onClick=${() => onOpen(job)}><span class="line">Row ${job.line}</span><b>${job.persona}</b><span class="said" dir="auto">${job.text ?? job.audio}</span></button>
          ${hasCommands && group.length > 1 && !shared && job.command && html`<${Copy} text=${job.command} />`}
        </li>`)}</ul>
      </details>${action}</div>`;
    })}
  </section>`;
}

/** All other facts about a job. @param {{job: PageJob, columns: string[]}} props */
function JobDetails({ job, columns }) {
  const render = renderTime(job);
  /** @type {[string, any][]} */
  const facts = [
    ["Job", job.id],
    ["Recording", job.audio],
    ...columns.map((name, column) => /** @type {[string, any]} */ ([name, job.own[column]])),
    ["Row", `${job.line}${job.gone ? ", no longer in the sheet" : ""}`],
    ["Ratio", job.ratio],
    ["Model", job.model],
    ["Estimate", `${range(job.low, job.high)} credits`],
    ["Charged", job.used === null ? null : job.used === 0 ? "nothing" : credits(job.used)],
    ["Length", job.seconds === null ? null : `${number(job.seconds)} s`],
    ["Sent", job.submitted === null ? null : moment(job.submitted)],
    ["Finished", job.finished === null ? null : moment(job.finished)],
    ["Rendered in", render === null ? null : duration(render)],
    ["Attempts", job.attempts || null],
    ["Provider's id", job.remote],
    ["Persona's id", job.persona_id],
    ["File", job.file && html`<a href=${job.file} target="_blank" rel="noopener">${job.name ?? job.file}</a>`],
  ];
  return html`<dl class="facts">${facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => html`<div><dt dir="auto">${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>`;
}

/** The shape of all stills: the ratio that all jobs share, else a square. @param {PageJob[]} jobs */
function stillShape(jobs) {
  const shapes = new Set(jobs.map(({ width, height }) => height / width));
  return shapes.size === 1 ? [...shapes][0] : 1;
}

// The height of the caption, 4.25rem.
const CAPTION = 68;

const KEYS = [["Arrow keys", "Move between cards"], ["Enter, Space", "Open the player"], ["A", "Approve"], ["R", "Reject"], ["C", "Comment"], ["/", "Search"], ["Esc", "Leave the search"], ["?", "Show these keys"]];

/** @param {{keys: string[][], onClose: () => void}} props */
const KeysDialog = ({ keys, onClose }) => html`<${Dialog} title="Keys" onClose=${onClose}><dl class="keys">
  ${keys.map(([key, words]) => html`<div><dt>${key.split(", ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${words}</dd></div>`)}
</dl><//>`;

/**
 * The review screen. `progress` has the progress of renders by job; `actions` are what the studio can do.
 * @param {{data: PageData, store: MarkStore, actions?: ReviewActions, progress?: Record<string, number>, children?: any}} props
 */
function Review({ data, store, actions = {}, progress = {}, children }) {
  const state = useAddress();
  const version = useMarks(store);
  const isNarrow = useNarrow();
  const [dialog, setDialog] = useState(/** @type {"" | "filters" | "charts" | "keys"} */ (""));
  const [current, setCurrent] = useState(/** @type {string | null} */ (null));
  const grid = useRef(/** @type {any} */ (null));
  const tools = useRef(/** @type {HTMLElement | null} */ (null));
  const search = useRef(/** @type {HTMLInputElement | null} */ (null));
  const playlist = useRef(/** @type {PageJob[]} */ ([]));
  const wantsComment = useRef(false);

  const choices = useMemo(() => choicesOf(data), [data.jobs, data.columns]);
  const filter = JSON.stringify({ ...state, job: null, version: null, at: null });
  const selected = useMemo(() => select(data, state, choices, store), [data.jobs, choices, filter, version, store]);
  const failed = useMemo(() => selected.filter(hasFailed), [selected]);
  const cards = useMemo(() => selected.filter((job) => !hasFailed(job)), [selected]);
  const shape = useMemo(() => stillShape(data.jobs), [data.jobs]);
  const names = ["search", "status", "marked", ...choices.map(({ name }) => name)];
  const chosen = Object.keys(state).filter((name) => names.includes(name));
  const inDialog = chosen.filter((name) => !["search", "status", "marked"].includes(name)).length;

  const set = (/** @type {Record<string, string | null>} */ change) => address.set(change);
  const clear = () => set(Object.fromEntries(chosen.map((name) => [name, null])));
  const job = "job" in state ? data.jobs.find(({ id }) => id === state.job) : undefined;
  /** @param {PageJob} job */
  const open = (job, comment = false) => {
    playlist.current = job.file ? cards.filter(({ file }) => file) : hasFailed(job) ? failed : cards.filter(({ file }) => !file);
    wantsComment.current = comment;
    setCurrent(job.id);
    address.set({ job: job.id }, { push: true });
  };
  const close = () => {
    address.set({ job: null, version: null });
    // The card of the last video gets the focus, once the dialog has gone.
    setTimeout(() => grid.current?.focusId(job?.id));
  };
  /** Marks a video, or takes the same mark back. @param {PageJob} job @param {"approved" | "rejected"} mark */
  const decide = (job, mark) => {
    if (!job.file) return false;
    const before = store.of(job).mark;
    store.add(job, { mark: before === mark ? "" : mark });
    if (before !== mark) {
      toast(`${job.persona}, row ${job.line}: ${mark}.`, { label: "Undo", action: () => store.add(job, { mark: before }) });
    }
    return before !== mark;
  };
  /** @param {PageJob} job @param {KeyboardEvent} event */
  const cardKey = (job, event) => {
    const key = event.key.toLowerCase();
    const isButton = event.target instanceof Element && event.target.closest("button:not(.open)");
    if (event.key === " " && !isButton) open(job);
    else if ((key === "a" || key === "r") && job.file) {
      const index = cards.indexOf(job);
      const isDecided = decide(job, key === "a" ? "approved" : "rejected");
      // A filter may hide the card; the next one is in its place then.
      if (isDecided) setTimeout(() => grid.current?.focusId((cards[index + 1] ?? job).id));
    } else if (key === "c" && job.file) open(job, true);
    else return false;
    return true;
  };
  useEvent(document, "keydown", (event) => {
    if (job || dialog) return;
    if (event.target === search.current && !event.isComposing && (event.key === "Escape" || event.key === "Enter")) {
      event.preventDefault();
      if (cards.length > 0) grid.current?.focusId(cards.some(({ id }) => id === current) ? current : cards[0].id);
      else search.current?.blur();
    } else if (isShortcut(event) && event.key === "/") {
      event.preventDefault();
      search.current?.focus();
    } else if (isShortcut(event) && event.key === "?") setDialog("keys");
  });
  useLayoutEffect(() => {
    const element = /** @type {Element} */ (tools.current);
    const observer = new ResizeObserver(() => document.documentElement.style.setProperty("--bar", getComputedStyle(element).position === "sticky" ? `${element.getBoundingClientRect().height}px` : "0px"));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const counted = selected.length === data.jobs.length ? plural(data.jobs.length, "job") : selected.length === 0 ? `None of ${plural(data.jobs.length, "job")} matches` : `${number(selected.length)} of ${plural(data.jobs.length, "job")}`;
  const chartsButton = html`<button type="button" class="quiet charts-button" onClick=${() => setDialog("charts")}>Credits and time</button>`;
  const filters = html`<${Filters} choices=${choices} state=${state} set=${set} />`;
  return html`<div class="review">
    ${children}
    ${store.isLocal && html`<${CreditsBar} credits=${data.credits}>${chartsButton}<//>`}
    <div class="tools" ref=${tools} role="search">
      <${Chips} data=${data} store=${store} state=${state} set=${set} />
      <div class="filters">
        <label class="field wide"><span class="visually-hidden">Search</span><${Icon} name="search" /><input ref=${search} type="search" value=${state.search ?? ""} placeholder="Text, row, column or comment" autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ event) => set({ search: event.target.value.trim() ? event.target.value : null })} /></label>
        ${isNarrow
          ? html`<button type="button" class="button" onClick=${() => setDialog("filters")}><${Icon} name="filter" />Filters${inDialog > 0 && ` (${inDialog})`}</button>`
          : filters}
      </div>
    </div>
    <div class="row found"><span class="note" role="status">${counted}</span>
      ${chosen.length > 0 && html`<button type="button" class="quiet" onClick=${() => { clear(); search.current?.focus(); }}>Clear filters</button>`}
      <span class="grow"></span>
      ${!store.isLocal && chartsButton}
      <button type="button" class="icon-button keys-button" aria-label="Show the keys" title="Keys (?)" onClick=${() => setDialog("keys")}><${Icon} name="keys" /></button>
      ${store.isLocal && html`<${SaveMarks} data=${data} store=${store} />`}
    </div>
    <${Failures} jobs=${failed} data=${data} actions=${actions} hasCommands=${store.isLocal} onOpen=${open} />
    <${Grid} items=${cards} label="Videos" minWidth=${isNarrow ? 280 : shape > 1.2 ? 172 : 236} class=${shape === 1 ? "mixed" : ""} current=${current} onCurrent=${setCurrent} handle=${grid} onKey=${cardKey}
      height=${(/** @type {number} */ width) => Math.round(width * (isNarrow ? Math.min(shape, 1.1) : shape)) + CAPTION}
      render=${(/** @type {PageJob} */ job, /** @type {number} */ _, /** @type {boolean} */ isCurrent) => html`<${Card} job=${job} review=${store.of(job)} isCurrent=${isCurrent} progress=${progress[job.id]} onOpen=${open} onMark=${decide} onRedo=${actions.redo} />`} />
    ${selected.length === 0 && html`<div class="empty"><p>${data.jobs.length === 0 ? "There are no jobs." : "No job matches these filters."}</p></div>`}
    ${job && html`<${callsheet.Player} job=${job} list=${playlist.current} data=${data} store=${store} actions=${actions} progress=${progress[job.id]} wantsComment=${wantsComment} onDecide=${decide} onMove=${(/** @type {PageJob} */ next) => { setCurrent(next.id); address.set({ job: next.id, version: null }); }} onClose=${close} />`}
    ${dialog === "filters" && html`<${Dialog} title="Filters" class="sheet" onClose=${() => setDialog("")} footer=${html`<button type="button" class="button" onClick=${clear}>Clear</button><button type="button" class="button primary" onClick=${() => setDialog("")}>Show ${plural(selected.length, "job")}</button>`}><div class="stack">${filters}</div><//>`}
    ${dialog === "charts" && html`<${Dialog} title="Credits and time" class="wide" onClose=${() => setDialog("")}><${Charts} data=${data} /><//>`}
    ${dialog === "keys" && html`<${KeysDialog} keys=${KEYS} onClose=${() => setDialog("")} />`}
  </div>`;
}

/** @param {{data: PageData, store: MarkStore}} props */
function SaveMarks({ data, store }) {
  const isEmpty = data.jobs.every((job) => !store.of(job).mark && store.of(job).comments.length === 0);
  const save = () => (isEmpty ? toast("There is nothing to save yet: approve, reject or comment first.") : store.save(data.jobs));
  // Not `disabled`, so that keyboard users can reach the explanation.
  return html`<button type="button" class="button save" aria-disabled=${isEmpty} onClick=${save}><${Icon} name="download" />Save marks</button>`;
}

// The page from disk.

/** @param {{data: PageData, store: MarkStore}} props */
function ReportPage({ data, store }) {
  // A run without an end is under way or crashed.
  const isRunning = data.runs.length > 0 && data.runs.at(-1)?.ended_at === null;
  const [, tick] = useState({});
  useEffect(() => {
    const timer = isRunning ? setInterval(() => tick({}), 10000) : 0;
    return () => clearInterval(timer);
  }, [isRunning]);
  const asOf = data.as_of;
  const skipped = data.totals.skipped;
  return html`<main><${Review} data=${data} store=${store}>
    <header class="head">
      <h1 dir="auto">${data.campaign}</h1>
      ${data.sandbox && html`<span class="badge info">Sandbox: sample videos, nothing was charged</span>`}
      ${asOf !== null && (isRunning
        ? html`<span class="note state">A run was under way when this page was written, ${ago(asOf)}.</span><button type="button" class="button reload" onClick=${() => location.reload()}><${Icon} name="redo" />Reload</button>`
        : html`<span class="note state">As of ${moment(asOf)}.</span>`)}
      ${skipped > 0 && html`<span class="note">${plural(skipped, "row")} of the sheet skipped.</span>`}
    </header>
  <//></main>`;
}

Object.assign(callsheet, { Review, JobDetails, MarkBadge, KeysDialog, ReportPage });
})();
