/* What every page of the book needs beside the theme's scripts. */
"use strict";

// From a folder no page can be fetched, so search shows titles without summaries.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol.startsWith("http");

// Paper is white in either theme.
window.addEventListener("beforeprint", () => {
  const theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  window.addEventListener("afterprint", () => { document.documentElement.dataset.theme = theme; }, { once: true });
});

// What scrolls sideways can be reached and scrolled by keyboard (the theme sees to code and tables).
const WIDE = ".bd-article div.math, .bd-article figure, .bd-article dt.sig";
const reach = (element) => {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
};
document.addEventListener("DOMContentLoaded", () => {
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
  document.querySelectorAll(WIDE).forEach((element) => watch.observe(element));
  // Equations grow inside boxes that keep their width.
  window.MathJax?.startup?.promise.then(() => document.querySelectorAll(WIDE).forEach(reach));
});
