// A campaign as it happens: its stream of events, its head with the state of the run, and the questions of a run.
(() => {
"use strict";

const { html, useEffect, useMemo, useRef, useState, api, classes, credits, number, plural, range, useEvent, Dialog, Icon } = callsheet;

/** How long a hidden page keeps its stream; a browser has six connections for all tabs of the studio. */
const HIDDEN_MS = 60_000;
/** @type {Live} */
const IDLE = { state: "idle", here: true, lines: [], progress: {}, ready: null, ended: null, question: null, notices: [] };

/**
 * Follows a campaign. Each connection starts with the whole state, so that a reconnect, a second tab and a laptop that
 * slept show the same.
 * @param {string} id @returns {Feed}
 */
function useFeed(id) {
  const [feed, setFeed] = useState(/** @type {Feed} */ ({ page: null, trouble: null, live: IDLE, sheet: 0, lost: false }));
  useEffect(() => {
    /** @type {EventSource | null} */
    let stream = null;
    /** @type {number | undefined} */
    let timer;
    /** @type {number | undefined} */
    let hiding;
    const connect = () => {
      clearTimeout(timer);
      const source = new EventSource(`/api/campaigns/${id}/events`);
      stream = source;
      /** @type {(name: string, change: (feed: Feed, data: any) => Feed) => void} */
      const on = (name, change) => source.addEventListener(name, (event) => {
        const data = JSON.parse(event.data);
        setFeed((feed) => change(feed, data));
      });
      source.onopen = () => setFeed((feed) => (feed.lost ? { ...feed, lost: false } : feed));
      source.onerror = () => {
        setFeed((feed) => ({ ...feed, lost: true }));
        // The browser reconnects by itself, unless the answer was an error.
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, 3000);
      };
      // The sheet may have changed while there was no connection.
      on("state", (feed, page) => ({ ...feed, page, trouble: null, sheet: feed.sheet + (feed.page ? 1 : 0), lost: false }));
      on("trouble", (feed, trouble) => ({ ...feed, trouble }));
      on("jobs", patch);
      on("live", (feed, live) => ({ ...feed, live }));
      on("sheet", (feed) => ({ ...feed, sheet: feed.sheet + 1 }));
    };
    const close = () => {
      clearTimeout(timer);
      stream?.close();
      stream = null;
    };
    const onVisibility = () => {
      clearTimeout(hiding);
      if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
      else if (!stream) connect();
    };
    connect();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(hiding);
      close();
    };
  }, [id]);
  return feed;
}

/** Replaces the jobs that changed.
 * @param {Feed} feed @param {{ jobs: PageJob[], totals: any, credits: any, as_of: number }} change @returns {Feed} */
function patch(feed, { jobs, ...rest }) {
  if (!feed.page) return feed;
  const changed = new Map(jobs.map((job) => [job.id, job]));
  const all = feed.page.jobs.map((job) => {
    const other = changed.get(job.id);
    changed.delete(job.id);
    return other ?? job;
  });
  return { ...feed, page: { ...feed.page, ...rest, jobs: [...all, ...changed.values()] } };
}

/** @param {Record<string, number>} totals */
const openVideos = (totals) => totals.rendering + totals.downloading + totals.submitting;

/** The state of a campaign in words, and its tone.
 * @param {Live["state"]} state @param {Record<string, number> | undefined} totals @returns {[string, string]} */
function stateWords(state, totals) {
  if (state === "preparing") return ["Getting ready", "info"];
  if (state === "asking") return ["Waiting for your answer", "warn"];
  if (state === "running") return ["Making videos", "info"];
  if (state === "stopping") return ["Stopping", "warn"];
  if (!totals?.jobs) return ["Not started", ""];
  if (totals.in_doubt) return [`${totals.in_doubt} in doubt`, "warn"];
  if (openVideos(totals)) return [`${openVideos(totals)} to collect`, "info"];
  if (totals.failed) return [`${totals.failed} failed`, "bad"];
  if (!totals.done) return ["Not started", ""];
  return totals.pending ? ["Partly made", ""] : ["All made", "good"];
}

