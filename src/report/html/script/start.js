// Puts everything on the page.

// How a run stands that has not told its end: it goes on, or crashed.
const isGoingOn = report.runs.length > 0 && report.runs.at(-1).ended_at === null;

function tellState() {
  const parts = [];
  if (report.sandbox) parts.push("Sandbox: sample videos, and nothing was charged.");
  if (report.as_of !== null) parts.push(isGoingOn ? `A run was going on when this page was written, ${ago(report.as_of)}.` : `As of ${moment(report.as_of)}.`);
  const { skipped } = report.totals;
  if (skipped > 0) parts.push(`${plural(skipped, "row")} of the sheet skipped.`);
  byId("state").textContent = parts.join(" ");
}

tellState();
if (isGoingOn) {
  // A file cannot be asked whether it has changed, only be opened again.
  const reload = make("button", { type: "button" }, "Reload");
  reload.addEventListener("click", () => location.reload());
  byId("state").after(make("p", { class: "reload" }, reload, ` As of ${moment(report.as_of)}; open it again for what has happened since.`));
  setInterval(tellState, 10000);
}
statusButtons();
moneyLine();
fillChoice("persona");
fillChoice("ratio");
columnChoices();
byId("export").addEventListener("click", saveMarks);
byId("tools").addEventListener("input", changed);
byId("tools").addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", clearFilters);
// The address is for the filters.
byId("money").querySelector("a").addEventListener("click", (event) => {
  event.preventDefault();
  byId("charts").scrollIntoView();
  byId("charts").focus({ preventScroll: true });
});
// The more filters there are, the more of the window the bar takes; what is gone to must be seen below it.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--bar", `${byId("tools").offsetHeight}px`);
}).observe(byId("tools"));
readAddress();
show();
tellReview();
tellSavable();
byId("charts").append(...[creditsByPersona(), estimateAgainstActual(), timeline()].filter(Boolean));
