// The sheet of a campaign: its cells with their problems, the mapping of its columns, and pickers.
(() => {
"use strict";

const { html, useEffect, useLayoutEffect, useMemo, useRef, useState, api, address, classes, plural, toast, useEvent, Dialog, Icon } = callsheet;

const ORDER = { problem: 0, suspicion: 1, note: 2 };
const SEVERITIES = { problem: "Problem", suspicion: "Looks unfinished", note: "Note" };
const NUMBER_WIDTH = 60;
/** The part of a row that is not on the screen is not in the document. Returns the rows from first to before last.
 * @param {{ current: HTMLElement | null }} content @param {number} height @param {number} count @returns {[number, number]} */
function useWindow(content, height, count) {
  const [range, setRange] = useState(/** @type {[number, number]} */ ([0, 40]));
  useLayoutEffect(() => {
    const update = () => {
      const top = content.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor((0 - top) / height / 4) * 4 - 4);
      const last = Math.ceil((innerHeight - top) / height / 4) * 4 + 4;
      setRange((range) => (range[0] === first && range[1] === last ? range : [first, last]));
    };
    update();
    document.addEventListener("scroll", update, { capture: true, passive: true });
    addEventListener("resize", update);
    return () => {
      document.removeEventListener("scroll", update, { capture: true });
      removeEventListener("resize", update);
    };
  }, [height, count]);
  return [Math.min(range[0], count), Math.min(range[1], count)];
}

/** @returns {boolean} whether the screen is as narrow as a phone's */
function useNarrow() {
  const query = useMemo(() => matchMedia("(max-width: 40rem)"), []);
  const [isNarrow, setNarrow] = useState(query.matches);
  useEvent(query, "change", () => setNarrow(query.matches));
  return isNarrow;
}

// The provider's personas and voices, fetched once.

/** @type {Record<string, Promise<any[]>>} */
const catalogues = {};
/** @template T @param {"personas" | "voices"} kind @returns {T[] | null} null until it has come */
function useCatalogue(kind) {
  const [all, setAll] = useState(/** @type {any} */ (null));
  useEffect(() => {
    catalogues[kind] ??= api(`/api/${kind}`).then((answer) => answer[kind]);
    catalogues[kind].then(setAll, (error) => {
      delete catalogues[kind];
      setAll([]);
      callsheet.toastError(error);
    });
  }, []);
  return all;
}

/** Returns what a cell calls a persona or a voice: its name if no other has it, else its id.
 * @param {any} one @param {any[]} all */
function nameOf(one, all) {
  const detail = one.scene ?? one.accent;
  const names = [one.name, detail && `${one.name} (${detail})`];
  /** @param {string} name */
  const isUnique = (name) => all.filter((other) => other.name === name || `${other.name} (${other.scene ?? other.accent})` === name).length === 1;
  return names.find((name) => name && isUnique(name)) ?? one.id;
}

/** @param {any[] | null} all @returns {Map<string, any>} by id and by name */
function byName(all) {
  const names = new Map();
  for (const one of all ?? []) {
    for (const name of [one.name, `${one.name} (${one.scene ?? one.accent})`]) names.set(name.toLowerCase(), one);
  }
  for (const one of all ?? []) names.set(one.id, one);
  return names;
}

/** Adds `value` to the list at `key`. @template T @param {Map<string, T[]>} map @param {string} key @param {T} value */
function group(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Returns the sheet without its header and what is above it, and with an empty row at its end to write into.
 * @param {Sheet} sheet @returns {Sheet} */
function withoutHeader(sheet) {
  const last = sheet.rows.at(-1);
  if (sheet.can_edit && last && sheet.kind === "table") sheet = { ...sheet, rows: [...sheet.rows, { row: last.row + 1, cells: [], jobs: [], isNew: true }] };
  const header = !sheet.columns.length ? -1 : sheet.rows.findIndex((row) => row.cells.some(Boolean) && sheet.columns.every((column) => (row.cells[column.index] ?? "") === column.header));
  return header < 0 ? sheet : { ...sheet, rows: sheet.rows.slice(header + 1) };
}

const values = (/** @type {string} */ cell) => cell.split("|").map((value) => value.trim()).filter(Boolean);
const letter = (/** @type {number} */ index) => (index >= 26 ? String.fromCharCode(64 + Math.floor(index / 26)) : "") + String.fromCharCode(65 + (index % 26));

// The tab.

/** @param {{ id: string, version: number }} props */
function SheetTab({ id, version }) {
  const [sheet, setSheet] = useState(/** @type {Sheet | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  // The rows that are shown. They stay while their problems are solved.
  const [only, setOnly] = useState(/** @type {Set<number> | null} */ (null));
  const [active, setActive] = useState({ row: 0, column: 0 });
  const [picker, setPicker] = useState(/** @type {Cell | null} */ (null));
  const saves = useRef({ last: 0, queue: /** @type {Promise<any>} */ (Promise.resolve()), undo: /** @type {Edit[][]} */ ([]) }).current;
  const grid = useRef(/** @type {HTMLElement | null} */ (null));
  const path = `/api/campaigns/${id}/sheet`;
  useEffect(() => {
    const save = saves.last;
    const load = () => { api(path).then((next) => save === saves.last && setSheet(withoutHeader(next)), setError); };
    // A change comes with several events.
    const timer = setTimeout(load, version ? 400 : 0);
    return () => clearTimeout(timer);
  }, [id, version]);

  /** Posts a change, one after the other; only the newest answer is shown.
   * @param {string} what @param {any} body @param {Sheet} [expected] shown until the answer has come */
  const post = (what, body, expected) => {
    saves.last += 1;
    const save = saves.last;
    if (expected) setSheet(expected);
    setError(null);
    saves.queue = saves.queue.then(() => api(`${path}/${what}`, { body })).then(
      (next) => { if (save === saves.last) setSheet(withoutHeader(next)); },
      async (problem) => {
        setError(problem);
        if (save === saves.last) setSheet(await api(path).then(withoutHeader).catch(() => sheet));
      },
    );
  };
  /** @param {Edit[]} edits @param {boolean} [isUndo] */
  const edit = (edits, isUndo) => {
    if (!sheet?.can_edit) return;
    const rows = new Map(sheet.rows.map((row) => [row.row, row]));
    const cell = (/** @type {Edit} */ one) => rows.get(one.row)?.cells[one.column] ?? "";
    const changes = edits.filter((one) => cell(one) !== one.value);
    if (!changes.length) return;
    if (!isUndo) saves.undo.push(changes.map((one) => ({ ...one, value: cell(one) })));
    for (const one of changes) {
      const row = rows.get(one.row);
      if (row) rows.set(one.row, { ...row, isNew: false, cells: sheet.columns.map(({ index }) => (index === one.column ? one.value : row.cells[index] ?? "")) });
    }
    post("cells", { edits: changes }, { ...sheet, edited: true, rows: sheet.rows.map((row) => rows.get(row.row) ?? row) });
    if (changes.length > 1 && !isUndo) toast(`${plural(changes.length, "cell")} changed.`, { label: "Undo", action: undo });
  };
  const undo = () => {
    const last = saves.undo.pop();
    if (last) edit(last, true);
  };
  const index = useMemo(() => problemIndex(sheet), [sheet]);
  const rows = useMemo(() => (sheet?.rows ?? []).filter((row) => !only || only.has(row.row)), [sheet, only]);
  /** Goes to a cell. @param {number | null} number @param {number | null} column */
  const go = (number, column) => {
    const isShown = !only || only.has(number ?? 0);
    if (!isShown) setOnly(null);
    const row = (isShown ? rows : sheet?.rows ?? []).findIndex((row) => row.row === number);
    // What is not below the header is about the header.
    setActive({ row, column: Math.max(0, sheet?.columns.findIndex((one) => one.index === column) ?? 0) });
    grid.current?.focus();
  };
  // A card of the preview leads to its row.
  const wanted = callsheet.useAddress().row;
  useEffect(() => {
    if (!wanted || !sheet) return;
    go(Number(wanted), sheet.columns.find(({ field }) => field === "text")?.index ?? 0);
    address.set({ row: null });
  }, [wanted, !sheet]);

  if (!sheet) return html`<${callsheet.Problem} error=${error} />${!error && html`<p class="note">Reading the sheet…</p>`}`;
  const problems = sheet.problems.filter((one) => one.severity === "problem").length;
  const others = sheet.problems.length - problems;
  const isTable = sheet.kind === "table";
  const body = isTable
    ? html`<${Grid} box=${grid} sheet=${sheet} rows=${rows} index=${index} active=${active} setActive=${setActive} edit=${edit} undo=${undo} pick=${setPicker}
        map=${(/** @type {string} */ field, /** @type {string} */ header) => post("columns", { field, header })} />`
    : html`<${Text} sheet=${sheet} save=${(/** @type {string} */ text) => post("cells", { text })} />`;
  return html`<div class="sheet-tab">
    <div class="sheet-bar">
      <span class="file"><${Icon} name="sheet" /><b>${sheet.name}</b></span>
      <span class="note">${isTable ? plural(sheet.rows.filter((row) => !row.isNew).length, "row") : plural((sheet.text ?? "").split("\n").length, "line")}</span>
      ${sheet.edited && html`<span class="badge" title="Changes are kept in the campaign's folder">Edited copy; the original is untouched</span>`}
      <span class="grow"></span>
      ${isTable && sheet.problems.length > 0 && html`<button type="button" class="chip" aria-pressed=${!!only} onClick=${() => { setOnly(only ? null : new Set(index.rows.keys())); setActive({ row: 0, column: active.column }); }}><${Icon} name="filter" />Only <span class="long">rows with </span>problems or notes</button>`}
      <a class="button" href=${`${path}/download`} download><${Icon} name="download" />Download<span class="long"> sheet</span></a>
    </div>
    <${callsheet.Problem} error=${error} />
    ${isTable && html`<${Missing} sheet=${sheet} map=${(/** @type {string} */ field, /** @type {string} */ header) => post("columns", { field, header })} />`}
    <div class="sheet-body">
      ${body}
      <aside class="sheet-side" aria-label="Cell and problems">
        ${isTable && html`<${Selected} sheet=${sheet} row=${rows[active.row]} column=${sheet.columns[active.column]} index=${index} edit=${edit} pick=${setPicker} />`}
        <section class="problems">
          <h2>${problems ? html`<span data-severity="problem">${plural(problems, "problem")}</span>` : html`<span class="good"><${Icon} name="check" />No problems</span>`}${others > 0 && html`<span class="note">${plural(others, "note")}</span>`}</h2>
          ${!problems && html`<p class="note">The sheet can be made. <a href=${callsheet.linkTo({ campaign: id, tab: "preview" })}>Look at the preview</a>: nothing is paid for yet.</p>`}
          <${ProblemList} sheet=${sheet} go=${isTable ? go : goToLine} />
        </section>
      </aside>
    </div>
    ${picker && html`<${Picker} cell=${picker} sheet=${sheet} edit=${edit} onClose=${() => { setPicker(null); grid.current?.focus({ preventScroll: true }); }} />`}
  </div>`;
}

/** @param {Sheet | null} sheet */
function problemIndex(sheet) {
  /** @type {Map<string, SheetProblem[]>} */
  const cells = new Map();
  /** @type {Map<number, string>} the worst severity of each row */
  const rows = new Map();
  for (const problem of sheet?.problems ?? []) {
    if (problem.row === null) continue;
    group(cells, `${problem.row}:${problem.column ?? ""}`, problem);
    const worst = rows.get(problem.row);
    if (!worst || ORDER[problem.severity] < ORDER[/** @type {"note"} */ (worst)]) rows.set(problem.row, problem.severity);
  }
  return { cells, rows };
}

/** Fields that a sheet needs and for which no column was found.
 * @param {{ sheet: Sheet, map: (field: string, header: string) => void }} props */
function Missing({ sheet, map }) {
  const missing = sheet.fields.filter((field) => field.required && !sheet.columns.some((column) => column.field === field.name));
  if (!missing.length) return null;
  return html`<div class="missing">${missing.map((field) => html`<label key=${field.name}>Which column is the <b>${field.label}</b>?
    <select onChange=${(/** @type {any} */ event) => map(field.name, event.target.value)}>
      <option value="">Choose a column</option>
      ${sheet.columns.filter((column) => column.header).map((column) => html`<option key=${column.index} value=${column.header}>${letter(column.index)}: ${column.header}</option>`)}
    </select></label>`)}</div>`;
}

// The grid.

/** @param {{ box: { current: HTMLElement | null }, sheet: Sheet, rows: SheetRow[], index: any, active: { row: number, column: number }, setActive: any, edit: (edits: Edit[]) => void, undo: () => void, pick: (cell: Cell) => void, map: (field: string, header: string) => void }} props */
function Grid({ box, sheet, rows, index, active, setActive, edit, undo, pick, map }) {
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const height = useNarrow() ? 44 : 34;
  const content = useRef(/** @type {HTMLElement | null} */ (null));
  const [first, last] = useWindow(content, height, rows.length);
  const { columns } = sheet;
  const kinds = useMemo(() => columns.map((column) => sheet.fields.find((field) => field.name === column.field)?.kind ?? "other"), [columns, sheet.fields]);
  const catalogue = useCatalogue("personas");
  const personas = useMemo(() => byName(catalogue), [catalogue]);
  const widths = useMemo(() => columns.map((column, at) => {
    const pictures = kinds[at] === "persona" || kinds[at] === "ratio" ? 30 : 0;
    const lengths = rows.slice(0, 200).map((row) => {
      const cell = row.cells[column.index] ?? "";
      return Math.min(cell.length, 80) * 7.4 + (pictures && pictures * values(cell).length);
    });
    const most = kinds[at] === "text" ? 440 : 260;
    return Math.round(Math.min(most, Math.max(124, column.header.length * 8 + 44, ...lengths.map((length) => length + 24))));
  }), [columns.length, kinds, rows.length]);
  const starts = widths.map((_, at) => NUMBER_WIDTH + widths.slice(0, at).reduce((sum, width) => sum + width, 0));
  const width = NUMBER_WIDTH + widths.reduce((sum, one) => sum + one, 0);
  const template = { gridTemplateColumns: `${NUMBER_WIDTH}px ${widths.map((one) => `${one}px`).join(" ")}` };
  const row = rows[active.row];
  const column = columns[active.column];
  const kind = kinds[active.column];

  useLayoutEffect(() => {
    const element = box.current;
    const header = element?.querySelector(".head-row");
    if (!element || !header) return;
    const top = active.row * height;
    const room = element.clientHeight - header.clientHeight;
    if (active.row >= 0 && top < element.scrollTop) element.scrollTop = top;
    if (top + height > element.scrollTop + room) element.scrollTop = top + height - room;
    const left = starts[active.column] - NUMBER_WIDTH;
    const right = starts[active.column] + widths[active.column];
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (right > element.scrollLeft + element.clientWidth) element.scrollLeft = Math.min(left, right - element.clientWidth);
  }, [active.row, active.column]);

  /** @param {number} down @param {number} right */
  const move = (down, right) => setActive({
    row: Math.max(-1, Math.min(rows.length - 1, active.row + down)),
    column: Math.max(0, Math.min(columns.length - 1, active.column + right)),
  });
  const isWritable = sheet.can_edit && !!row;
  /** @param {string} value */
  const set = (value) => { if (isWritable) edit([{ row: row.row, column: column.index, value }]); };
  /** @param {string} [text] */
  const start = (text) => {
    if (active.row < 0) {
      const select = box.current?.querySelector(`#head-${active.column}`);
      if (select instanceof HTMLSelectElement) { select.focus(); try { select.showPicker(); } catch { /* It has the focus. */ } }
    } else if (isWritable) {
      if (text === undefined && ["persona", "ratio", "voice"].includes(kind)) pick({ row, column, kind });
      else setDraft(text ?? row.cells[column.index] ?? "");
    }
  };
  /** Ends the editing. @param {boolean} keep @param {number} [down] @param {number} [right] */
  const end = (keep, down = 0, right = 0) => {
    if (keep && draft !== null) set(draft);
    setDraft(null);
    move(down, right);
    box.current?.focus({ preventScroll: true });
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.target !== box.current) {
      if (event.key === "Escape") box.current?.focus({ preventScroll: true });
      return;
    }
    const isCommand = event.ctrlKey || event.metaKey;
    const page = Math.floor((box.current?.clientHeight ?? 400) / height) - 2;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowUp: () => move(isCommand ? -rows.length : -1, 0), ArrowDown: () => move(isCommand ? rows.length : 1, 0),
      ArrowLeft: () => move(0, isCommand ? -columns.length : -1), ArrowRight: () => move(0, isCommand ? columns.length : 1),
      PageUp: () => move(-page, 0), PageDown: () => move(page, 0),
      Home: () => move(isCommand ? -rows.length : 0, -columns.length), End: () => move(isCommand ? rows.length : 0, columns.length),
      Enter: () => start(), F2: () => isWritable && setDraft(row.cells[column.index] ?? ""),
      Delete: () => set(""), Backspace: () => set(""),
    };
    if (isCommand && event.key.toLowerCase() === "z") { event.preventDefault(); undo(); return; }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
    else if (event.key.length === 1 && !isCommand && !event.altKey && isWritable) {
      event.preventDefault();
      if (event.key === " " && kind === "flag") set(/^(yes|true|1|x)$/i.test(row.cells[column.index] ?? "") ? "no" : "yes");
      else start(event.key === " " ? undefined : event.key);
    }
  };
  /** @param {ClipboardEvent} event */
  const onPaste = (event) => {
    if (event.target !== box.current || !isWritable) return;
    event.preventDefault();
    const text = (event.clipboardData?.getData("text/plain") ?? "").replace(/\r?\n$/, "");
    const block = text.includes("\t") ? text.split(/\r?\n/).map((line) => line.split("\t")) : [[text]];
    edit(block.flatMap((line, down) => line.flatMap((value, right) => {
      // Rows below the last one are added.
      const place = active.row + down;
      const to = rows[place]?.row ?? (rows.at(-1)?.isNew ? row.row + down : undefined);
      const at = columns[active.column + right];
      return to !== undefined && at ? [{ row: to, column: at.index, value }] : [];
    })));
  };
  /** @param {ClipboardEvent} event */
  const onCopy = (event) => {
    if (event.target !== box.current || !row) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", row.cells[column.index] ?? "");
  };

  return html`<div class="cells" role="grid" tabindex="0" ref=${box} aria-label=${`Sheet ${sheet.name}`} aria-rowcount=${rows.length + 1} aria-colcount=${columns.length + 1}
      aria-readonly=${!sheet.can_edit} aria-activedescendant=${column ? (active.row < 0 ? `header-${active.column}` : `cell-${active.row}-${active.column}`) : undefined} onKeyDown=${onKey} onPaste=${onPaste} onCopy=${onCopy}>
    <div role="rowgroup" class="head-group" style=${{ width }}>
      <div role="row" class="head-row" aria-rowindex="1" style=${template}>
        <div role="columnheader" class="corner"><span class="visually-hidden">Row</span></div>
        ${columns.map((one, at) => html`<${Header} key=${one.index} column=${one} at=${at} isActive=${active.row === -1 && active.column === at} sheet=${sheet} map=${map} />`)}
      </div>
    </div>
    <div role="rowgroup" class="rows" ref=${content} style=${{ height: rows.length * height, width }}>
      ${rows.slice(first, last).map((one, offset) => {
        const at = first + offset;
        return html`<div role="row" class="sheet-row" key=${one.row} aria-rowindex=${at + 2} style=${{ ...template, top: at * height, height }} data-active=${at === active.row}>
          <div role="rowheader" class="row-number" data-severity=${index.rows.get(one.row)} title=${one.isNew ? "Write here to add a row" : undefined}>${one.isNew ? html`<${Icon} name="plus" /><span class="visually-hidden">New row</span>` : one.row}</div>
          ${columns.map((each, right) => html`<${CellView} key=${each.index} id=${`cell-${at}-${right}`} value=${one.cells[each.index] ?? ""} kind=${kinds[right]} personas=${personas}
            problems=${index.cells.get(`${one.row}:${each.index}`)} isActive=${at === active.row && right === active.column}
            onPress=${() => setActive({ row: at, column: right })} onOpen=${() => { setActive({ row: at, column: right }); start(); }}
            editor=${draft !== null && at === active.row && right === active.column && html`<${Editor} value=${draft} onInput=${setDraft} end=${end} />`} />`)}
        </div>`;
      })}
    </div>
    ${rows.length === 0 && html`<p class="no-rows">${sheet.rows.length ? "No row has a problem or a note." : "The sheet has no rows."}</p>`}
  </div>`;
}