/** @param {{ totals: Record<string, number>, isSmall?: boolean }} props */
function Progress({ totals, isSmall }) {
  const parts = [
    { tone: "good", label: "made", count: totals.done },
    { tone: "info", label: "being made", count: openVideos(totals) },
    { tone: "warn", label: "in doubt", count: totals.in_doubt },
    { tone: "bad", label: "failed", count: totals.failed },
    { tone: "rest", label: "to make", count: totals.pending },
  ].filter((part) => part.count);
  const all = parts.reduce((sum, part) => sum + part.count, 0) || 1;
  const words = parts.map((part) => `${number(part.count)} ${part.label}`);
  return html`<div class=${classes("progress", isSmall && "small")}>
    <div class="bar" role="progressbar" aria-label="Videos made" aria-valuemin="0" aria-valuemax=${all} aria-valuenow=${totals.done} aria-valuetext=${words.join(", ")}>
      ${parts.map((part) => html`<span key=${part.label} class=${part.tone} style=${{ flexGrow: part.count }}></span>`)}
    </div>
    <ul class="counts">${parts.map((part) => html`<li key=${part.label} class=${part.tone}><b>${number(part.count)}</b> ${part.label}</li>`)}</ul>
  </div>`;
}

/** Says the progress to screen readers: changes of the state, and each tenth.
 * @param {{ totals: Record<string, number> | undefined, live: Live }} props */
function Spoken({ totals, live }) {
  const all = totals?.jobs ?? 0;
  const tenth = all ? Math.floor(((totals?.done ?? 0) / all) * 10) : 0;
  const text = useMemo(() => {
    const [word] = stateWords(live.state, totals);
    return all ? `${word}: ${totals?.done} of ${plural(all, "video")} made.` : word;
  }, [tenth, live.state, all]);
  return html`<p class="visually-hidden" role="status">${text}</p>`;
}

/** The head of a campaign: the state of its run, its cost, and how to stop it.
 * @param {{ id: string, name: string, sandbox: boolean, feed: Feed, run: (body: any) => Promise<void> }} props */
function CampaignHead({ id, name, sandbox, feed, run }) {
  const { page, live, lost } = feed;
  const totals = page?.totals;
  const [word, tone] = feed.trouble && live.state === "idle" ? ["Has problems", "bad"] : stateWords(live.state, totals);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const isBusy = live.state !== "idle";
  useEffect(() => setBusy(false), [live.state]);
  /** @param {() => Promise<any>} call */
  const act = async (call) => {
    setError(null);
    setBusy(true);
    await call().catch(setError);
    setBusy(false);
  };
  /** @param {"submitting" | "now"} how */
  const stop = (how) => act(() => api(`/api/campaigns/${id}/stop`, { body: { how } }));
  const hasBegun = !!totals && totals.jobs > 0 && (isBusy || totals.done + totals.failed + totals.in_doubt + openVideos(totals) > 0);
  const open = totals ? openVideos(totals) + totals.in_doubt : 0;
  return html`<div class="campaign-head">
    <div class="head-line">
      <h1>${name}</h1>
      ${sandbox && html`<span class="badge">Sandbox</span>`}
      <span class=${classes("badge state", tone)}>${isBusy && tone === "info" && html`<i class="pulse"></i>`}${word}</span>
      ${live.state === "running" && live.ready && html`<span class="note">ready ${callsheet.when(live.ready)}</span>`}
      <span class="grow"></span>
      ${!isBusy && open > 0 && html`<button type="button" class="button primary" disabled=${busy} onClick=${() => act(() => run({ what: "collect" }))}><${Icon} name="download" />Collect ${plural(open, "video")}</button>`}
      ${isBusy && live.here && live.state !== "asking" && html`
        ${live.state !== "stopping" && html`<button type="button" class="button" disabled=${busy} title="Nothing more is sent; what is paid for is still collected" onClick=${() => stop("submitting")}>Stop submitting</button>`}
        <button type="button" class="button danger" disabled=${busy} title="The run ends; what is paid for can be collected later" onClick=${() => stop("now")}><${Icon} name="stop" />Stop now</button>`}
    </div>
    ${hasBegun && page && html`<div class="figures"><${Progress} totals=${page.totals} /><${CreditFigures} money=${page.credits} /></div>`}
    ${isBusy && !live.here && html`<p class="line info"><${Icon} name="info" />A run is under way elsewhere; this page follows it.</p>`}
    ${lost && html`<p class="line bad" role="alert"><${Icon} name="alert" /><span>The studio does not answer. Check that <code>callsheet studio</code> is still running in the terminal, and open the address it prints.</span></p>`}
    ${live.lines.filter(callsheet.plain).map((line) => html`<p key=${line} class="line warn"><${Icon} name="info" /><span><${callsheet.Words} text=${line} /></span></p>`)}
    <${Notices} notices=${live.notices.filter(({ text }) => callsheet.plain(text))} />
    ${!isBusy && live.ended?.message && html`<${Ended} key=${live.ended.message} ended=${live.ended} />`}
    <${callsheet.Problem} error=${error} />
    <${Spoken} totals=${totals} live=${live} />
  </div>`;
}

