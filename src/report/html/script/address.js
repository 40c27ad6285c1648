// Filters, search and order stand in the page's address, behind its `#`: a reload keeps them, and a colleague can
// be sent them. What is as it is at first is left out.

// Everything that is chosen from a list, by its name in the address.
const lists = () => [...choices, ...["marked", "sort"].map((name) => ({ name, select: byId(name) }))];

function readAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  byId("search").value = told.get("search") ?? "";
  status = Object.hasOwn(STATUSES, told.get("status") ?? "") ? told.get("status") : "";
  for (const { name, select, of } of lists()) {
    select.selectedIndex = 0;
    if (!told.has(name)) continue;
    const value = told.get(name);
    // A value that no job has any more is still what was asked for, and finds nothing.
    if (of && placeOf(select, value) < 0) select.append(make("option", { value }, value || "(empty)"));
    select.selectedIndex = Math.max(0, placeOf(select, value));
  }
  for (const folded of byId("columns").querySelectorAll("details")) {
    folded.open ||= [...folded.querySelectorAll("select")].some((select) => select.selectedIndex > 0);
  }
}

// The first choice stands for no filter, whatever its value.
function placeOf(select, value) {
  return [...select.options].findIndex((option, place) => place > 0 && option.value === value);
}

function inAddress() {
  const told = new URLSearchParams();
  if (byId("search").value.trim()) told.set("search", byId("search").value.trim());
  if (status) told.set("status", status);
  for (const { name, select } of lists()) if (select.selectedIndex > 0) told.set(name, select.value);
  return told;
}

function writeAddress() {
  const words = inAddress().toString();
  try {
    history.replaceState(null, "", words ? `#${words}` : location.href.split("#")[0]);
  } catch {
    // Some browsers refuse this to files, and to whoever types fast.
    location.replace(`#${words}`);
  }
}

// Somebody filtered or sorted.
function changed() {
  show();
  writeAddress();
}

function clearFilters() {
  byId("search").value = "";
  status = "";
  for (const { name, select } of lists()) if (name !== "sort") select.selectedIndex = 0;
  changed();
  leaveTools();
}

window.addEventListener("hashchange", () => {
  readAddress();
  show();
});