/** @param {{ column: SheetColumn, at: number, isActive: boolean, sheet: Sheet, map: (field: string, header: string) => void }} props */
function Header({ column, at, isActive, sheet, map }) {
  /** @param {any} event */
  const choose = (event) => {
    const field = event.target.value;
    if (field) map(field, column.header);
    else if (column.field) map(column.field, "");
  };
  return html`<div role="columnheader" id=${`header-${at}`} class=${classes("header", isActive && "active", !column.field && "own")}>
    <span class="header-name" title=${column.header}><i>${letter(column.index)}</i>${column.header || "(no header)"}${column.language && html` <span class="badge">${column.language}</span>`}</span>
    <select id=${`head-${at}`} tabindex="-1" aria-label=${`${column.header || letter(column.index)} is used as`} value=${column.field ?? ""} onChange=${choose}>
      <option value="">${column.field ? "Not used" : "Your own column"}</option>
      ${sheet.fields.map((field) => html`<option key=${field.name} value=${field.name}>${field.label}</option>`)}
    </select>
  </div>`;
}

/** @param {{ id: string, value: string, kind: string, personas: Map<string, Persona>, problems?: SheetProblem[], isActive: boolean, onPress: () => void, onOpen: () => void, editor: any }} props */
function CellView({ id, value, kind, personas, problems, isActive, onPress, onOpen, editor }) {
  const worst = problems?.reduce((one, other) => (ORDER[other.severity] < ORDER[one.severity] ? other : one));
  return html`<div role="gridcell" id=${id} class=${classes("cell", isActive && "active")} aria-selected=${isActive} data-severity=${worst?.severity} onMouseDown=${onPress} onDblClick=${onOpen}>
    ${editor || html`<${CellContent} value=${value} kind=${kind} personas=${personas} />`}
    ${problems?.map((problem) => html`<span class="visually-hidden">${SEVERITIES[problem.severity]}: ${problem.message}</span>`)}
  </div>`;
}

