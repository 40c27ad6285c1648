// Runs a test on the page and stores its result in an element of the page.
const seen = [];
window.addEventListener("error", (event) => seen.push(event.message));
window.addEventListener("unhandledrejection", (event) => seen.push(String(event.reason?.stack ?? event.reason)));
document.addEventListener("securitypolicyviolation", (event) => seen.push(`policy: ${event.blockedURI}`));
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
// Rendering, effects and the focus after them take a moment.
const settle = () => pause(120);
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
async function press(key, more = {}) {
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  await settle();
}
async function click(element) {
  element.click();
  await settle();
}
async function type(field, value) {
  field.focus();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}
async function choose(select, value) {
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}
const tile = (id) => $(`.grid [data-job="${id}"]`);
const listed = () => $$(".grid [data-job]").map((card) => card.dataset.job);
const failed = () => $$(".failures [data-job]").map((item) => item.dataset.job);
const chip = (value) => $(`.chip[data-value="${value}"]`);
const search = (words) => type($("input[type=search]"), words);
const list = (name) => $(`select[data-name="${name}"]`);
const player = () => $("dialog.player");
const address = async (hash) => {
  location.hash = hash;
  await settle();
};
window.addEventListener("load", async () => {
  let answers;
  await settle();
  try { answers = await ask(); } catch (error) { answers = { error: String(error.stack) }; }
  answers.seen = seen;
  answers.foreign = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("file:"));
  if (parent !== window) parent.postMessage(answers, "*");
  const element = document.createElement("pre");
  element.id = "answers";
  element.textContent = JSON.stringify(answers);
  document.body.append(element);
});
