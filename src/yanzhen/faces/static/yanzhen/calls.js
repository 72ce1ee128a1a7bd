/* One key for the call that popped up: F2 registers, F4 ends it with a reason. The buttons do the same.
   In the form that follows, Ctrl+Enter sends, so that hands stay on the keys from the ring to the case. */
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Enter" && event.ctrlKey) {
    const form = event.target instanceof Element && event.target.closest("form[data-call]");
    if (form) form.requestSubmit();
    return;
  }
  const target = !event.ctrlKey && /^F\d+$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
