// Starts the page: the review of the data in it, or else the studio.
(() => {
"use strict";

const { html, mount, store } = callsheet;
const element = document.getElementById("data");
if (element) {
  /** @type {PageData} */
  const data = JSON.parse(element.textContent ?? "");
  mount(html`<${callsheet.ReportPage} data=${data} store=${store.readOnly(data)} />`);
} else {
  mount(html`<${callsheet.Studio} />`);
}
})();
