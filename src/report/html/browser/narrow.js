// Finds elements that extend beyond their card, and a page that needs horizontal scrolling.
const wide = [];
for (const details of document.querySelectorAll(".card details")) details.open = true;
await pause(100);
for (const card of cards) {
  // Cards that are not visible are laid out only with this.
  card.style.contentVisibility = "visible";
  const { left, right } = card.getBoundingClientRect();
  for (const part of card.querySelectorAll("*")) {
    if (part.getClientRects().length === 0) continue;
    const place = part.getBoundingClientRect();
    if (place.left < left - 1 || place.right > right + 1) wide.push(`${part.tagName} ${part.className} of ${card.querySelector("h2").textContent}`);
  }
}
if (document.documentElement.scrollWidth > innerWidth) wide.push("the page");
return { width: innerWidth, cards: cards.length, wide };