/** How a run ended, until it is closed.
 * @param {{ ended: NonNullable<Live["ended"]> }} props */
function Ended({ ended }) {
  const [isClosed, setClosed] = useState(false);
  if (isClosed) return null;
  return html`<div class=${classes("line ended", ended.warns ? "warn" : ended.exit === 0 && "good")}><${Icon} name=${ended.warns ? "alert" : ended.exit === 0 ? "check" : "info"} />
    <div><p><${callsheet.Words} text=${ended.message} /></p>${ended.hints.filter(callsheet.plain).map((hint) => html`<p key=${hint} class="note"><${callsheet.Words} text=${hint} /></p>`)}</div>
    <button type="button" class="icon-button" aria-label="Close" onClick=${() => setClosed(true)}><${Icon} name="close" /></button></div>`;
}

/** Notices of a run; more than two are folded.
 * @param {{ notices: Live["notices"] }} props */
function Notices({ notices }) {
  /** @param {Live["notices"][0]} notice */
  const line = (notice) => html`<p key=${notice.text} class=${classes("line", notice.severity === "note" ? "" : "warn")}><${Icon} name=${notice.severity === "note" ? "info" : "alert"} /><span><${callsheet.Words} text=${notice.text} /></span></p>`;
  if (notices.length <= 2) return notices.map(line);
  return html`<details class="notices"><summary>${plural(notices.length, "notice")}</summary>${notices.map(line)}</details>`;
}

/** @param {{ money: PageData["credits"] }} props */
function CreditFigures({ money }) {
  return html`<dl class="credit-figures">
    <div><dt>Spent</dt><dd>${number(money.spent)}</dd></div>
    ${money.promised > 0 && html`<div title="For videos that are being made"><dt>Promised</dt><dd>${number(money.promised)}</dd></div>`}
    ${money.max_credits !== null && html`<div><dt>Left of ${number(money.max_credits)}</dt><dd>${number(money.left ?? 0)}</dd></div>`}
  </dl>`;
}

/** A yes-or-no question of a run. Escape is no.
 * @param {{ id: string, question: Question }} props */
