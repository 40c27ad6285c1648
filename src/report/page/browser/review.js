// A review of five jobs. The script runs a second time after the reload.
const before = sessionStorage.getItem("before");
const bothMarks = () => ["a", "d"].map((id) => tile(id)?.dataset.mark);
if (before) {
  const kept = [location.hash, $("input[type=search]").value, ...listed()];
  await address("");
  return { ...JSON.parse(before), kept, reloaded: bothMarks(), badge: $(".badge.mark", tile("d")).textContent };
}

// Texts are shown as texts.
const answers = { all: listed(), failed: failed(), shown: $(".found [role=status]").textContent };
answers.injected = $$("#app img[src='x'], #app script, #app h1 b, .failures .reason b").length;
answers.title = $("h1").textContent;
answers.reasons = $$(".failures .reason").map((reason) => reason.textContent);
answers.commands = $$(".failures code").map((code) => code.textContent);
answers.folded = $$(".failures details").map((details) => details.open);
answers.direction = getComputedStyle($(".said", tile("e"))).direction;
answers.card = $(".open", tile("a")).textContent;

// Filters.
await search("about D.");
answers.found = listed();
await search("");
await click(chip("done"));
answers.done = [listed(), failed()];
await click(chip("done"));
answers.fields = $$(".filters select").map((select) => select.dataset.name);
answers.markets = [...list("column.Market <b>").options].map((option) => option.textContent);
const market = (place) => {
  const select = list("column.Market <b>");
  return choose(select, select.options[place].value);
};
await choose(list("column.Market <b>"), "DE");
answers.germany = [listed(), failed()];
await market(0);
await search("of d fr");
answers.noted = listed();
await search("");

// Marks by keyboard in the grid. A decision moves to the next card.
answers.savable = [$(".save").ariaDisabled];
await click($(".save"));
answers.unsaved = $(".toast").textContent;
$(".open", tile("a")).focus();
await press("ArrowRight");
answers.focused = document.activeElement.closest("[data-job]")?.dataset.job;
await press("Home");
await press("r", { ctrlKey: true });
await press("r");
answers.next = document.activeElement.closest("[data-job]")?.dataset.job;
answers.marks = [bothMarks()];
await press("ArrowLeft");
await press("a");
answers.marks.push(bothMarks());

// The player.
await press("Enter");
$(".open", tile("a")).click();
await settle();
answers.counter = $(".player-head [role=status]").textContent;
const video = () => $("video.main");
video().loop = true;
// The page's clock is virtual and runs ahead of the decoder; only computation takes real time.
function work() {
  let sum = 0;
  for (let count = 0; count < 5_000_000; count += 1) sum = (sum * 31 + count) | 0;
  return sum;
}
async function until(condition) {
  for (let tries = 0; tries < 3000 && !condition(); tries += 1) {
    work();
    await pause(1);
  }
  return condition();
}
answers.playing = await until(() => video().currentTime > 0.2 && video().videoWidth === 48);
await press(" ");
answers.paused = video().paused;
video().currentTime = 1;
await until(() => !video().seeking);
await press(".");
await until(() => !video().seeking);
answers.frame = Math.round(video().currentTime * 100) / 100;
await press("ArrowLeft");
await until(() => !video().seeking);
answers.back = video().currentTime;
await press("?");
answers.keys = $$("dialog.player dialog kbd").map((key) => key.textContent);
await click($("dialog.player dialog [aria-label=Close]"));

// A comment with its time code. Letters in its field are letters.
video().currentTime = 1.5;
await until(() => !video().seeking);
video().play();
await press("c");
answers.typing = [document.activeElement.tagName, video().paused];
const at = Math.round(video().currentTime * 10) / 10;
await type($(".comments textarea"), 'too "loud", again');
await press("r");
answers.unmarked = player().querySelector(".reject").ariaPressed;
await type($(".comments input"), "Maria");
$(".comments textarea").focus();
await press("Enter");
answers.comment = $(".comments li p").textContent;
answers.code = [$(".comments .code").textContent, $$(".marker").length];
video().pause();
video().currentTime = 0;
await until(() => !video().seeking);
await click($(".comments .code"));
await until(() => !video().seeking);
answers.sought = Math.abs(video().currentTime - at) < 0.06;
// The draft stays when the video changes.
await type($(".comments textarea"), "a draft");
document.activeElement.blur();
player().focus();
await press("j");
answers.second = $(".side h2").textContent + $(".player-head [role=status]").textContent;
await press("k");
answers.draft = $(".comments textarea").value;
await type($(".comments textarea"), "");
player().focus();
await press("j");
await press("r");
answers.stays = $(".player-head [role=status]").textContent;
answers.address = location.hash;
player().dispatchEvent(new Event("cancel", { cancelable: true }));
await settle();
answers.closed = [player() === null, document.activeElement.closest("[data-job]")?.dataset.job, location.hash];

// The file of marks.
answers.savable.push($(".save").ariaDisabled);
let saved = null;
URL.createObjectURL = (blob) => (saved = blob, "blob:none");
HTMLAnchorElement.prototype.click = function () { answers.file = this.download; };
await click($(".save"));
answers.csv = (await saved.text()).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
answers.at = at;
await click(chip("rejected"));
answers.rejected = listed();
await click(chip("rejected"));

// Filters in the address, and ways to leave the search.
const field = $("input[type=search]");
await search("about zebras");
answers.nothing = [$(".found [role=status]").textContent, listed().length, $(".empty").textContent];
await press("Escape");
answers.escaped = [document.activeElement === field, field.value];
await click($(".found .quiet"));
answers.cleared = [location.hash, listed().length, document.activeElement === field];
await search("note of");
await press("Enter");
answers.entered = document.activeElement.closest("[data-job]")?.dataset.job;
answers.sent = [];
for (const sent of ["#status=done&sort=cost&ratio=9%3A16", "#persona=Unknown", "#column.Market+%3Cb%3E=", "#marked=nonsense&status=constructor"]) {
  await address(sent);
  answers.sent.push([...listed(), ...failed()]);
}
await address("");
await choose(list("column.Market <b>"), "DE");
await choose(list("sort"), "sheet");
await search("say a.");
answers.before = seen;
sessionStorage.setItem("before", JSON.stringify(answers));
location.reload();
return new Promise(() => {});
