// Finds elements that extend beyond the page, and controls that are too small for a finger.
const wide = [];
const small = [];
async function check(place, root) {
  await settle();
  for (const part of $$("*", root)) {
    if (part.getClientRects().length === 0 || part.closest(".chips, .scroll, .timeline, .visually-hidden, .marker, .ticks, .still")) continue;
    const box = part.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1) wide.push(`${place}: ${part.tagName} ${part.className}`);
    if (part.matches("button:not(.open), select, input:not([type=range]), textarea, summary") && (box.height < 43.5 || box.width < 43.5)) small.push(`${place}: ${part.tagName} ${part.className} ${Math.round(box.width)}x${Math.round(box.height)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) wide.push(`${place}: the page`);
}
for (const details of $$("details")) details.open = true;
await check("grid", document.body);
const columns = new Set($$(".grid .card").map((card) => card.offsetLeft)).size;
const cards = listed().length;
await click($(".filters .button") ?? $(".found .icon-button"));
await check("filters", $("dialog"));
await click($("dialog [aria-label=Close]"));
await click($(".charts-button"));
await check("charts", $("dialog"));
await click($("dialog [aria-label=Close]"));
await click($(".open", tile("a")));
for (const details of $$("details", player())) details.open = true;
await check("player", player());
const screen = $("video.main").getBoundingClientRect().width;
const swipe = (type, x) => $("video.main").dispatchEvent(new TouchEvent(type, { bubbles: true, [type === "touchstart" ? "touches" : "changedTouches"]: [new Touch({ identifier: 1, target: $("video.main"), clientX: x, clientY: 200 })] }));
swipe("touchstart", 300);
swipe("touchend", 100);
await settle();
return { width: innerWidth, cards, columns, screen, wide, small, swiped: location.hash };
