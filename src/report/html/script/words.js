"use strict";
// The data, and its formatting. Content of jobs is inserted only as text.

const report = JSON.parse(document.getElementById("data").textContent);
const jobs = report.jobs;

// In order of urgency.
const STATUSES = {
  failed: "failed",
  in_doubt: "in doubt",
  downloading: "downloading",
  rendering: "rendering",
  submitting: "submitting",
  pending: "pending",
  done: "done",
  left_out: "left out",
  // Of a part of these jobs.
  outdated: "outdated",
};
const URGENCY = Object.keys(STATUSES);

const byId = (id) => document.getElementById(id);

// Creates an element with attributes and children; strings become text, `null` and `undefined` are left out.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 3 });
const credits = (value) => `${number(value)} credit${value === 1 ? "" : "s"}`;
const range = (low, high) => (low === high ? number(high) : `${number(low)}–${number(high)}`);

function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (milliseconds < 10000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function moment(milliseconds) {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  if (seconds < 60) return `${plural(seconds, "second")} ago`;
  if (seconds < 3600) return `${plural(Math.floor(seconds / 60), "minute")} ago`;
  if (seconds < 172800) return `${plural(Math.floor(seconds / 3600), "hour")} ago`;
  return `${plural(Math.floor(seconds / 86400), "day")} ago`;
}

// The time between two events of a job, if both are known.
function between(from, to) {
  return from === null || to === null ? null : Math.max(0, to - from);
}

const renderTime = (job) => (job.adopted ? null : between(job.accepted, job.rendered));
