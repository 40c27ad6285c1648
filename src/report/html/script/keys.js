// Keyboard control: arrows move between cards, and one key for each action on a card.

function focusCard(card) {
  setCurrent(card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function go(card, steps) {
  const index = shown.indexOf(cards.indexOf(card)) + steps;
  focusCard(cards[shown[Math.max(0, Math.min(shown.length - 1, index))]]);
}

// Moves to the nearest card of the next row. Rows may have different numbers of cards.
function goRow(card, step) {
  const here = shown.indexOf(cards.indexOf(card));
  let row = null;
  let nearest = card;
  for (let index = here + step; index >= 0 && index < shown.length; index += step) {
    const other = cards[shown[index]];
    if (other.offsetTop === card.offsetTop) continue;
    row ??= other.offsetTop;
    if (other.offsetTop !== row) break;
    const distance = (some) => Math.abs(some.offsetLeft - card.offsetLeft);
    if (nearest === card || distance(other) < distance(nearest)) nearest = other;
  }
  focusCard(nearest);
}

// Moves the focus from the search and the filters back to the cards.
function leaveTools() {
  const current = cards.find((card) => card.tabIndex === 0 && !card.hidden);
  if (current) focusCard(current);
  else document.activeElement.blur();
}

function onCardKey(event, card) {
  const job = jobs[cards.indexOf(card)];
  const isCard = event.target === card;
  switch (event.key) {
    case "ArrowRight": return go(card, 1);
    case "ArrowLeft": return go(card, -1);
    case "ArrowDown": return goRow(card, 1);
    case "ArrowUp": return goRow(card, -1);
    case "Home": return go(card, -shown.length);
    case "End": return go(card, shown.length);
    case " ": return isCard ? play(card, job) : false;
    case "a": case "A": return toggleMark(card, job, "approved");
    case "r": case "R": return toggleMark(card, job, "rejected");
    case "c": case "C": return card.querySelector(".marks input")?.focus();
    default: return false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = event.target.closest?.(".card");
  if (event.target.matches?.("input, select, video")) {
    const isSearch = event.target.id === "search";
    // Keys of an input method are not ours.
    if (event.isComposing || (event.key !== "Escape" && !(isSearch && event.key === "Enter"))) return;
    if (card) card.focus();
    else if (event.target.closest("#tools")) {
      // The browser would clear the search.
      event.preventDefault();
      leaveTools();
    }
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  } else if (card && onCardKey(event, card) !== false) {
    event.preventDefault();
  } else if (!card && event.target === document.body && event.key.startsWith("Arrow") && shown.length > 0) {
    const current = cards.find((other) => other.tabIndex === 0);
    event.preventDefault();
    current?.focus();
  }
});

byId("cards").addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card) setCurrent(card);
});
