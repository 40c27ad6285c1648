// The studio: the bar at the top, and the screens of a campaign.
(() => {
"use strict";

const { html, useEffect, useMemo, useRef, useState, useCallback, api, address, Icon } = callsheet;

const TABS = [
  { name: "sheet", label: "Sheet" },
  { name: "preview", label: "Preview" },
  { name: "videos", label: "Videos" },
];

/** The shape of an aspect ratio.
 * @param {{ ratio: string }} props */
function RatioShape({ ratio }) {
  return html`<span class="shape" data-ratio=${ratio.replace("x", ":")} aria-hidden="true"></span>`;
}

/** A message of the command line without the clauses about its commands and options, and with places as in a spreadsheet.
 * Empty if nothing is left.
 * @param {string} text @returns {string} */
function plain(text) {
  const isPlain = (/** @type {string} */ part) => !part.split("`").some((code, index) => index % 2 && /^(callsheet|--)/.test(code));
  return text.replace(/ \([^()]*\)/g, (part) => (isPlain(part) ? part : "")).split(/; (?=(?:[^`]*`[^`]*`)*[^`]*$)/).filter(isPlain).join("; ")
    .replace(/(\.\w+):(\d+):\d+/g, (_, kind, line) => `${kind}, ${/ya?ml/.test(kind) ? "line" : "row"} ${line}`)
    .replace(/(\.(?:xls\w?|ods)):(?:[^\s!:]+!)?[A-Z]+(\d+)/g, "$1, row $2");
}

/** A message, with values between backticks.
 * @param {{ text: string }} props */
const Words = ({ text }) => plain(text).split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

/** An error of the studio, in the words of the command line.
 * @param {{ error: any }} props */
function Problem({ error }) {
  if (!error) return null;
  return html`<div class="problem panel bad" role="alert"><p><b><${Words} text=${error.error} /></b></p>
    ${(error.problems ?? []).slice(0, 10).map((/** @type {SheetProblem} */ one) => html`<p key=${one.place + one.message}><${Words} text=${`${one.place}: ${one.message}`} /></p>`)}
    ${(error.hints ?? []).filter(plain).map((/** @type {string} */ hint) => html`<p key=${hint}><${Words} text=${hint} /></p>`)}</div>`;
}

/** @param {Record<string, string>} place */
function linkTo(place) {
  return `#${new URLSearchParams(place)}`;
}

/** A time of day, with the date if it is another day.
 * @param {number} ms */
function when(ms) {
  const date = new Date(ms);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date().toDateString() ? `about ${time}` : `about ${date.toLocaleDateString([], { day: "numeric", month: "short" })}, ${time}`;
}

function App() {
  const place = callsheet.useAddress();
  const [studio, setStudio] = useState(/** @type {Studio | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const reload = useCallback(async () => {
    try {
      const next = await api("/api/studio");
      setError(null);
      setStudio((last) => {
        if (!last && next.opened && !address.get().campaign) address.set({ campaign: next.opened });
        return next;
      });
    } catch (problem) {
      setError(problem);
    }
  }, []);
  const isHome = !place.campaign;
  const isLive = !!studio?.campaigns.some((campaign) => campaign.live);
  useEffect(() => { reload(); }, [place.campaign]);
  useEffect(() => {
    if (!isHome) return undefined;
    const refresh = () => { if (!document.hidden) reload(); };
    const timer = setInterval(refresh, isLive ? 3000 : 15_000);
    document.addEventListener("visibilitychange", refresh);
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", refresh); };
  }, [isHome, isLive]);
  const campaign = studio?.campaigns.find(({ id }) => id === place.campaign);
  useEffect(() => { document.title = campaign ? `${campaign.name} · callsheet` : "callsheet studio"; }, [campaign?.name]);
  return html`<div class="studio">
    <header class="topbar">
      <a class="wordmark" href="#"><${Icon} name="sheet" />callsheet</a>
      ${!isHome && html`<nav aria-label="Place"><a href="#">Campaigns</a><span aria-hidden="true">/</span><span aria-current="page">${campaign?.name ?? "…"}</span></nav>`}
      <span class="grow"></span>
      ${studio && html`<span class="note version">${studio.version}</span>`}
    </header>
    <${Problem} error=${error} />
    ${!studio ? !error && html`<main class="loading" tabindex="-1"><p class="note">Opening…</p></main>`
      : isHome ? html`<${callsheet.Home} studio=${studio} reload=${reload} />`
      : html`<${CampaignPage} key=${place.campaign} id=${place.campaign} campaign=${campaign} studio=${studio} tab=${place.tab} />`}
  </div>`;
}

/** @param {{ id: string, campaign: Campaign | undefined, studio: Studio, tab: string | undefined }} props */
function CampaignPage({ id, campaign, studio, tab }) {
  const feed = callsheet.useFeed(id);
  const { page, live } = feed;
  const [redone, setRedone] = useState(/** @type {PageJob | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const hasStarted = useRef(false);
  const hasVideos = !!page && page.jobs.some((job) => !["pending", "left_out"].includes(job.status));
  const current = TABS.some(({ name }) => name === tab) ? tab : hasVideos ? "videos" : "sheet";
  // The question about a video that is made again is answered where its text and credits are shown.
  const agreed = useRef(/** @type {Agreed | null} */ (null));
  const { question } = live;
  const isAgreed = !!question && isAbout(question, agreed.current);
  useEffect(() => {
    if (!isAgreed || !agreed.current) return;
    agreed.current.question = question.id;
    api(`/api/campaigns/${id}/answer`, { body: { question: question.id, yes: true } }).catch(setError);
  }, [isAgreed && question.id]);
  /** Starts a run, which asks before it pays for anything. */
  const run = useCallback(async (/** @type {Record<string, any>} */ body) => {
    setError(null);
    await api(`/api/campaigns/${id}/run`, { body });
    hasStarted.current = true;
  }, [id]);
  /** @param {any} body */
  const start = (body) => { run(body).catch(setError); };
  const actions = { redo: setRedone, retry: (/** @type {PageJob[]} */ jobs) => start({ what: "retry_failed", jobs: jobs.map((job) => job.id) }) };
  const isReviewed = current === "videos" && !!page;
  const store = useMemo(() => (isReviewed ? callsheet.store.studio(id) : null), [id, isReviewed]);
  useEffect(() => { if (feed.sheet) store?.refresh().catch(callsheet.toastError); }, [feed.sheet]);
  useEffect(() => {
    if (live.state === "running" && hasStarted.current) address.set({ tab: "videos" });
    if (live.state === "running" || live.state === "idle") {
      hasStarted.current = false;
      agreed.current = null;
    }
  }, [live.state]);
  return html`<main class="campaign-page" tabindex="-1">
    <${callsheet.CampaignHead} id=${id} name=${campaign?.name ?? page?.campaign ?? ""} sandbox=${campaign?.sandbox ?? studio.sandbox} feed=${feed} run=${run} />
    <${Problem} error=${error} />
    <div class="tabs-row"><${Tabs} current=${current} page=${page} />
      ${store && page && html`<${VideoActions} id=${id} page=${page} live=${live} store=${store} start=${start} setError=${setError} />`}</div>
    <div class="tab-panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${current}`} data-tab=${current}>
      ${current === "sheet" && html`<${callsheet.SheetTab} id=${id} version=${feed.sheet} />`}
      ${current === "preview" && html`<${callsheet.PreviewTab} id=${id} version=${feed.sheet} live=${live} run=${run} />`}
      ${current === "videos" && (store && page ? html`<${callsheet.Review} data=${page} store=${store} actions=${live.state === "idle" ? actions : {}} progress=${live.progress} />` : feed.trouble ? html`<${callsheet.Blocked} id=${id} error=${feed.trouble} />` : html`<p class="note working-out">Opening…</p>`)}
    </div>
    ${question && !isAgreed && html`<${callsheet.QuestionDialog} id=${id} question=${question} />`}
    ${redone && html`<${callsheet.RedoDialog} id=${id} job=${redone} onAgree=${(/** @type {Agreed} */ one) => { agreed.current = one; }} onClose=${() => setRedone(null)} />`}
  </main>`;
}

/** Checks whether a question is the first one about exactly this video, finished text and at most these credits.
 * @param {Question} question @param {Agreed | null} agreed */
function isAbout(question, agreed) {
  const { id, all_videos: videos, is_unfinished: isUnfinished, examples, credits_high: high } = question;
  const [one] = examples ?? [];
  return !!agreed && (agreed.question ?? id) === id && videos === 1 && !!one && !isUnfinished && one.id === agreed.id && one.text.trim() === agreed.text
    && one.persona === agreed.persona && one.ratio === agreed.ratio && high !== null && high <= agreed.credits;
}

/** What only the studio can do with the videos.
 * @param {{ id: string, page: PageData, live: Live, store: MarkStore, start: (body: any) => void, setError: (error: any) => void }} props */
function VideoActions({ id, page, live, store, start, setError }) {
  callsheet.useMarks(store);
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const rejected = page.jobs.filter((job) => job.file && store.of(job).mark === "rejected");
  /** @param {any} event */
  const receive = async (event) => {
    const [marks] = event.target.files;
    event.target.value = "";
    if (!marks) return;
    try {
      const { imported } = await api(`/api/campaigns/${id}/marks/import`, { body: marks });
      await store.refresh();
      callsheet.toast(`${callsheet.plural(imported, "mark")} imported.`);
    } catch (problem) {
      setError(problem);
    }
  };
  if (!page.jobs.some((job) => job.file)) return null;
  return html`<div class="video-actions">
    ${rejected.length > 0 && live.state === "idle" && html`<button type="button" class="button" onClick=${() => start({ what: "redo_rejected" })}><${Icon} name="redo" />Make ${callsheet.plural(rejected.length, "rejected video")} again</button>`}
    <button type="button" class="button" title="The file that a reviewer sends back" onClick=${() => file.current?.click()}><${Icon} name="plus" />Import marks</button>
    <a class="button" href=${`/api/campaigns/${id}/export`} download title="Page and videos, to send to reviewers"><${Icon} name="download" />Export for review</a>
    <input ref=${file} type="file" accept=".csv" class="visually-hidden" tabindex="-1" aria-label="File of marks" onChange=${receive} />
  </div>`;
}

/** @param {{ current: string, page: any }} props */
function Tabs({ current, page }) {
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const index = TABS.findIndex(({ name }) => name === current);
    const next = TABS[(index + step + TABS.length) % TABS.length].name;
    address.set({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label="Campaign" onKeyDown=${onKey}>
    ${TABS.map(({ name, label }) => html`<button key=${name} type="button" role="tab" id=${`tab-${name}`} aria-controls="panel" aria-selected=${name === current} tabindex=${name === current ? 0 : -1} onClick=${() => address.set({ tab: name })}>
      ${label}${name === "videos" && page?.totals.done > 0 && html`<span class="count">${page.totals.done}</span>`}
    </button>`)}
  </div>`;
}

Object.assign(callsheet, { Studio: App, RatioShape, Problem, Words, plain, linkTo, when });
})();
