// Helpers of the tests, in each page.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits two seconds at most for a truthy value, and returns it in an object; otherwise the last error. */
async function poll(condition) {
  let error = null;
  for (const end = Date.now() + 2000; Date.now() < end; await pause(15)) {
    try {
      const value = await condition();
      if (value) return { value };
      error = null;
    } catch (problem) {
      error = String(problem);
    }
  }
  return error;
}

const layer = () => $$("dialog[open]").at(-1) ?? document;

/** The visible element of the topmost layer that matches and contains the text. */
const find = (selector, text = "") => $$(selector).find((element) => layer().contains(element) && element.checkVisibility() && `${element.ariaLabel ?? ""} ${element.textContent}`.includes(text));

/** The centre of an element that can be clicked, once it has come to rest. */
async function target(selector, text) {
  const element = find(selector, text);
  if (!element || element.disabled) return null;
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
  const before = element.getBoundingClientRect();
  await pause(30);
  const box = element.getBoundingClientRect();
  if (box.top !== before.top || box.left !== before.left) return null;
  const place = [box.left + box.width / 2, box.top + box.height / 2];
  const top = document.elementFromPoint(...place);
  return top && (element.contains(top) || top.contains(element)) ? place : null;
}

function choose(selector, value) {
  const select = find(selector);
  if (![...select.options].some((option) => option.value === value)) return false;
  select.value = value;
  return select.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Parts that are wider than the screen, and controls that are too small for a finger. */
function misfits() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page: ${document.documentElement.scrollWidth}`);
  for (const element of $$("*", layer())) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".visually-hidden")) continue;
    const box = element.getBoundingClientRect();
    const name = `${element.tagName} ${element.getAttribute("class") ?? ""} ${element.textContent.slice(0, 40)}`;
    // What scrolls inside of a box is not wider than the screen.
    if ((box.left < -1 || box.right > innerWidth + 1) && !isScrolled(element)) found.push(`wide: ${name}`);
    const isControl = element.matches("button, select, input:not([type=range], [type=file]), textarea, summary, a.button");
    const inLabel = element.closest("label")?.getBoundingClientRect();
    const size = Math.min(Math.max(box.height, inLabel?.height ?? 0), Math.max(box.width, inLabel?.width ?? 0));
    if (isControl && size < 43.5 && !element.matches(".marker")) found.push(`small: ${name} ${Math.round(box.width)}x${Math.round(box.height)}`);
  }
  return found;
}

function isScrolled(element) {
  for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(parent).overflowX) && parent.getBoundingClientRect().right <= innerWidth + 1) return true;
  }
  return false;
}

/** What axe finds in the topmost layer. */
async function audit() {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}
