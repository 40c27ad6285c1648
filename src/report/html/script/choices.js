// Filters by a value: by persona, by ratio, by those of the user's own columns that have few values.

// A column with one value divides nothing, and one with many is searched.
const MOST_VALUES = 12;
// Longer ones are prose.
const LONGEST_VALUE = 60;
// More columns than these stand folded, so that the filters do not cover the cards.
const MOST_BESIDE = 4;

// What is filtered by: a name, the element to choose with, and what a job's value is. An element's first choice
// is to filter nothing.
const choices = [];

function addChoice(name, select, values, of) {
  const sorted = [...new Set(values)].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  select.append(...sorted.map((value) => make("option", { value }, value || "(empty)")));
  choices.push({ name, select, of });
}

function fillChoice(id) {
  const values = jobs.map((job) => job[id]);
  addChoice(id, byId(id), values, (job) => job[id]);
  if (new Set(values).size < 2) byId(id).parentElement.hidden = true;
}

// Whether a column sorts jobs into a few kinds. One in which every job has a value of its own does not.
function hasKinds(values) {
  const all = new Set(values);
  const filled = values.filter(Boolean);
  const kinds = new Set(filled);
  const isShared = kinds.size === 1 || kinds.size < filled.length;
  return all.size >= 2 && all.size <= MOST_VALUES && isShared && filled.every((value) => value.length <= LONGEST_VALUE);
}

function columnChoices() {
  const labels = [];
  report.columns.forEach((name, column) => {
    const of = (job) => job.own[column] ?? "";
    const values = jobs.map(of);
    if (!hasKinds(values)) return;
    const select = make("select", {}, make("option", { value: "" }, "all"));
    addChoice(columnName(column), select, values, of);
    labels.push(make("label", {}, make("span", { dir: "auto" }, name), " ", select));
  });
  byId("columns").append(...labels.slice(0, MOST_BESIDE));
  const more = labels.slice(MOST_BESIDE);
  if (more.length > 0) byId("columns").append(make("details", {}, make("summary", {}, `${plural(more.length, "more filter")}`), ...more));
}

// How the address calls a column: apart from our own filters, and from an earlier column of the same name.
function columnName(column) {
  const name = report.columns[column];
  const earlier = report.columns.slice(0, column).filter((other) => other === name).length;
  return earlier === 0 ? `column.${name}` : `column.${name}.${earlier + 1}`;
}
