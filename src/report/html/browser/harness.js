// Runs a test on the page and stores its result in an element of the page.
const seen = [];
window.addEventListener("error", (event) => seen.push(event.message));
document.addEventListener("securitypolicyviolation", (event) => seen.push(`policy: ${event.blockedURI}`));
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const set = (id, value) => { byId(id).value = value; byId(id).dispatchEvent(new Event("input", { bubbles: true })); };
const listed = () => [...document.querySelectorAll(".card:not([hidden]) h2")].map((head) => head.firstChild.textContent);
const card = (id) => cards[jobs.findIndex((job) => job.id === id)];
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
window.addEventListener("load", async () => {
  let answers;
  try { answers = await ask(); } catch (error) { answers = { error: String(error.stack) }; }
  answers.seen = seen;
  answers.foreign = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("file:"));
  if (parent !== window) parent.postMessage(answers, "*");
  document.body.append(make("pre", { id: "answers" }, JSON.stringify(answers)));
});
