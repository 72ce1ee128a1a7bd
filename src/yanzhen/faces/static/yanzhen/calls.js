/* One key for the call that popped up: F2 registers, F4 ends it with a reason. The buttons do the same. */
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = /^F\d+$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
