// Five thousand jobs: only the cards near the window are in the document.
const answers = { elements: $$("*").length, first: listed()[0] };
scrollTo(0, document.documentElement.scrollHeight / 2);
// Without frames, the browser sends no event.
dispatchEvent(new Event("scroll"));
await settle();
answers.middle = [listed()[0] !== "a0", $$(".card").some((card) => { const { top, bottom } = card.getBoundingClientRect(); return top < innerHeight / 2 && bottom > innerHeight / 2; })];
$(".card .open").focus();
await press("End");
answers.end = document.activeElement.closest("[data-job]")?.dataset.job;
const box = document.activeElement.getBoundingClientRect();
answers.visible = box.top >= 0 && box.bottom <= innerHeight;
await click(document.activeElement);
const [place] = [scrollY];
await press("k");
player().dispatchEvent(new Event("cancel", { cancelable: true }));
await settle();
answers.closed = [document.activeElement.closest("[data-job]")?.dataset.job, Math.abs(scrollY - place) < 2];
await search("a1999");
answers.found = listed();
await search("");
dispatchEvent(new Event("beforeprint"));
answers.printed = listed().length;
dispatchEvent(new Event("afterprint"));
await settle();
answers.after = $$("*").length;
return answers;
