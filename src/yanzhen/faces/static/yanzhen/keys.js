/* The keys of the console; the panel that "?" opens lists them (console/_keys.html). Every page works without.
   They are function keys where a sign would do harm when typed, and none of them is one that an input method takes. */
"use strict";

(function () {
  const KEPT = "yanzhen.signs";
  const FIELD = "input:not([type=hidden]):not([type=file]), select, textarea";

  /* Sends the form in which somebody types, as Enter in a line of it would. */
  function send(field) {
    const form = field.closest("#main form[method=post]");
    const button = form && form.querySelector("button:not([type=button])");
    if (button) form.requestSubmit(button);
  }

  /* To what the page is for: the first row of a list, the first step of a case. */
  function start() {
    const first = document.querySelector(
      "[data-start] a[href], [data-start] button, [data-start] input:not([type=hidden]):not([type=checkbox])",
    );
    if (first) first.focus();
  }

  function closeMenus() {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      const inside = menu.contains(document.activeElement);
      menu.removeAttribute("open");
      if (inside) menu.querySelector("summary").focus();
    });
  }

  function help() {
    const panel = document.getElementById("keys");
    panel.toggleAttribute("open");
    if (panel.open) panel.querySelector("summary").focus();
  }

  function search() {
    const field = document.querySelector("input[name=q]") || document.querySelector("header input[name=number]");
    if (field) field.focus();
  }

  const NAMED = { F9: start, Escape: closeMenus };
  const SIGNS = { "/": search, "?": help };

  /* Who speaks to the computer types signs by accident: they can be switched off, in this browser. */
  const signs = document.getElementById("keys-signs");
  if (signs) {
    signs.checked = localStorage.getItem(KEPT) !== "off";
    signs.addEventListener("change", () => localStorage.setItem(KEPT, signs.checked ? "on" : "off"));
  }

  /* A caller on the line comes before the page: what is written down now is told by them, and an empty form, or that of
     another call, would leave their number out or take a wrong one. The page has its key again when they hang up. */
  function marked(key) {
    if (!/^F\d+$/.test(key)) return null;
    const [own, page] = [`#call-bar [data-key="${key}"]`, `[data-key="${key}"]`];
    const target = document.querySelector(own) || document.querySelector(page);
    return target ? () => target.click() : null;
  }

  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.isComposing || event.metaKey || event.altKey || event.repeat) return;
    const typing = at.closest("input:not([type=checkbox]), textarea, select");
    if (event.ctrlKey) {
      if (event.key === "Enter" && typing) send(at);
      return;
    }
    const act = NAMED[event.key] || marked(event.key) || (!typing && signs && signs.checked && SIGNS[event.key]);
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
  });

  /* A page that is one form begins in its first field, or in the first that was filled in wrongly. */
  const form = document.querySelector("form[data-begin]");
  const wrong = form && form.querySelector(".field-error");
  const place = wrong ? wrong.closest(".field") : form && !form.querySelector("[autofocus]") ? form : null;
  const field = place && (place.querySelector(FIELD) || place.querySelector("button"));
  if (field) field.focus();
})();