/** @param {{ value: string, kind: string, personas: Map<string, Persona> }} props */
function CellContent({ value, kind, personas }) {
  if (kind === "persona" && value) {
    return values(value).map((one) => {
      const persona = personas.get(one) ?? personas.get(one.toLowerCase());
      return html`<span class="value" key=${one}>${persona?.picture && html`<img src=${persona.picture} alt="" loading="lazy" />`}<span class="words">${persona?.name ?? one}</span></span>`;
    });
  }
  if (kind === "ratio" && value) {
    return values(value).map((one) => html`<span class="value" key=${one}><${callsheet.RatioShape} ratio=${one} /><span class="words">${one}</span></span>`);
  }
  return html`<span class="words">${value}</span>`;
}

/** @param {{ value: string, onInput: (value: string) => void, end: (keep: boolean, down?: number, right?: number) => void }} props */
function Editor({ value, onInput, end }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const isOver = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(value.length, value.length);
  }, []);
  /** @param {boolean} keep @param {number} [down] @param {number} [right] */
  const close = (keep, down, right) => {
    if (isOver.current) return;
    isOver.current = true;
    end(keep, down, right);
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.altKey && !event.shiftKey) { event.preventDefault(); close(true, 1); }
    else if (event.key === "Tab") { event.preventDefault(); close(true, 0, event.shiftKey ? -1 : 1); }
    else if (event.key === "Escape") { event.preventDefault(); close(false); }
  };
  return html`<textarea ref=${field} class="editor" aria-label="Cell" value=${value} onInput=${(/** @type {any} */ event) => onInput(event.target.value)} onKeyDown=${onKey} onMouseDown=${(/** @type {Event} */ event) => event.stopPropagation()} onBlur=${() => close(true)}></textarea>`;
}

