// The marks of reviewers: decisions and comments, each of a video, with its reviewer and time. A mark without a comment
// is the decision, also an empty one; a comment without a mark leaves the decision as it was. A mark belongs to one
// video: a new version is unmarked.
(() => {
"use strict";

const { api, download, toastError, useLayoutEffect, useState } = callsheet;

const REVIEWER = "callsheet reviewer";

/** @param {string} key */
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function keep(key, value) {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** @param {Mark} mark */
const decides = (mark) => mark.mark !== "" || mark.comment === "";

/**
 * Returns a store that calls `write` with each new mark, and `read` for all of them.
 * @param {{read: () => Mark[] | Promise<Mark[]>, write: (mark: Mark, all: Mark[]) => void | Promise<Mark[]>, isLocal: boolean}} place
 * @returns {MarkStore}
 */
function makeStore({ read, write, isLocal }) {
  /** @type {Mark[]} */
  let marks = [];
  /** @type {Map<string, Review> | null} */
  let reviews = null;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {Review} */
  const none = { mark: "", by: "", comments: [] };
  /** @param {Mark[]} all */
  const replace = (all) => {
    marks = all;
    reviews = null;
    store.version += 1;
    for (const listener of [...listeners]) listener();
  };
  /** @param {string} job @param {string | null} remote */
  const key = (job, remote) => `${job}\n${remote ?? ""}`;
  const group = () => {
    const groups = new Map();
    for (const mark of [...marks].sort((a, b) => a.at - b.at)) {
      const name = key(mark.job, mark.remote);
      const review = groups.get(name) ?? { ...none, comments: [] };
      if (decides(mark)) Object.assign(review, { mark: mark.mark, by: mark.reviewer });
      if (mark.comment) review.comments.push(mark);
      groups.set(name, review);
    }
    for (const { comments } of groups.values()) {
      comments.sort((/** @type {Mark} */ a, /** @type {Mark} */ b) => (a.seconds ?? Infinity) - (b.seconds ?? Infinity) || a.at - b.at);
    }
    return groups;
  };
  /** @type {MarkStore} */
  const store = {
    version: 0,
    isLocal,
    reviewer: stored(REVIEWER) ?? "",
    of: (job) => (reviews ??= group()).get(key(job.id, job.remote)) ?? none,
    add(job, change) {
      /** @type {Mark} */
      const mark = { job: job.id, remote: job.remote, mark: "", comment: "", seconds: null, reviewer: store.reviewer, at: Date.now(), ...change };
      const before = marks;
      replace([...marks, mark]);
      const written = write(mark, marks);
      written?.then(replace, (error) => {
        replace(before);
        toastError(error);
      });
    },
    remove(mark) {
      replace(marks.filter((other) => other !== mark));
      write(mark, marks);
    },
    setReviewer(name) {
      store.reviewer = name;
      keep(REVIEWER, name);
      for (const listener of [...listeners]) listener();
    },
    async refresh() {
      replace(await read());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    csv(jobs) {
      const lines = jobs.flatMap((job) => {
        const own = marks.filter((mark) => mark.job === job.id && mark.remote === job.remote);
        const decision = own.findLast(decides);
        return own
          .filter((mark) => mark.comment || (mark === decision && mark.mark))
          .map((mark) => [mark.job, mark === decision ? mark.mark : "", mark.comment, mark.remote ?? "", mark.seconds ?? "", mark.reviewer || store.reviewer, new Date(mark.at).toISOString()]);
      });
      const cell = (/** @type {any} */ value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
      return ["job_id,mark,comment,remote_id,seconds,reviewer,at", ...lines.map((line) => line.map(cell).join(","))].join("\n") + "\n";
    },
    save(jobs) {
      const name = store.reviewer.trim().replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase();
      download(new Blob([store.csv(jobs)], { type: "text/csv" }), name ? `marks-${name}.csv` : "marks.csv");
    },
  };
  return store;
}

/** Marks that are kept in this browser until they are saved. @param {PageData} data */
function readOnly(data) {
  const key = `callsheet marks of ${data.campaign}`;
  /** @returns {Mark[]} */
  const read = () => {
    try {
      const value = JSON.parse(stored(key) ?? "[]") ?? [];
      if (Array.isArray(value)) return value;
      // The form of earlier versions.
      return Object.entries(value).map(([job, { mark, comment, video }]) => ({ job, remote: video, mark, comment, seconds: null, reviewer: "", at: 0 }));
    } catch {
      return [];
    }
  };
  const store = makeStore({
    isLocal: true,
    read,
    write(_, all) {
      if (!keep(key, JSON.stringify(all))) toastError({ error: "This browser cannot store marks: save them before you close the page." });
    },
  });
  window.addEventListener("storage", (event) => event.key === key && store.refresh());
  store.refresh();
  return store;
}

/** Marks that are kept with the campaign. @param {string} campaign its id */
function studio(campaign) {
  const path = `/api/campaigns/${campaign}/marks`;
  const store = makeStore({
    isLocal: false,
    read: async () => (await api(path)).marks,
    write: async ({ at, ...mark }) => (await api(path, { body: mark })).marks,
  });
  store.refresh().catch(toastError);
  return store;
}

/** Renders again when the marks change. @param {MarkStore} store */
function useMarks(store) {
  const [, render] = useState({});
  useLayoutEffect(() => {
    const stop = store.subscribe(() => render({}));
    return () => void stop();
  }, [store]);
  return store.version;
}

Object.assign(callsheet, { store: { readOnly, studio }, useMarks });
})();
