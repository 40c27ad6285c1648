// The base of all screens: templates, formatting, the address, the server's API, dialogs, messages and icons.
(() => {
"use strict";

const { useEffect, useLayoutEffect, useRef, useState } = preactHooks;
const html = htm.bind(preact.h);

// In order of urgency.
const STATUSES = {
  failed: "Failed",
  in_doubt: "In doubt",
  downloading: "Downloading",
  rendering: "Rendering",
  submitting: "Sending",
  pending: "Waiting",
  done: "Done",
  left_out: "Left out",
};

// Formatting.

/** @param {number} value */
const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 3 });
/** @param {number} count @param {string} noun */
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
/** @param {number} value */
const credits = (value) => plural(value, "credit");
/** @param {number} low @param {number} high */
const range = (low, high) => (low === high ? number(high) : `${number(low)}–${number(high)}`);

/** @param {number} milliseconds */
function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (milliseconds < 10000) return `${number(Math.round(milliseconds / 100) / 10)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Checks whether a video can be made again. @param {PageJob} job */
const canRedo = (job) => job.status === "done" || job.status === "failed";

/** @param {number} milliseconds */
const moment = (milliseconds) => new Date(milliseconds).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {number} milliseconds */
function ago(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  if (seconds < 60) return `${plural(seconds, "second")} ago`;
  if (seconds < 3600) return `${plural(Math.floor(seconds / 60), "minute")} ago`;
  if (seconds < 172800) return `${plural(Math.floor(seconds / 3600), "hour")} ago`;
  return `${plural(Math.floor(seconds / 86400), "day")} ago`;
}

/** A time code: `0:07`. @param {number} seconds */
const timeCode = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Joins class names and leaves out false ones. @param {...any} names */
const classes = (...names) => names.filter(Boolean).join(" ");

// The API of the studio's server.

/** @param {string} path @param {{method?: string, body?: any, signal?: AbortSignal}} [options] */
async function api(path, { method, body, signal } = {}) {
  const sent = method ?? (body === undefined ? "GET" : "POST");
  const isBytes = body instanceof Blob || body instanceof ArrayBuffer;
  /** @type {RequestInit} */
  const request = { method: sent, signal };
  if (sent !== "GET") {
    request.headers = { "Content-Type": isBytes ? "application/octet-stream" : "application/json" };
    request.body = isBytes ? body : JSON.stringify(body ?? {});
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw { status: 0, error: "The studio does not answer.", hints: ["Check that `callsheet studio` is still running in the terminal."], problems: [] };
  }
  const text = await response.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: an empty answer, or an error page.
  }
  if (!response.ok) throw { status: response.status, error: `The studio answered with error ${response.status}.`, hints: [], problems: [], ...value };
  return value;
}

// The state in the address, after `#`: it survives a reload and can be shared.

/** @type {Set<() => void>} */
const addressListeners = new Set();

const address = {
  /** @returns {Record<string, string>} */
  get: () => Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
  /**
   * Changes some values; `null` removes one. With `push`, the browser's Back returns to the state before.
   * @param {Record<string, string | null | undefined>} change @param {{push?: boolean}} [options]
   */
  set(change, { push = false } = {}) {
    const parameters = new URLSearchParams(location.hash.slice(1));
    for (const [name, value] of Object.entries(change)) {
      if (value === null || value === undefined) parameters.delete(name);
      else parameters.set(name, value);
    }
    const fragment = parameters.toString();
    if (fragment === new URLSearchParams(location.hash.slice(1)).toString()) return;
    const target = fragment ? `#${fragment}` : location.href.split("#")[0];
    try {
      if (push) history.pushState(null, "", target);
      else history.replaceState(null, "", target);
    } catch {
      // Some browsers refuse this for files, and for many calls in a short time.
      location.replace(`#${fragment}`);
    }
    for (const listener of [...addressListeners]) listener();
  },
  /** @param {() => void} listener */
  subscribe(listener) {
    addressListeners.add(listener);
    return () => addressListeners.delete(listener);
  },
};
for (const name of ["hashchange", "popstate"]) {
  window.addEventListener(name, () => [...addressListeners].forEach((listener) => listener()));
}

/** Returns the state in the address, and renders again when it changes. @returns {Record<string, string>} */
function useAddress() {
  const [, render] = useState({});
  useLayoutEffect(() => {
    const stop = address.subscribe(() => render({}));
    return () => void stop();
  }, []);
  return address.get();
}

/** Calls the newest `listener` for each event of `target`. @param {EventTarget} target @param {string} name @param {(event: any) => void} listener */
function useEvent(target, name, listener) {
  const newest = useRef(listener);
  newest.current = listener;
  useEffect(() => {
    /** @param {Event} event */
    const call = (event) => newest.current(event);
    target.addEventListener(name, call);
    return () => target.removeEventListener(name, call);
  }, [target, name]);
}

/** Checks whether the event is a plain key outside of fields. @param {KeyboardEvent} event */
function isShortcut(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const target = event.target instanceof Element ? event.target : null;
  return !target?.closest("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]");
}

