// Runs axe on each screen, light and dark.
const found = [];
async function check(place) {
  await settle();
  for (const scheme of ["light", "dark"]) {
    document.documentElement.style.colorScheme = scheme;
    await pause(300);
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    for (const { id, nodes } of violations) found.push(...nodes.map((node) => `${place}, ${scheme}: ${id} ${node.html.slice(0, 160)} ${node.failureSummary}`));
  }
}
for (const details of $$(".failures details")) details.open = true;
$(".open", tile("a")).focus();
await press("a");
await press("r");
await check("grid");
await click($(".charts-button"));
await check("charts");
await click($("dialog [aria-label=Close]"));
await click($(".open", tile("a")));
await type($(".comments textarea"), "A comment");
await press("Enter");
for (const details of $$("details", player())) details.open = true;
await check("player");
await click($(".keys-button", player()));
await check("keys");
const known = await axe.run($("#app"), { runOnly: ["image-alt"] });
const image = document.createElement("img");
image.src = "thumbnails/a.jpg";
$("#app").append(image);
await click($("dialog dialog [aria-label=Close]"));
await click($("dialog [aria-label=Close]"));
const planted = await axe.run($("#app"), { runOnly: ["image-alt"] });
return { found, planted: planted.violations.length - known.violations.length };
