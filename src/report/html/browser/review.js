// A review of five jobs. The script runs a second time after the reload.
const before = sessionStorage.getItem("before");
const bothMarks = () => [card("a").dataset.mark, card("d").dataset.mark];
if (before) return { ...JSON.parse(before), reloaded: bothMarks(), kept: [location.hash, byId("search").value, ...listed()] };

const answers = { all: listed(), shown: byId("shown").textContent };
answers.injected = document.querySelectorAll("main img[src='x'], main script, header script, main b").length;
answers.title = document.querySelector("h1").textContent;
answers.error = null;
answers.words = card("b").querySelector(".error").textContent;
answers.resubmit = card("c").querySelector(".command").textContent;

set("search", "about D.");
answers.found = listed();
set("search", "");
document.querySelector("#statuses [value=done]").click();
answers.done = listed();
document.querySelector("#statuses [value='']").click();
const market = byId("columns").querySelector("select");
answers.columns = [...byId("columns").querySelectorAll("label")].map((label) => label.firstChild.textContent);
answers.markets = [...market.options].map((option) => option.textContent);
const inMarket = (place) => {
  market.selectedIndex = place;
  market.dispatchEvent(new Event("input", { bubbles: true }));
  return listed();
};
answers.nowhere = inMarket(1);
answers.germany = inMarket(3);
inMarket(0);
set("search", "of d fr");
answers.noted = listed();
set("search", "");
card("d").querySelector("details").open = true;
await pause(100);
answers.details = card("d").querySelector("dl").textContent;
set("sort", "sheet");
answers.sheet = listed();

answers.names = [...card("a").querySelectorAll("button, summary, input")].map((control) => control.ariaLabel);
answers.line = card("a").querySelector(".edge").textContent;
const savable = () => byId("export").ariaDisabled !== "true";
answers.savable = [savable()];
byId("export").click();
answers.unsaved = byId("review").textContent;
card("a").focus();
press("ArrowRight");
press("ArrowRight");
press("ArrowRight");
answers.focused = document.activeElement === card("d");
press("r");
press("Home");
press("a");
answers.marks = [card("a").dataset.mark, card("d").dataset.mark];
const comment = card("d").querySelector("input");
comment.value = 'too "loud", again';
comment.dispatchEvent(new Event("input", { bubbles: true }));
answers.csv = marksAsCsv();
answers.savable.push(savable());
const cross = () => parseFloat(getComputedStyle(card("d").querySelector(".mount"), "::after").width);
answers.crosses = [cross()];
answers.review = byId("review").textContent;
answers.direction = getComputedStyle(card("e").querySelector(".said")).direction;
set("marked", "rejected");
answers.rejected = listed();
set("marked", "");

card("a").focus();
press(" ");
const video = card("a").querySelector("video");
video.loop = true;
// The page's clock is virtual and runs ahead of the decoder; only computation takes real time.
function work() {
  let sum = 0;
  for (let count = 0; count < 5_000_000; count += 1) sum = (sum * 31 + count) | 0;
  return sum;
}
for (let tries = 0; tries < 3000 && video.currentTime === 0; tries += 1) {
  work();
  await pause(1);
}
answers.playing = video.currentTime > 0 && video.videoWidth === 48;
press(" ");
answers.paused = video.paused;
play(card("d"), jobs[3]);
answers.crosses.push(cross());
playing?.pause();
card("d").querySelector("video").pause();

// Filters in the address, and ways to leave the search.
set("marked", "approved");
const search = byId("search");
search.focus();
set("search", "about zebras");
answers.nothing = [byId("shown").textContent, byId("clear").hidden, listed().length];
press("Escape");
answers.escaped = [document.activeElement === search, search.value];
byId("clear").click();
answers.cleared = [location.hash, byId("clear").hidden, listed().length, document.activeElement.className];
search.focus();
set("search", "note of");
press("Enter");
press("ArrowRight");
answers.entered = [document.activeElement.className, document.activeElement.querySelector("h2").firstChild.textContent];
answers.sent = [];
for (const sent of ["#status=done&sort=cost&ratio=9%3A16", "#persona=Nobody", "#column.Market+%3Cb%3E=", "#marked=nonsense&status=constructor"]) {
  location.hash = sent;
  await pause(50);
  answers.sent.push(listed());
}
inMarket(3);
set("sort", "sheet");
set("search", "say a.");
answers.before = seen;
sessionStorage.setItem("before", JSON.stringify(answers));
location.reload();
return new Promise(() => {});