/** @param {Blob} content @param {string} name */
function download(content, name) {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// Messages. They are shown in the topmost dialog, because everything behind it is inert.

/** @type {{id: number, text: string, dismiss: () => void, tone?: string, label?: string, action?: () => void}[]} */
let messages = [];
let lastMessage = 0;
/** @type {(() => void)[]} */
const outlets = [];

/**
 * Shows a message for some seconds, and reads it to screen readers.
 * @param {string} text @param {{tone?: string, label?: string, action?: () => void}} [options] a tone (`bad`), and an action
 */
function toast(text, options = {}) {
  const id = (lastMessage += 1);
  const dismiss = () => {
    messages = messages.filter((message) => message.id !== id);
    outlets.forEach((render) => render());
  };
  messages = [...messages.slice(-2), { id, text, dismiss, ...options }];
  outlets.forEach((render) => render());
  setTimeout(dismiss, options.action || options.tone === "bad" ? 8000 : 4000);
  return dismiss;
}

/** Shows an error of `api`. @param {any} error */
const toastError = (error) => toast([error?.error ?? String(error), ...(error?.hints ?? [])].join(" "), { tone: "bad" });

function Toasts() {
  const [, render] = useState({});
  const own = useRef(() => render({})).current;
  useLayoutEffect(() => {
    outlets.push(own);
    outlets.forEach((outlet) => outlet());
    return () => {
      outlets.splice(outlets.indexOf(own), 1);
      outlets.forEach((outlet) => outlet());
    };
  }, []);
  const shown = outlets.at(-1) === own ? messages : [];
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map(
      (message) => html`<div key=${message.id} class=${classes("toast", message.tone)}>
        <span>${message.text}</span>
        ${message.action && html`<button type="button" class="quiet" onClick=${() => { message.dismiss(); message.action?.(); }}>${message.label}</button>`}
      </div>`,
    )}
  </div>`;
}

/**
 * A modal dialog. `onClose` is called for Escape, its close button, and a click beside it.
 * @param {{title?: any, label?: string, class?: string, onClose: () => void, children?: any, footer?: any, plain?: boolean}} props
 */
function Dialog({ title, label, class: name, onClose, children, footer, plain = false }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    if (plain) dialog?.focus();
    return () => {
      isGone.current = true;
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  /** @param {Event} event */
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  // A second Escape in a row closes it without asking.
  const closed = () => isGone.current || onClose();
  /** @param {MouseEvent} event */
  const pressed = (event) => event.target === element.current && onClose();
  return html`<dialog ref=${element} class=${classes(name, plain && "plain")} aria-label=${label ?? (typeof title === "string" ? title : undefined)} tabindex="-1" onCancel=${cancel} onClose=${closed} onMouseDown=${pressed}>
    ${plain
      ? children
      : html`<div class="dialog-body">
          <header class="dialog-head"><h2>${title}</h2><button type="button" class="icon-button" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button></header>
          <div class="dialog-content">${children}</div>
          ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
        </div>`}
    <${Toasts} />
  </dialog>`;
}

/** @param {string} text @param {Node | null} [shown] the element that shows the text */
async function copyText(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    toast(shown ? "The text is selected: copy it with your keyboard." : text);
  }
}

/** Text to copy, such as a command. @param {{text: string, label?: string}} props */
function Copy({ text, label = "Copy the command" }) {
  const code = useRef(/** @type {HTMLElement | null} */ (null));
  const copy = () => copyText(text, code.current);
  return html`<div class="copy"><code ref=${code}>${text}</code><button type="button" class="icon-button" aria-label=${label} onClick=${copy}><${Icon} name="copy" /></button></div>`;
}

// Strokes in a square of 24.
/** @type {Record<string, string>} */
const ICONS = {
  alert: "M12 3.5 21.5 20h-19ZM12 10v4.5M12 17.3v.2",
  back: "M15 5l-7 7 7 7",
  check: "M4.5 12.5 10 18 19.5 6.5",
  close: "M6 6l12 12M18 6 6 18",
  comment: "M4 5h16v11H11l-4.5 4v-4H4Z",
  compare: "M3.5 5h7v14h-7ZM13.5 5h7v14h-7Z",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19ZM14 6.5 17.5 10",
  filter: "M3 6h18M6.5 12h11M10 18h4",
  forward: "M9 5l7 7-7 7",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.5M12 7.6v.2",
  keys: "M3 6.5h18v11H3ZM7 10h.1M11 10h.1M15 10h.1M17.5 14h.1M6.5 14h8",
  loud: "M4 9.5h4L13 5v14l-5-4.5H4ZM16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12",
  more: "M5 12h.1M12 12h.1M19 12h.1",
  mute: "M4 9.5h4L13 5v14l-5-4.5H4ZM17 9.5l5 5M22 9.5l-5 5",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5 19 12 7 19.5Z",
  plus: "M12 5v14M5 12h14",
  redo: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4.5v5h-5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.3 15.3 20.5 20.5",
  sheet: "M4 4h16v16H4ZM4 9.5h16M4 14.5h16M10 4v16",
  stop: "M6.5 6.5h11v11h-11Z",
  video: "M3.5 6h12v12h-12ZM15.5 10.5l5-3v9l-5-3",
};

/** @param {{name: string}} props */
function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name] ?? ""} /></svg>`;
}

/** Renders `content` as the page. @param {any} content */
function mount(content) {
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  preact.render(html`${content}<${Toasts} />`, root);
}

globalThis.callsheet = /** @type {Callsheet} */ (/** @type {unknown} */ ({
  ...preactHooks, Fragment: preact.Fragment, html, mount,
  STATUSES, canRedo, number, plural, credits, range, duration, moment, ago, timeCode, classes,
  api, address, useAddress, useEvent, isShortcut, download,
  toast, toastError, Toasts, Dialog, copyText, Copy, Icon,
}));
})();