// Beside the grid.

/** The selected cell with all its text and problems.
 * @param {{ sheet: Sheet, row?: SheetRow, column?: SheetColumn, index: any, edit: (edits: Edit[]) => void, pick: (cell: Cell) => void }} props */
function Selected({ sheet, row, column, index, edit, pick }) {
  if (!row || !column) return null;
  const field = sheet.fields.find(({ name }) => name === column.field);
  const value = row.cells[column.index] ?? "";
  /** @type {SheetProblem[]} */
  const problems = [...(index.cells.get(`${row.row}:${column.index}`) ?? []), ...(index.cells.get(`${row.row}:`) ?? [])];
  const canPick = sheet.can_edit && field && ["persona", "ratio", "voice"].includes(field.kind);
  return html`<section class="selected">
    <h2><span class="place">${letter(column.index)}${row.row}</span> ${field?.label ?? column.header}</h2>
    <${Area} key=${`${row.row}:${column.index}:${value}`} value=${value} canEdit=${sheet.can_edit} save=${(/** @type {string} */ text) => edit([{ row: row.row, column: column.index, value: text }])} />
    ${canPick && html`<button type="button" class="button" onClick=${() => pick({ row, column, kind: field.kind })}>Choose ${field.kind === "ratio" ? "a shape" : `a ${field.kind}`}…</button>`}
    ${sheet.can_edit && !row.isNew && html`<button type="button" class="quiet" onClick=${() => edit(sheet.columns.map(({ index }) => ({ row: row.row, column: index, value: "" })))}>Remove row ${row.row}</button>`}
    ${problems.map((problem) => html`<p class="message" data-severity=${problem.severity}><b><${callsheet.Words} text=${problem.message} /></b>${problem.help && html`<span><${callsheet.Words} text=${problem.help} /></span>`}</p>`)}
  </section>`;
}