function QuestionDialog({ id, question }) {
  const [isSent, setSent] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const answered = useRef(0);
  /** @param {boolean} yes */
  const answer = async (yes) => {
    if (answered.current === question.id) return;
    answered.current = question.id;
    setSent(true);
    setError(null);
    try {
      await api(`/api/campaigns/${id}/answer`, { body: { question: question.id, yes } });
    } catch (problem) {
      answered.current = 0;
      setError(problem);
    }
    setSent(false);
  };
  const { longest } = question;
  const { videos, all_videos: all } = question;
  const examples = question.examples ?? [];
  const credit = range(question.credits_low ?? 0, question.credits_high ?? 0);
  const sum = `${credit} credits`;
  const lines = question.text.split("\n").map((line) => line.trim()).filter(Boolean);
  // The dialog shows videos and credits itself.
  const [first, ...rest] = videos !== null ? lines.flatMap((line) => line.replace(/^submit \d\S* videos? for .*? credits(, |(?=\?))/, "").split(", of which ")) : lines;
  const footer = html`<button type="button" class="button" autofocus=${!question.default_yes} disabled=${isSent} onClick=${() => answer(false)}>No</button>
    <button type="button" class="button primary" autofocus=${question.default_yes} disabled=${isSent} onClick=${() => answer(true)}>${videos === null ? "Yes" : `Make ${plural(videos, "video")} for ${sum}`}</button>`;
  return html`<${Dialog} class="question" title=${videos === null ? "One question" : videos === all ? `Make ${plural(videos, "video")}?` : `Make about ${videos} of ${plural(all ?? 0, "video")}?`} onClose=${() => answer(false)} footer=${footer}>
    <div class="stack">
      ${videos !== null && html`<p class="big"><b class="numbers">${credit}</b> credits</p>`}
      ${[first, ...rest].map((line, at) => html`<p key=${line} class=${classes(videos !== null && "note")}><${callsheet.Words} text=${videos === null ? line : statement(line, at)} /></p>`)}
      ${examples.length > 0 && html`<h3>${(videos ?? 0) > examples.length ? "Three of the texts" : "The texts"}</h3>
        <ul class="examples">${examples.map((one) => html`<li key=${one.id}><${callsheet.RatioShape} ratio=${one.ratio} /><div><p class="note">${one.persona}</p><p>${one.text}</p></div></li>`)}</ul>`}
      ${longest && !examples.some((one) => one.id === longest.id) && html`<details><summary>The longest text has ${number(longest.text.length)} characters</summary><p class="longest">${longest.text}</p></details>`}
      <${callsheet.Problem} error=${error} />
    </div>
  <//>`;
}

/** A part of a question as a sentence. @param {string} part @param {number} at */
const statement = (part, at) => callsheet.plain(at ? part.replace(/^(\d+) look/, "$1 of them look") : part).replace(/^./, (letter) => letter.toUpperCase()).replace(/\?$/, ".").replace(/^\.$/, "");

/** Makes a video again, with other words or the same. Text and credits that it shows are agreed to by its button.
 * @param {{ id: string, job: PageJob, onAgree: (agreed: Agreed) => void, onClose: () => void }} props */
function RedoDialog({ id, job, onAgree, onClose }) {
  const before = job.text ?? "";
  const [text, setText] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const isChanged = text.trim() !== before.trim();
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      await api(`/api/campaigns/${id}/redo`, { body: { job: job.id, text: isChanged ? text : null } });
      // From now on, the only run of the campaign is this one.
      onAgree({ id: job.id, text: text.trim(), persona: job.persona, ratio: job.ratio, credits: job.high, question: null });
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const sum = `${range(job.low, job.high)} ${job.high === 1 ? "credit" : "credits"}`;
  const footer = html`<button type="button" class="button" onClick=${onClose}>Cancel</button>
    <button type="button" class="button primary" disabled=${busy || (job.text !== null && !text.trim())} onClick=${make}><${Icon} name="redo" />${busy ? "Getting ready…" : `Make again (${isChanged ? "≈ " : ""}${sum})`}</button>`;
  return html`<${Dialog} class="redo" title="Make again" onClose=${onClose} footer=${footer}>
    <div class="stack">
      <p class="note">A new version of this video only. The earlier video is kept.</p>
      ${job.text !== null && html`<div class="versions">
        <div><h3>Words now</h3><p class="words-now">${before}</p></div>
        <label><h3>New words</h3><textarea rows="8" autofocus value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea></label>
      </div>
      <p class="note">${isChanged ? "The copy of the sheet gets the new words too; your own file is not changed." : "With the same words, the provider makes another take."}</p>`}
      <${callsheet.Problem} error=${error} />
    </div>
  <//>`;
}

Object.assign(callsheet, { useFeed, stateWords, Progress, QuestionDialog, RedoDialog, CampaignHead });
})();
