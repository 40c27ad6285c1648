// The reviewer's marks and comments. They are kept in this browser. A mark belongs to one video: a new version is
// unmarked. The saved file names the video of each mark, so that `--redo-rejected` never replaces a video that was not
// reviewed.

const MARKS_KEY = `callsheet marks of ${report.campaign}`;

const marks = readMarks();

function readMarks() {
  try {
    const stored = JSON.parse(localStorage.getItem(MARKS_KEY) ?? "{}");
    return new Map(Object.entries(stored ?? {}).filter(([, mark]) => mark && typeof mark === "object"));
  } catch {
    return new Map();
  }
}

function markOf(job) {
  const stored = marks.get(job.id);
  return stored && stored.video === job.remote ? stored : { mark: "", comment: "", video: job.remote };
}

function setMark(job, change) {
  const mark = { ...markOf(job), ...change };
  if (mark.mark || mark.comment) marks.set(job.id, mark);
  else marks.delete(job.id);
  updateSaveButton();
  try {
    localStorage.setItem(MARKS_KEY, JSON.stringify(Object.fromEntries(marks)));
  } catch {
    byId("shown").textContent = "This browser cannot store marks: save them as CSV before you close the page.";
  }
}

// Shows how many videos have been reviewed.
function showReview() {
  const videos = jobs.filter((job) => job.file);
  const count = (word) => videos.filter((job) => markOf(job).mark === word).length;
  const [approved, rejected] = [count("approved"), count("rejected")];
  const open = videos.length - approved - rejected;
  const parts = [[approved, "approved"], [rejected, "rejected"], [open, "to review"]];
  byId("review").textContent =
    approved + rejected === 0 ? "" : `Review: ${parts.filter(([some]) => some > 0).map(([some, word]) => `${number(some)} ${word}`).join(", ")}.`;
}

// Disables saving while there are no marks.
function updateSaveButton() {
  const save = byId("export");
  const isEmpty = jobs.every((job) => !marks.has(job.id) || (!markOf(job).mark && !markOf(job).comment));
  // Not `disabled`, so that keyboard users can reach the explanation.
  save.setAttribute("aria-disabled", String(isEmpty));
  save.title = isEmpty ? "There is nothing to save yet: approve, reject or comment first." : "";
}

function csvCell(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function marksAsCsv() {
  const lines = jobs
    .map((job) => [job.id, markOf(job)])
    .filter(([, mark]) => mark.mark || mark.comment)
    .map(([id, mark]) => [id, mark.mark, mark.comment, mark.video ?? ""].map(csvCell).join(","));
  return ["job_id,mark,comment,remote_id", ...lines].join("\n") + "\n";
}

function saveMarks() {
  updateSaveButton();
  if (byId("export").title) {
    byId("review").textContent = byId("export").title;
    return;
  }
  const url = URL.createObjectURL(new Blob([marksAsCsv()], { type: "text/csv" }));
  const link = make("a", { href: url, download: "marks.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