/** @param {{ value: string, canEdit: boolean, save: (text: string) => void }} props */
function Area({ value, canEdit, save }) {
  const [text, setText] = useState(value);
  return html`<textarea class="area" aria-label="Text of the cell" rows=${Math.min(7, Math.max(1, Math.ceil(value.length / 28)))} readonly=${!canEdit} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    onBlur=${() => text !== value && save(text)} onKeyDown=${(/** @type {any} */ event) => { if (event.key === "Escape") { setText(value); } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); event.target.blur(); } }}></textarea>
    ${canEdit && text !== value && html`<p class="note">Enter keeps it, Escape does not.</p>`}`;
}

/** Problems and notes; those with the same words are one entry with its cells.
 * @param {{ sheet: Sheet, go: (row: number | null, column: number | null) => void }} props */
function ProblemList({ sheet, go }) {
  const [most, setMost] = useState(60);
  const groups = useMemo(() => {
    /** @type {Map<string, SheetProblem[]>} */
    const groups = new Map();
    for (const problem of sheet.problems) group(groups, `${problem.severity} ${problem.message} ${problem.help}`, problem);
    return [...groups.values()].sort(([one], [other]) => ORDER[one.severity] - ORDER[other.severity]);
  }, [sheet.problems]);
  /** @param {SheetProblem} one */
  const place = (one) => (one.row === null ? "" : sheet.kind === "text" ? `line ${one.row}` : one.column === null ? `row ${one.row}` : `${letter(one.column)}${one.row}`);
  return html`<ul class="problem-list">
    ${groups.slice(0, most).map((same) => html`<li key=${same[0].message + same[0].place} class="message" data-severity=${same[0].severity}>
      <b><${callsheet.Words} text=${same[0].message} /></b>${same[0].help && html`<span><${callsheet.Words} text=${same[0].help} /></span>`}
      <span class="places">${same.slice(0, 8).filter((one) => one.row !== null).map((one) => html`<button type="button" class="cell-link" key=${one.place} onClick=${() => go(one.row, one.column)}>${place(one)}</button>`)}
        ${same.length > 8 && html`<span class="note">and ${callsheet.number(same.length - 8)} more</span>`}</span>
    </li>`)}
    ${groups.length > most && html`<li><button type="button" class="quiet" onClick=${() => setMost(most + 200)}>Show more</button></li>`}
  </ul>`;
}

