/* Runs before the page is painted: without a choice of their own people get the look of their device. */
(function () {
  "use strict";
  const root = document.documentElement;
  if (root.dataset.theme === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches) {
    root.setAttribute("data-bs-theme", "dark");
  }
})();
