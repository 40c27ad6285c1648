// The first screen: a place to drop a sheet, and the campaigns of the folder.
(() => {
"use strict";

const { html, useEffect, useRef, useState, api, classes, plural, Icon } = callsheet;

const KINDS = ".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods,.yaml,.yml,.json";
const TEMPLATE = [
  ["id", "text", "persona", "aspect_ratio", "captions"],
  ["welcome", "Hello! Replace this with your own words.", "Anna", "9:16", "yes"],
  ["offer", "Until Sunday everything in the shop is ten percent off.", "Anna", "9:16 | 1:1", "yes"],
  ["thanks", "Thank you for your order. It leaves our house today.", "Marcus", "16:9", "no"],
];
const COLUMNS = [
  { name: "text", about: "The words to speak", required: true },
  { name: "persona", about: "Who speaks them: a name, or chosen from pictures", required: true },
  { name: "aspect_ratio", about: "9:16, 1:1 or 16:9; several with |", required: true },
  { name: "id", about: "Names the video and its file; it stays the same video when its text is edited" },
  { name: "language, market, …", about: "Columns of your own, for filters and as {{ market }} in texts" },
];

/** @returns {string} The template as CSV. */
function template() {
  return TEMPLATE.map((row) => row.map((cell) => (/[",]/.test(cell) ? `"${cell}"` : cell)).join(",")).join("\r\n") + "\r\n";
}

/** @param {{ studio: Studio, reload: () => void }} props */
function Home({ studio }) {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState(/** @type {any} */ (null));
  /** @param {string} what @param {() => Promise<{ id: string }>} start */
  const open = async (what, start) => {
    setBusy(what);
    setError(null);
    try {
      const { id } = await start();
      callsheet.address.set({ campaign: id, tab: "sheet" });
    } catch (problem) {
      setError(problem);
      setBusy("");
    }
  };
  /** @param {Blob} file @param {string} name */
  const upload = (file, name) => open(`Reading ${name}…`, () => api(`/api/sheets?name=${encodeURIComponent(name)}`, { body: file }));
  return html`<main class="home">
    ${studio.sandbox && html`<${SandboxBanner} reason=${studio.sandbox_reason} />`}
    <section class="start" aria-labelledby="start">
      <h1 id="start">Turn a sheet into videos</h1>
      <div class="start-body"><${Drop} busy=${busy} onFile=${(/** @type {File} */ file) => upload(file, file.name)} />
      <${LinkField} busy=${busy} onAddress=${(/** @type {string} */ address) => open("Reading the sheet…", () => api("/api/sheets", { body: { address } }))} /></div>
      <${callsheet.Problem} error=${error} />
    </section>
    <${Campaigns} studio=${studio} />
    <${Newcomers} isNew=${studio.campaigns.length === 0} onExample=${() => upload(new Blob([template()]), "example.csv")} />
  </main>`;
}

/** @param {{ reason: string | null }} props */
function SandboxBanner({ reason }) {
  return html`<aside class="banner">
    <${Icon} name="info" />
    <div><b>This is the sandbox.</b> An imitation of the provider answers: nothing leaves this computer, and nothing costs credits.
      ${reason === "no_keys"
        ? html` No keys were found. For real videos, set <code>CREATIFY_API_ID</code> and <code>CREATIFY_API_KEY</code> in the environment or in a file <code>.env</code>, and start the studio again.`
        : html` For real videos, start the studio without <code>--sandbox</code>.`}</div>
  </aside>`;
}

/** @param {{ busy: string, onFile: (file: File) => void }} props */
function Drop({ busy, onFile }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [over, setOver] = useState(false);
  useEffect(() => {
    // A file may be dropped anywhere, and never replaces the page.
    /** @param {DragEvent} event */
    const drag = (event) => {
      event.preventDefault();
      setOver(event.type === "dragover");
      const file = event.type === "drop" && event.dataTransfer?.files[0];
      if (file) onFile(file);
    };
    /** @type {("dragover" | "dragleave" | "drop")[]} */
    const kinds = ["dragover", "dragleave", "drop"];
    for (const kind of kinds) addEventListener(kind, drag);
    return () => { for (const kind of kinds) removeEventListener(kind, drag); };
  });
  return html`<div class="drop" data-over=${over}>
    <${Icon} name="sheet" />
    <p class="drop-words">${busy || "Drop a sheet here"}</p>
    <p class="note">CSV, Excel, LibreOffice or YAML. Nothing is made, and the file is not changed.</p>
    <button type="button" class="button primary" disabled=${!!busy} onClick=${() => input.current?.click()}>Choose a file</button>
    <input ref=${input} type="file" accept=${KINDS} class="visually-hidden" tabindex="-1" aria-label="Sheet" onChange=${(/** @type {any} */ event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) onFile(file);
    }} />
  </div>`;
}

/** @param {{ busy: string, onAddress: (address: string) => void }} props */
function LinkField({ busy, onAddress }) {
  const [address, setAddress] = useState("");
  return html`<form class="link-field" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    if (address.trim()) onAddress(address.trim());
  }}>
    <label for="address"><b>Or paste a link to Google Sheets</b></label>
    <input id="address" type="url" placeholder="https://docs.google.com/spreadsheets/d/…" autocomplete="off" value=${address} onInput=${(/** @type {any} */ event) => setAddress(event.target.value)} />
      <button type="submit" class="button" disabled=${!!busy || !address.trim()}>Open</button>
    <p class="note">Share it with “Anyone with the link” as Viewer.</p>
  </form>`;
}

/** @param {{ studio: Studio }} props */
function Campaigns({ studio }) {
  const { campaigns } = studio;
  if (!campaigns.length) return null;
  return html`<section class="campaigns" aria-labelledby="campaigns">
    <header><h2 id="campaigns">Campaigns</h2><span class="note">${plural(campaigns.length, "campaign")} in ${studio.folder}</span></header>
    <ul>${campaigns.map((campaign) => html`<${CampaignRow} key=${campaign.id} campaign=${campaign} />`)}</ul>
  </section>`;
}

/** @param {{ campaign: Campaign }} props */
function CampaignRow({ campaign }) {
  const { counts, credits, error } = campaign;
  const totals = { ...counts, jobs: counts?.total ?? 0 };
  const [word, tone] = error ? ["Has problems", "bad"] : campaign.unopened ? ["Not opened yet", ""] : callsheet.stateWords(campaign.live ? "running" : "idle", totals);
  const hasBegun = !!counts && counts.total > counts.pending + counts.left_out;
  const place = { campaign: campaign.id, tab: hasBegun ? "videos" : "sheet" };
  return html`<li><a class="campaign" href=${callsheet.linkTo(place)}>
    <span class="name"><span><b>${campaign.name}</b>${campaign.sandbox && html` <span class="badge">Sandbox</span>`}</span><span class="note">${campaign.manifest.replace(/^\.\//, "")}</span></span>
    <span class="states"><span class=${classes("badge", tone)}>${campaign.live && html`<i class="pulse"></i>`}${word}</span></span>
    ${error
      ? html`<span class="error"><${callsheet.Words} text=${error} /></span>`
      : html`<span class="made">${hasBegun ? html`<${callsheet.Progress} totals=${totals} isSmall />` : counts && !campaign.unopened && html`<span class="note">${plural(counts.total, "video")} to make</span>`}</span>
        <span class="money numbers">${credits && html`<b>${callsheet.number(credits.spent)}</b> <span class="note">${credits.promised ? `${callsheet.number(credits.promised)} promised` : "credits"}</span>`}</span>`}
    <span class="note changed">${campaign.changed ? callsheet.ago(campaign.changed) : ""}</span>
    <${Icon} name="forward" />
  </a></li>`;
}

/** @param {{ isNew: boolean, onExample: () => void }} props */
function Newcomers({ isNew, onExample }) {
  const download = () => callsheet.download(new Blob([template()], { type: "text/csv" }), "campaign.csv");
  return html`<details class="newcomers" open=${isNew}>
    <summary>What is in a sheet?</summary>
    <div class="newcomers-body">
      <div class="stack">
        <p>One row is one video, and the first row names the columns. Problems are shown in their cells before anything is made.</p>
        <dl>${COLUMNS.map((column) => html`<div key=${column.name}><dt><code>${column.name}</code></dt><dd>${column.about}${column.required && html` <span class="note">(needed)</span>`}</dd></div>`)}</dl>
        <div class="row"><button type="button" class="button" onClick=${download}><${Icon} name="download" />Download a template</button>
          <button type="button" class="button" onClick=${onExample}>Open an example</button></div>
      </div>
      <div class="sheet-picture" aria-hidden="true"><table><tbody>${TEMPLATE.map((row, index) => html`<tr key=${row[0]}><th>${index + 1}</th>${row.slice(1, 4).map((cell) => html`<td key=${cell}>${cell}</td>`)}</tr>`)}</tbody></table></div>
    </div>
  </details>`;
}

callsheet.Home = Home;
})();
