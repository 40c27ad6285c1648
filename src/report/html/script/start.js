// Builds the page.

// A run without an end is under way or crashed.
const isRunning = report.runs.length > 0 && report.runs.at(-1).ended_at === null;

function showState() {
  const parts = [];
  if (report.sandbox) parts.push("Sandbox: sample videos, and nothing was charged.");
  if (report.as_of !== null) parts.push(isRunning ? `A run was under way when this page was written, ${ago(report.as_of)}.` : `As of ${moment(report.as_of)}.`);
  const { skipped } = report.totals;
  if (skipped > 0) parts.push(`${plural(skipped, "row")} of the sheet skipped.`);
  byId("state").textContent = parts.join(" ");
}

showState();
if (isRunning) {
  // A page from disk cannot detect that its file has changed.
  const reload = make("button", { type: "button" }, "Reload");
  reload.addEventListener("click", () => location.reload());
  byId("state").after(make("p", { class: "reload" }, reload, ` As of ${moment(report.as_of)}; reload for the current state.`));
  setInterval(showState, 10000);
}
statusButtons();
moneyLine();
fillChoice("persona");
fillChoice("ratio");
columnChoices();
byId("export").addEventListener("click", saveMarks);
byId("tools").addEventListener("input", applyFilters);
byId("tools").addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", clearFilters);
// The fragment of the address is for the filters.
byId("money").querySelector("a").addEventListener("click", (event) => {
  event.preventDefault();
  byId("charts").scrollIntoView();
  byId("charts").focus({ preventScroll: true });
});
// The height of the filter bar varies; focused cards must scroll to below it.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--bar", `${byId("tools").offsetHeight}px`);
}).observe(byId("tools"));
readAddress();
show();
showReview();
updateSaveButton();
byId("charts").append(...[creditsByPersona(), estimateAgainstActual(), timeline()].filter(Boolean));
