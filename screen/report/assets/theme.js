"use strict";
// Before anything is painted: the theme that was chosen last, where the browser remembers it.
try {
  const chosen = localStorage.getItem("screen-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* a browser may refuse storage to files */ }
