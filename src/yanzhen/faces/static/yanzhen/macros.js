/* Expands shortcuts such as /qx in every textarea of the console, and offers reply templates above the reply.
   What they stand for comes filled in from the server, for the case that the page is about. */
"use strict";

(function () {
  const CALL = /(?:^|[^A-Za-z0-9\/:.])(\/[a-z0-9]{1,12})$/i;
  const BLANK = /【[^【】]*】/;
  const main = document.getElementById("main");
  const address = main && main.dataset.wordings;
  if (!address) return;
  let wordings = null;
  let asked = null;

  function read() {
    if (!asked) {
      asked = fetch(address, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : null))
        .then((found) => (wordings = found));
    }
    return asked;
  }

  /* Puts `text` in place of what stands between two positions; the first blank in it is selected. */
  function put(area, text, from, to) {
    area.focus();
    area.setSelectionRange(from, to);
    /* keeps the browser's own undo, which setRangeText does not */
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const blank = BLANK.exec(text);
    if (blank) area.setSelectionRange(from + blank.index, from + blank.index + blank[0].length);
  }

  function offer(area) {
    const select = document.createElement("select");
    select.className = "form-select mb-2";
    select.setAttribute("aria-label", wordings.insert);
    [wordings.insert].concat(wordings.templates.map((template) => template.title)).forEach((title, n) => {
      const option = document.createElement("option");
      option.value = n ? String(n - 1) : "";
      option.textContent = title;
      select.append(option);
    });
    select.addEventListener("change", () => {
      const template = wordings.templates[Number(select.value)];
      if (select.value && template) put(area, template.text, area.selectionStart, area.selectionEnd);
      select.value = "";
    });
    area.before(select);
  }

  const reply = document.querySelector("textarea[name=reply]");
  if (reply) read().then(() => wordings && wordings.templates.length && offer(reply));
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLTextAreaElement) read();
  });
  document.addEventListener("keydown", (event) => {
    const area = event.target;
    if (!wordings || !(area instanceof HTMLTextAreaElement) || event.isComposing) return;
    if ((event.key !== "Tab" && event.key !== " ") || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    if (area.selectionStart !== area.selectionEnd) return;
    const called = CALL.exec(area.value.slice(0, area.selectionStart));
    const text = called && wordings.macros[called[1].toLowerCase()];
    if (!text) return;
    event.preventDefault();
    put(area, text, area.selectionStart - called[1].length, area.selectionStart);
  });
})();