/** @param {number | null} line */
function goToLine(line) {
  const area = document.querySelector(".yaml textarea");
  if (!(area instanceof HTMLTextAreaElement) || line === null) return;
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  area.scrollTop = Math.max(0, (line - 5) * 20);
}

/** A sheet that is a text: YAML.
 * @param {{ sheet: Sheet, save: (text: string) => void }} props */
function Text({ sheet, save }) {
  const [text, setText] = useState(sheet.text ?? "");
  const [top, setTop] = useState(0);
  useEffect(() => setText(sheet.text ?? ""), [sheet.text]);
  const severities = new Map(sheet.problems.filter(({ severity }) => severity !== "note").map((one) => [one.row, one.severity]));
  const isChanged = text !== sheet.text;
  return html`<div class="yaml">
    <div class="yaml-box">
      <div class="gutter" aria-hidden="true"><div style=${{ transform: `translateY(${-top}px)` }}>${text.split("\n").map((_, at) => html`<span data-severity=${severities.get(at + 1)}>${at + 1}</span>`)}</div></div>
      <textarea spellcheck="false" wrap="off" aria-label=${`Text of ${sheet.name}`} readonly=${!sheet.can_edit} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} onScroll=${(/** @type {any} */ event) => setTop(event.target.scrollTop)}></textarea>
    </div>
    ${sheet.can_edit && html`<div class="row"><button type="button" class="button" disabled=${!isChanged} onClick=${() => setText(sheet.text ?? "")}>Discard</button><button type="button" class="button primary" disabled=${!isChanged} onClick=${() => save(text)}>Check and keep</button></div>`}
  </div>`;
}

