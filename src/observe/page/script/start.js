// Puts everything on the page.

function stateInWords() {
  const run = report.runs.at(-1);
  const parts = [];
  if (report.sandbox) parts.push("Sandbox: sample videos, and nothing was charged.");
  if (report.as_of !== null) parts.push(`As of ${moment(report.as_of)}${run && !run.ended_at ? ", while a run was going on" : ""}.`);
  const { skipped } = report.totals;
  if (skipped > 0) parts.push(`${plural(skipped, "row")} of the sheet skipped.`);
  return parts.join(" ");
}

byId("state").textContent = stateInWords();
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
