// Filters by value: persona, ratio, and the user's columns with few different values.

// Columns with more values are searched instead.
const MOST_VALUES = 12;
// Longer values are prose.
const LONGEST_VALUE = 60;
// Further columns are folded, so that the filters do not cover the cards.
const MOST_BESIDE = 4;

// The filters: a name, the drop-down list, and a function that returns a job's value. The first option of a list is no
// filter.
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

// Whether a column divides the jobs into a few groups. A column with a different value for each job does not.
function hasGroups(values) {
  const all = new Set(values);
  const filled = values.filter(Boolean);
  const groups = new Set(filled);
  const isShared = groups.size === 1 || groups.size < filled.length;
  return all.size >= 2 && all.size <= MOST_VALUES && isShared && filled.every((value) => value.length <= LONGEST_VALUE);
}

function columnChoices() {
  const labels = [];
  report.columns.forEach((name, column) => {
    const of = (job) => job.own[column] ?? "";
    const values = jobs.map(of);
    if (!hasGroups(values)) return;
    const select = make("select", {}, make("option", { value: "" }, "all"));
    addChoice(columnName(column), select, values, of);
    labels.push(make("label", {}, make("span", { dir: "auto" }, name), " ", select));
  });
  byId("columns").append(...labels.slice(0, MOST_BESIDE));
  const more = labels.slice(MOST_BESIDE);
  if (more.length > 0) byId("columns").append(make("details", {}, make("summary", {}, `${plural(more.length, "more filter")}`), ...more));
}

// The name of a column in the address: distinct from the other filters and from earlier columns with the same name.
function columnName(column) {
  const name = report.columns[column];
  const earlier = report.columns.slice(0, column).filter((other) => other === name).length;
  return earlier === 0 ? `column.${name}` : `column.${name}.${earlier + 1}`;
}
