// Filters, search and order are kept in the fragment of the page's address, so that a reload keeps them and they can be
// shared. Default values are left out.

// All drop-down lists, by their names in the address.
const lists = () => [...choices, ...["marked", "sort"].map((name) => ({ name, select: byId(name) }))];

function readAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  byId("search").value = parameters.get("search") ?? "";
  status = Object.hasOwn(STATUSES, parameters.get("status") ?? "") ? parameters.get("status") : "";
  for (const { name, select, of } of lists()) {
    select.selectedIndex = 0;
    if (!parameters.has(name)) continue;
    const value = parameters.get(name);
    // A value that no job has any more stays selected and matches nothing.
    if (of && indexOf(select, value) < 0) select.append(make("option", { value }, value || "(empty)"));
    select.selectedIndex = Math.max(0, indexOf(select, value));
  }
  for (const folded of byId("columns").querySelectorAll("details")) {
    folded.open ||= [...folded.querySelectorAll("select")].some((select) => select.selectedIndex > 0);
  }
}

// The first option is no filter, whatever its value.
function indexOf(select, value) {
  return [...select.options].findIndex((option, index) => index > 0 && option.value === value);
}

function currentParameters() {
  const parameters = new URLSearchParams();
  if (byId("search").value.trim()) parameters.set("search", byId("search").value.trim());
  if (status) parameters.set("status", status);
  for (const { name, select } of lists()) if (select.selectedIndex > 0) parameters.set(name, select.value);
  return parameters;
}

function writeAddress() {
  const fragment = currentParameters().toString();
  try {
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
  } catch {
    // Some browsers refuse this for files, and for many calls in a short time.
    location.replace(`#${fragment}`);
  }
}

// Applies changed filters and order.
function applyFilters() {
  show();
  writeAddress();
}

function clearFilters() {
  byId("search").value = "";
  status = "";
  for (const { name, select } of lists()) if (name !== "sort") select.selectedIndex = 0;
  applyFilters();
  leaveTools();
}

window.addEventListener("hashchange", () => {
  readAddress();
  show();
});