// The pickers.

/** @param {{ cell: Cell, sheet: Sheet, edit: (edits: Edit[]) => void, onClose: () => void }} props */
function Picker({ cell, sheet, edit, onClose }) {
  const { row, column, kind } = cell;
  // A ratio is written as in the other cells.
  const sign = kind === "ratio" && sheet.rows.some((one) => /\dx\d/.test(one.cells[column.index] ?? "")) ? "x" : ":";
  const ratio = (/** @type {string} */ value) => (kind === "ratio" ? value.replace(/(?<=\d)[x:](?=\d)/, sign) : value);
  const [chosen, setChosen] = useState(values(row.cells[column.index] ?? "").map(ratio).filter((value) => kind !== "ratio" || sheet.ratios.map(ratio).includes(value)));
  const [scope, setScope] = useState("cell");
  const [isSeveral, setSeveral] = useState(chosen.length > 1 || kind === "ratio");
  const empty = sheet.rows.filter((one) => !one.cells[column.index]?.trim() && one.cells.some((value) => value.trim()));
  /** @param {string[]} names */
  const keep = (names) => {
    const targets = scope === "all" ? sheet.rows : scope === "empty" ? [row, ...empty.filter((one) => one.row !== row.row)] : [row];
    edit(targets.map((one) => ({ row: one.row, column: column.index, value: names.join(" | ") })));
    onClose();
  };
  /** @param {string} name */
  const pick = (name) => {
    if (!isSeveral) keep([name]);
    else setChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  };
  const scopes = [["cell", "This cell"], ["empty", `${callsheet.number(empty.length)} empty cells`], ["all", `All ${callsheet.number(sheet.rows.length)} rows`]].filter(([name]) => name !== "empty" || empty.length > 1);
  const Body = { persona: Personas, ratio: Ratios, voice: Voices }[kind] ?? Ratios;
  const footer = html`<div class="segments" role="group" aria-label="Set for">${scopes.map(([name, label]) => html`<button type="button" key=${name} aria-pressed=${scope === name} onClick=${() => setScope(name)}>${label}</button>`)}</div>
    <label class="check"><input type="checkbox" checked=${isSeveral} onChange=${(/** @type {any} */ event) => setSeveral(event.target.checked)} />Several, one video each</label>
    <span class="grow"></span>
    ${isSeveral && html`<button type="button" class="button primary" disabled=${!chosen.length} onClick=${() => keep(chosen)}>Set ${chosen.join(" | ")}</button>`}`;
  return html`<${Dialog} class=${`picker ${kind}-picker`} title=${{ persona: "Choose a persona", ratio: "Choose a shape", voice: "Choose a voice" }[kind]} onClose=${onClose} footer=${footer}>
    <${Body} chosen=${chosen} pick=${pick} ratios=${sheet.ratios.map(ratio)} />
  <//>`;
}

