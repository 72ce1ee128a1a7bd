/* What the console does in the browser. Every page works without it. */
"use strict";

document.addEventListener("alpine:init", () => {
  /* Counts what is ticked in a list, and offers the whole filter instead. */
  Alpine.data("picks", () => ({
    count: 0,
    whole: false,
    get none() {
      return this.count === 0 && !this.whole;
    },
    boxes() {
      return Array.from(this.$root.querySelectorAll("input[name=ids]"));
    },
    recount() {
      this.count = this.boxes().filter((box) => box.checked).length;
    },
    all(event) {
      this.boxes().forEach((box) => (box.checked = event.target.checked));
      this.recount();
    },
  }));
  /* Sends a filter form as soon as a choice is made. */
  Alpine.data("filters", () => ({
    send() {
      this.$root.requestSubmit();
    },
  }));
  Alpine.data("copier", () => ({
    done: false,
    copy() {
      navigator.clipboard.writeText(this.$root.dataset.text).then(() => (this.done = true));
    },
  }));
});

/* Takes a suggested value over into the field of the form it stands in. */
document.addEventListener("click", (event) => {
  const chosen = event.target instanceof Element && event.target.closest("button[data-choose]");
  const field = chosen && chosen.form && chosen.form.elements[chosen.dataset.choose];
  if (!field) return;
  field.value = chosen.value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
});

/* A page that learns of a call says so: the label of its own F2 goes while the bar has the key. */
document.addEventListener("htmx:after:swap", () => {
  const bar = document.getElementById("call-bar");
  if (!bar) return;
  document.body.classList.toggle("on-call", bar.querySelector(".on-the-line") !== null);
  document.body.classList.toggle("on-call-key", bar.querySelector("[data-key]") !== null);
});

/* What somebody has typed outlasts a call: then the bar's links open beside the page. */
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("#call-bar a");
  if (!link) return;
  const fields = document.querySelectorAll("#main form[method=post] textarea, #main form[method=post] input[type=text]");
  link.target = Array.from(fields).some((field) => field.value !== "") ? "_blank" : "";
});

/* Closes an open menu by a click beside it; Escape does so too (keys.js). */
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
});
