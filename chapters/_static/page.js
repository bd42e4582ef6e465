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

// On a phone the cells of tables of long texts stand in one column, each under its head.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table:has(thead)")) {
    if ([...table.querySelectorAll("td")].every((cell) => cell.textContent.length <= 150)) continue;
    table.classList.add("wordy");
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows)
      [...row.cells].forEach((cell, i) => { cell.dataset.head = heads[i]; });
  }
});

// What scrolls sideways can be reached and scrolled by keyboard (the theme sees to code and tables).
const WIDE = ".bd-article :is(div.math, mjx-container[display], figure, dt.sig)";
const reach = (element) => {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
};
document.addEventListener("DOMContentLoaded", () => {
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
  const observe = () => document.querySelectorAll(WIDE).forEach((element) => watch.observe(element));
  observe();
  // Equations come late, and grow inside boxes that keep their width.
  window.MathJax?.startup?.promise.then(() => {
    observe();
    document.querySelectorAll(WIDE).forEach(reach);
  });
});
