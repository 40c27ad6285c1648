// The large player: one video with its text, decision and comments; earlier versions beside it.
(() => {
"use strict";

const {
  html, useEffect, useEvent, useLayoutEffect, useMemo, useRef, useState, useAddress,
  STATUSES, canRedo, plural, ago, timeCode, classes, address, isShortcut, Dialog, Copy, Icon,
} = callsheet;

// The provider's videos have 25 frames a second.
const FRAME = 1 / 25;
const RATES = [1, 1.25, 1.5, 2, 0.5];

/** Comments that are not sent yet, by video. @type {Map<string, string>} */
const drafts = new Map();

/** @param {Video} video */
const draftKey = (video) => `${video.id}\n${video.remote}`;

/** The volume and speed are kept from video to video. */
const sound = { muted: false, rate: 1 };

/**
 * @param {{job: PageJob, list: PageJob[], data: PageData, store: MarkStore, actions: ReviewActions, progress?: number, wantsComment: {current: boolean},
 *   onDecide: (job: PageJob, mark: "approved" | "rejected") => boolean, onMove: (job: PageJob) => void, onClose: () => void}} props
 */
function Player({ job, list, data, store, actions, progress, wantsComment, onDecide, onMove, onClose }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const comment = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const stage = useRef(/** @type {HTMLElement | null} */ (null));
  const [hasKeys, setKeys] = useState(false);
  const index = Math.max(0, list.findIndex(({ id }) => id === job.id));
  const review = store.of(job);
  const versions = job.versions ?? [];
  const chosen = useAddress().version;
  const earlier = chosen === undefined ? undefined : versions[Number(chosen) - 1];

  /** @param {number} step */
  const go = (step) => {
    const next = list[Math.max(0, Math.min(list.length - 1, index + step))];
    if (next && next.id !== job.id) onMove(next);
  };
  const toggle = () => {
    const player = video.current;
    if (player?.paused) player.play().catch(() => {});
    else player?.pause();
  };
  /** @param {number} seconds */
  const seek = (seconds) => {
    const player = video.current;
    if (player) player.currentTime = Math.max(0, Math.min(player.duration || 0, seconds));
  };
  /** @param {number} seconds */
  const skip = (seconds) => seek((video.current?.currentTime ?? 0) + seconds);
  /** @param {number} frames */
  const step = (frames) => {
    video.current?.pause();
    skip(frames * FRAME);
  };
  // Sends the comment, if there is one, with the decision. The same decision again takes it back.
  /** @param {"approved" | "rejected"} mark */
  const decide = (mark) => {
    if (!job.file) return;
    const text = drafts.get(draftKey(job))?.trim();
    if (text) sendComment(text);
    if (onDecide(job, mark)) go(1);
  };
  const seconds = () => (video.current && video.current.currentTime > 0 ? Math.round(video.current.currentTime * 10) / 10 : null);
  /** @param {string} text */
  const sendComment = (text) => {
    store.add(job, { comment: text, seconds: seconds() });
    drafts.delete(draftKey(job));
  };
  const compare = () => versions.length > 0 && address.set({ version: earlier ? null : String(versions.length) });
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : stage.current?.requestFullscreen?.());

  /** @type {[string, string, string[], () => void][]} */
  const keys = [
    ["J", "Next video", ["j"], () => go(1)],
    ["K", "Previous video", ["k"], () => go(-1)],
    ["Space", "Play or pause", [" "], toggle],
    ["A", "Approve, and go on", ["a"], () => decide("approved")],
    ["R", "Reject, and go on", ["r"], () => decide("rejected")],
    ["C", "Comment at this moment", ["c"], () => comment.current?.focus()],
    ["←, →", "Back or forward 5 seconds", [], () => {}],
    ["ArrowLeft", "", ["arrowleft"], () => skip(-5)],
    ["ArrowRight", "", ["arrowright"], () => skip(5)],
    [",", "Back one frame", [","], () => step(-1)],
    [".", "Forward one frame", ["."], () => step(1)],
    ["M", "Sound on or off", ["m"], () => video.current && (video.current.muted = sound.muted = !video.current.muted)],
    ["F", "Whole screen", ["f"], full],
    ["V", "Compare with an earlier version", ["v"], compare],
    ["?", "Show these keys", ["?"], () => setKeys(true)],
    ["Esc", "Back to the videos", [], () => {}],
  ];
  useEvent(document, "keydown", (event) => {
    if (!isShortcut(event) || hasKeys) return;
    const isButton = event.target instanceof Element && event.target.closest("button, a, summary");
    if (isButton && (event.key === " " || event.key === "Enter")) return;
    const key = keys.find(([, , names]) => names.includes(event.key.toLowerCase()));
    if (!key) return;
    event.preventDefault();
    key[3]();
  });

  // A finger that moves sideways turns to the next or previous video.
  const touch = useRef({ x: 0, y: 0 });
  const touchStart = (/** @type {TouchEvent} */ { touches: [finger] }) => (touch.current = { x: finger.clientX, y: finger.clientY });
  const touchEnd = (/** @type {TouchEvent} */ { changedTouches: [finger] }) => {
    const [x, y] = [finger.clientX - touch.current.x, finger.clientY - touch.current.y];
    if (Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(y)) go(x < 0 ? 1 : -1);
  };
  useEffect(() => {
    if (wantsComment.current) comment.current?.focus();
    wantsComment.current = false;
  }, []);

  return html`<${Dialog} plain class="player" label=${`Video of ${job.persona}, row ${job.line}`} onClose=${onClose}>
    <div class="player-body">
      <header class="player-head">
        <button type="button" class="icon-button" aria-label="Close" title="Close (Esc)" onClick=${onClose}><${Icon} name="close" /></button>
        <span class="numbers note" role="status">${list.length > 1 ? `${index + 1} of ${list.length}` : ""}</span>
        <span class="grow"></span>
        ${versions.length > 0 && html`<label class="field inline"><span>Compare</span><select aria-label="Compare with" onChange=${(/** @type {any} */ event) => address.set({ version: event.target.value || null })}>
          <option value="" selected=${!earlier}>No other version</option>
          ${versions.map((_, place) => html`<option value=${place + 1} selected=${String(place + 1) === chosen}>Version ${place + 1}</option>`)}
        </select></label>`}
        <button type="button" class="icon-button keys-button" aria-label="Show the keys" title="Keys (?)" onClick=${() => setKeys(true)}><${Icon} name="keys" /></button>
        <button type="button" class="icon-button" aria-label="Previous video" title="Previous (K)" disabled=${index === 0} onClick=${() => go(-1)}><${Icon} name="back" /></button>
        <button type="button" class="icon-button" aria-label="Next video" title="Next (J)" disabled=${index >= list.length - 1} onClick=${() => go(1)}><${Icon} name="forward" /></button>
      </header>
      <div class="stage" ref=${stage} ontouchstart=${touchStart} ontouchend=${touchEnd}>
        ${job.file
          ? html`<${Screen} key=${draftKey(job)} job=${job} earlier=${earlier} place=${Number(chosen)} versions=${versions.length} video=${video} review=${review} onToggle=${toggle} onSeek=${seek} onFull=${full} />`
          : html`<div class="no-video"><span>${STATUSES[job.status]}</span>${progress !== undefined && html`<div class="bar"><span style=${{ width: `${Math.round(progress * 100)}%` }}></span></div>`}</div>`}
      </div>
      <aside class="side" tabindex="0" aria-label="About this video">
        <div class="side-title"><h2>${job.persona}</h2><span class="note">Row ${job.line} · ${job.ratio}</span>
          <span class="row">${job.status !== "done" && html`<span class="badge info">${STATUSES[job.status]}</span>`}<${callsheet.MarkBadge} mark=${review.mark} />${review.mark && review.by && html`<span class="note">by ${review.by}</span>`}</span></div>
        ${job.file && html`<div class="decisions">
          <button type="button" class="button approve" aria-pressed=${review.mark === "approved"} onClick=${() => decide("approved")}><${Icon} name="check" />Approve<kbd>A</kbd></button>
          <button type="button" class="button reject" aria-pressed=${review.mark === "rejected"} onClick=${() => decide("rejected")}><${Icon} name="close" />Reject<kbd>R</kbd></button>
        </div>`}
        ${job.outdated && html`<p class="panel warn"><b>Edited since.</b> The row was edited after this video was paid for.</p>`}
        ${job.error && html`<p class="panel bad" dir="auto">${job.error}</p>`}
        ${job.advice && store.isLocal && html`<p>${job.advice}</p>`}
        ${job.command && store.isLocal && html`<${Copy} text=${job.command} />`}
        ${actions.redo && canRedo(job) && html`<button type="button" class="button redo" onClick=${() => actions.redo?.(job)}><${Icon} name="redo" />Make again with other words</button>`}
        <p class="script" dir="auto">${job.text ?? job.audio}</p>
        ${earlier && html`<p class="note">Version ${chosen} is of ${callsheet.moment(earlier.finished)}${({ approved: ", and was approved", rejected: ", and was rejected", "": "" })[store.of({ id: job.id, remote: earlier.remote }).mark]}.</p>`}
        ${job.file && html`<${Comments} key=${draftKey(job)} job=${job} review=${review} store=${store} field=${comment} video=${video} onSeek=${seek} onSend=${sendComment} seconds=${seconds} />`}
        <details class="more"><summary>Details</summary><${callsheet.JobDetails} job=${job} columns=${data.columns} /></details>
      </aside>
    </div>
    ${hasKeys && html`<${callsheet.KeysDialog} keys=${keys.filter(([, words]) => words)} onClose=${() => setKeys(false)} />`}
  <//>`;
}

/**
 * The video with its controls. An earlier version beside it plays the same moment without sound.
 * @param {{job: PageJob, earlier?: Version, place: number, versions: number, video: {current: HTMLVideoElement | null}, review: Review,
 *   onToggle: () => void, onSeek: (seconds: number) => void, onFull: () => void}} props
 */
function Screen({ job, earlier, place, versions, video, review, onToggle, onSeek, onFull }) {
  const other = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [, render] = useState({});
  const [isMissing, setMissing] = useState(false);
  const draw = () => render({});
  const follow = () => {
    const [leader, follower] = [video.current, other.current];
    if (!leader || !follower) return draw();
    follower.playbackRate = leader.playbackRate;
    if (Math.abs(follower.currentTime - leader.currentTime) > (leader.paused ? 0.01 : 0.15)) follower.currentTime = Math.min(leader.currentTime, follower.duration || 0);
    if (leader.paused !== follower.paused && !follower.ended) leader.paused ? follower.pause() : follower.play().catch(() => {});
    draw();
  };
  useLayoutEffect(() => {
    const player = /** @type {HTMLVideoElement} */ (video.current);
    player.muted = sound.muted;
    player.playbackRate = sound.rate;
    player.play().catch(() => {});
    return () => {
      // A removed video keeps its connection until it is emptied.
      player.pause();
      player.removeAttribute("src");
      player.load();
    };
  }, []);
  const player = video.current;
  const length = player?.duration || job.seconds || 0;
  const time = player?.currentTime ?? 0;
  const rate = () => {
    sound.rate = RATES[(RATES.indexOf(sound.rate) + 1) % RATES.length];
    if (player) player.playbackRate = sound.rate;
    draw();
  };
  const mute = () => {
    sound.muted = !sound.muted;
    if (player) player.muted = sound.muted;
  };
  const isClear = job.file?.split("?")[0].endsWith(".webm");
  const marks = review.comments.filter(({ seconds }) => seconds !== null);
  if (isMissing) return html`<div class="no-video"><span>The video is not beside this page: ${job.name ?? job.file}</span></div>`;
  return html`<div class="screens" style=${{ "--ratio": `${job.width} / ${job.height}` }}>
      ${earlier && html`<figure><video ref=${other} key=${earlier.file} src=${earlier.file} poster=${earlier.thumbnail} muted playsinline preload="auto" onLoadedData=${follow}></video><figcaption>Version ${place}</figcaption></figure>`}
      <figure><video ref=${video} class=${classes("main", isClear && "clear")} src=${job.file} poster=${job.thumbnail} playsinline preload="auto" aria-label=${`Video of ${job.persona}, row ${job.line}`}
        onClick=${onToggle} onPlay=${follow} onPause=${follow} onSeeked=${follow} onSeeking=${draw} onTimeUpdate=${follow} onDurationChange=${draw} onVolumeChange=${draw} onRateChange=${follow} onEnded=${draw} onError=${() => setMissing(true)}></video>
        ${earlier && html`<figcaption>Version ${versions + 1}, the newest</figcaption>`}</figure>
    </div>
    <div class="controls">
      <button type="button" class="icon-button" aria-label=${player && !player.paused ? "Pause" : "Play"} onClick=${onToggle}><${Icon} name=${player && !player.paused ? "pause" : "play"} /></button>
      <span class="time numbers">${timeCode(time)} / ${timeCode(length)}</span>
      <span class="scrubber">
        <input type="range" aria-label="Position" aria-valuetext=${`${timeCode(time)} of ${timeCode(length)}`} min="0" max=${length || 1} step="0.01" value=${time} onInput=${(/** @type {any} */ event) => onSeek(Number(event.target.value))} />
        ${length > 0 && marks.map((mark) => html`<button type="button" class="marker" tabindex="-1" style=${{ left: `${(100 * Math.min(mark.seconds ?? 0, length)) / length}%` }} aria-label=${`Comment at ${timeCode(mark.seconds ?? 0)}`} title=${mark.comment} onClick=${() => onSeek(mark.seconds ?? 0)}></button>`)}
      </span>
      <button type="button" class="icon-button rate numbers" aria-label=${`Speed ${sound.rate}`} onClick=${rate}>${sound.rate}×</button>
      <button type="button" class="icon-button" aria-label=${player?.muted ? "Sound on" : "Sound off"} onClick=${mute}><${Icon} name=${player?.muted ? "mute" : "loud"} /></button>
      <button type="button" class="icon-button wide-only" aria-label="Whole screen" onClick=${onFull}><${Icon} name="full" /></button>
    </div>`;
}

/**
 * @param {{job: PageJob, review: Review, store: MarkStore, field: {current: HTMLTextAreaElement | null}, video: {current: HTMLVideoElement | null},
 *   onSeek: (seconds: number) => void, onSend: (text: string) => void, seconds: () => number | null}} props
 */
function Comments({ job, review, store, field, video, onSeek, onSend, seconds }) {
  const [draft, setDraft] = useState(drafts.get(draftKey(job)) ?? "");
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const wasPlaying = useRef(false);
  /** @param {string} text */
  const type = (text) => {
    begin();
    setDraft(text);
    drafts.set(draftKey(job), text);
  };
  // Typing pauses the video, and sending the comment plays it again.
  const begin = () => {
    if (at !== null && video.current?.paused) return;
    wasPlaying.current ||= video.current !== null && !video.current.paused && !video.current.ended;
    video.current?.pause();
    setAt(seconds());
  };
  const send = () => {
    if (!draft.trim()) return;
    onSend(draft.trim());
    setDraft("");
    setAt(null);
    field.current?.blur();
    if (wasPlaying.current) video.current?.play().catch(() => {});
    wasPlaying.current = false;
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      // Not the dialog's: the draft stays.
      event.preventDefault();
      event.stopPropagation();
      field.current?.blur();
    }
  };
  const label = at === null ? "Comment" : `Comment at ${timeCode(at)}`;
  return html`<section class="comments" aria-label="Comments">
    <h3>${review.comments.length > 0 ? plural(review.comments.length, "comment") : "Comments"}</h3>
    <ul>${review.comments.map((mark) => html`<li key=${`${mark.at} ${mark.comment}`}>
      <div class="row note">${mark.seconds !== null && html`<button type="button" class="quiet code numbers" aria-label=${`Go to ${timeCode(mark.seconds)}`} onClick=${() => onSeek(mark.seconds ?? 0)}>${timeCode(mark.seconds)}</button>`}
        <b>${mark.reviewer || "Reviewer"}</b>${mark.at > 0 && html`<span>${ago(mark.at)}</span>`}<span class="grow"></span>
        ${store.isLocal && html`<button type="button" class="icon-button" aria-label="Remove this comment" onClick=${() => store.remove(mark)}><${Icon} name="close" /></button>`}</div>
      <p dir="auto">${mark.comment}</p></li>`)}</ul>
    <label class="field"><span>${label}</span><textarea ref=${field} rows="2" dir="auto" value=${draft} placeholder="What should change?" onFocus=${begin} onInput=${(/** @type {any} */ event) => type(event.target.value)} onKeyDown=${key}></textarea></label>
    <div class="row"><label class="field inline grow"><span>Your name</span><input type="text" value=${store.reviewer} autocomplete="name" onInput=${(/** @type {any} */ event) => store.setReviewer(event.target.value)} /></label>
      <button type="button" class="button" disabled=${!draft.trim()} onClick=${send}>Send</button></div>
  </section>`;
}

Object.assign(callsheet, { Player });
})();
