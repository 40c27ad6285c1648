// A grid of cards of one height. Only the rows in and near the window are in the document, so that thousands of cards
// cost no more than a few.
(() => {
"use strict";

const { html, useEffect, useEvent, useLayoutEffect, useRef, useState } = callsheet;

const GAP = 12;
// Rows above and below the window.
const MARGIN = 2;

/**
 * `render(item, index, isCurrent)` returns the content of a card; its element with the class `open` gets the focus. The
 * arrows, Home and End move between cards; `onKey(item, event)` handles other keys and returns whether it did.
 * @param {{items: {id: string}[], label: string, minWidth: number, height: (width: number) => number, current: string | null,
 *   onCurrent: (id: string) => void, render: (item: any, index: number, isCurrent: boolean) => any,
 *   onKey?: (item: any, event: KeyboardEvent) => boolean, handle?: {current: any}, class?: string}} props
 */
function Grid({ items, label, minWidth, height, current, onCurrent, render, onKey, handle, class: name }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  const [rows, setRows] = useState({ first: 0, last: 3 });
  const [isPrinting, setPrinting] = useState(false);
  const wanted = useRef(/** @type {string | null} */ (null));

  const columns = Math.max(1, Math.floor((width + GAP) / (minWidth + GAP)));
  const cardHeight = Math.round(height((width - GAP * (columns - 1)) / columns));
  const rowHeight = cardHeight + GAP;
  const rowCount = Math.ceil(items.length / columns);

  const measure = () => {
    const box = element.current?.getBoundingClientRect();
    if (!box) return;
    setWidth(box.width);
    const first = Math.max(0, Math.floor(-box.top / rowHeight) - MARGIN);
    const last = Math.floor((innerHeight - box.top) / rowHeight) + MARGIN;
    setRows((before) => (before.first === first && before.last === last ? before : { first, last }));
  };
  const newest = useRef(measure);
  newest.current = measure;
  useLayoutEffect(measure, [rowHeight, columns, items]);
  useEffect(() => {
    const observer = new ResizeObserver(() => newest.current());
    observer.observe(/** @type {Element} */ (element.current));
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  useEvent(window, "scroll", measure);
  useEvent(window, "resize", measure);
  // A print has all cards, at once.
  const print = (/** @type {boolean} */ all) => {
    const before = preact.options.debounceRendering;
    preact.options.debounceRendering = (/** @type {() => void} */ draw) => draw();
    setPrinting(all);
    preact.options.debounceRendering = before;
  };
  useEvent(window, "beforeprint", () => print(true));
  useEvent(window, "afterprint", () => print(false));

  const found = items.findIndex((item) => item.id === current);
  const place = Math.max(0, found);

  /** Moves the focus to the card at `index`, and scrolls only if it is not in view. @param {number} index */
  const focus = (index) => {
    const item = items[index];
    if (!item || !element.current) return;
    const top = element.current.getBoundingClientRect().top + Math.floor(index / columns) * rowHeight;
    const bar = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--bar")) || 0;
    if (top < bar) scrollBy(0, top - bar - GAP);
    else if (top + cardHeight > innerHeight) scrollBy(0, Math.min(top + cardHeight - innerHeight + GAP, top - bar - GAP));
    wanted.current = item.id;
    onCurrent(item.id);
    measure();
    setRows((before) => ({ ...before }));
  };
  if (handle) handle.current = { focus, focusId: (/** @type {string} */ id) => focus(items.findIndex((item) => item.id === id)) };
  useLayoutEffect(() => {
    const card = wanted.current === null ? null : element.current?.querySelector(`[data-id="${CSS.escape(wanted.current)}"] .open`);
    if (!(card instanceof HTMLElement)) return;
    wanted.current = null;
    card.focus({ preventScroll: true });
  });

  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const isHere = event.target instanceof Node && (event.target === document.body || element.current?.contains(event.target));
    if (!isHere || !callsheet.isShortcut(event) || items.length === 0 || document.querySelector("dialog[open]")) return;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: place + 1, ArrowLeft: place - 1, ArrowDown: place + columns, ArrowUp: place - columns, Home: 0, End: items.length - 1 };
    const isBody = event.target === document.body;
    if (isBody && (event.key === "Home" || event.key === "End")) return;
    if (event.key in moves) {
      // The first arrow goes to the current card.
      const target = isBody ? place : Math.max(0, Math.min(items.length - 1, moves[event.key]));
      focus(target);
      event.preventDefault();
    } else if (items[place] && !(isBody && (event.key === " " || event.key === "Enter")) && onKey?.(items[place], event)) {
      event.preventDefault();
    }
  };
  useEvent(document, "keydown", key);

  const first = isPrinting ? 0 : Math.min(rows.first, Math.max(0, rowCount - 1));
  const last = isPrinting ? rowCount : Math.min(rows.last, rowCount - 1);
  const shown = items.slice(first * columns, (last + 1) * columns);
  return html`<div ref=${element} class=${callsheet.classes("grid", name, isPrinting && "printing")}
    style=${isPrinting ? {} : { height: `${Math.max(0, rowCount * rowHeight - GAP)}px` }}>
    <ul class="grid-window" role="list" aria-label=${label} style=${{ transform: isPrinting ? "none" : `translateY(${first * rowHeight}px)`, gap: `${GAP}px`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: isPrinting ? "auto" : `${cardHeight}px` }}>
      ${shown.map((item, offset) => {
        const index = first * columns + offset;
        return html`<li key=${item.id} class="card" data-id=${item.id} aria-posinset=${index + 1} aria-setsize=${items.length} onFocusIn=${() => item.id !== current && onCurrent(item.id)}>${render(item, index, index === place)}</li>`;
      })}
    </ul>
  </div>`;
}

Object.assign(callsheet, { Grid });
})();