/** Search and filters over a catalogue. @param {any[] | null} all @param {[string, string][]} facets */
function useFilters(all, facets) {
  const [search, setSearch] = useState("");
  const [wanted, setWanted] = useState(/** @type {Record<string, string>} */ ({}));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (all ?? []).filter((one) => {
    const text = Object.values(one).join(" ").toLowerCase();
    return words.every((word) => text.includes(word)) && facets.every(([name]) => !wanted[name] || one[name] === wanted[name]);
  });
  const view = html`<div class="picker-filters">
    <label class="search-field"><${Icon} name="search" /><span class="visually-hidden">Search</span><input type="search" autofocus placeholder="Name or words" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>
    ${facets.map(([name, label]) => {
      const options = [...new Set((all ?? []).map((one) => one[name]).filter(Boolean))].sort();
      return options.length > 1 && html`<select key=${name} aria-label=${label} value=${wanted[name] ?? ""} onChange=${(/** @type {any} */ event) => setWanted({ ...wanted, [name]: event.target.value })}>
        <option value="">${label}: any</option>${options.map((option) => html`<option key=${option} value=${option}>${WORDS[option] ?? option.replaceAll("_", " ")}</option>`)}</select>`;
    })}
    <span class="note" role="status">${all ? `${shown.length} of ${all.length}` : "Asking the provider…"}</span>
  </div>`;
  return { shown, view };
}

/** @type {Record<string, string>} */
const WORDS = { f: "female", m: "male", nb: "non-binary" };

/** @param {{ chosen: string[], pick: (name: string) => void }} props */
function Personas({ chosen, pick }) {
  const all = useCatalogue("personas");
  const { shown, view } = useFilters(all, [["gender", "Gender"], ["age", "Age"], ["style", "Style"], ["location", "Place"]]);
  return html`${view}<div class="personas">${shown.map((/** @type {Persona} */ one) => {
    const name = nameOf(one, all ?? []);
    const isChosen = chosen.includes(one.id) || chosen.includes(name);
    return html`<button type="button" class="persona-card" key=${one.id} aria-pressed=${isChosen} onClick=${() => pick(isChosen && chosen.includes(one.id) ? one.id : name)}>
      ${one.picture ? html`<img src=${one.picture} alt="" loading="lazy" />` : html`<span class="no-picture">${one.name.slice(0, 1)}</span>`}
      <b>${one.name}</b><span class="note">${[one.scene ?? one.location, one.age].filter(Boolean).join(", ").replaceAll("_", " ")}</span>
    </button>`;
  })}</div>`;
}

/** @param {{ chosen: string[], pick: (name: string) => void, ratios: string[] }} props */
function Ratios({ chosen, pick, ratios }) {
  /** @type {Record<string, string>} */
  const uses = { "9:16": "Reels, Stories, TikTok, Shorts", "16:9": "YouTube, web pages, television", "1:1": "Feeds" };
  return html`<div class="ratios">${ratios.map((ratio, at) => html`<button type="button" key=${ratio} autofocus=${at === 0} aria-pressed=${chosen.includes(ratio)} onClick=${() => pick(ratio)}>
    <${callsheet.RatioShape} ratio=${ratio} /><b>${ratio.replace("x", ":")}</b><span class="note">${uses[ratio.replace("x", ":")]}</span></button>`)}</div>`;
}

/** @param {{ chosen: string[], pick: (name: string) => void }} props */
function Voices({ chosen, pick }) {
  const all = useCatalogue("voices");
  const { shown, view } = useFilters(all, [["gender", "Gender"], ["accent", "Accent"]]);
  const [playing, setPlaying] = useState("");
  const audio = useMemo(() => new Audio(), []);
  useEffect(() => () => audio.pause(), []);
  useEvent(audio, "ended", () => setPlaying(""));
  /** @param {Voice} one */
  const play = (one) => {
    if (playing === one.id) { audio.pause(); setPlaying(""); return; }
    audio.src = one.preview ?? "";
    audio.play().then(() => setPlaying(one.id), () => { setPlaying(""); toast("This voice cannot be played here.", { tone: "bad" }); });
  };
  return html`${view}<ul class="voices">${shown.map((/** @type {Voice} */ one) => {
    const name = nameOf(one, all ?? []);
    const isChosen = chosen.includes(one.id) || chosen.includes(name);
    return html`<li key=${one.id}>
      <button type="button" class="icon-button" disabled=${!one.preview} aria-label=${`${playing === one.id ? "Stop" : "Hear"} ${name}`} onClick=${() => play(one)}><${Icon} name=${playing === one.id ? "pause" : "play"} /></button>
      <button type="button" class="voice" aria-pressed=${isChosen} onClick=${() => pick(name)}><b>${one.name}</b><span class="note">${[one.accent, one.gender].filter(Boolean).join(", ")}</span></button>
    </li>`;
  })}</ul>`;
}

Object.assign(callsheet, { SheetTab, group, useWindow, useCatalogue, byName });
})();
