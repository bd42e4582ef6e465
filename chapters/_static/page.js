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

// On a phone a table that is wider than the page, or has long texts beside each other, is a list.
const name = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  for (const cell of table.querySelectorAll("tbody :is(td, th)")) {
    if (!cell.textContent.trim() || cell.querySelector(".of")) continue;
    const head = heads[cell.cellIndex], of = document.createElement("span");
    of.className = "of";
    of.append(...(head.querySelector("p") ?? head).cloneNode(true).childNodes, ": ");
    cell.prepend(of);
  }
};
const isList = (table) => {
  const cells = [...table.querySelectorAll("td")];
  const line = parseFloat(getComputedStyle(table).lineHeight);
  const high = cells.filter((cell) => cell.clientHeight > 3.9 * line);
  return high.length > 1 || table.getBoundingClientRect().width > table.parentElement.clientWidth + 1;
};
const isShort = (table) => [...table.querySelectorAll("td")].every((cell) => cell.textContent.length < 45);
document.addEventListener("DOMContentLoaded", () => {
  const all = [...document.querySelectorAll(".bd-article table:has(thead):has(tbody)")];
  const list = (tables) => {
    if (innerWidth >= 600) return;
    tables.forEach((table) => { table.classList.remove("listed"); });
    tables.map(isList).forEach((listed, i) => {
      name(tables[i]);
      tables[i].classList.toggle("listed", listed);
      tables[i].classList.toggle("short", isShort(tables[i]));
    });
  };
  (window.MathJax?.startup?.promise ?? Promise.resolve()).then(() => list(all));
  addEventListener("resize", () => list(all));
  // What is folded away has no width until it is opened.
  addEventListener("toggle", (event) => list(all.filter((table) => event.target.contains(table))), true);
});

// On a phone a display that is a little wider than the page is set smaller, with its number.
const SMALLEST = 0.6;
const fitDisplays = () => {
  for (const display of document.querySelectorAll(".bd-article div.math")) {
    display.style.fontSize = "";
    const inner = display.querySelector("mjx-container");
    const share = display.clientWidth / Math.max(display.scrollWidth, inner?.scrollWidth ?? 0);
    if (innerWidth >= 600 || !(share < 1)) continue;
    const now = parseFloat(getComputedStyle(display).fontSize);
    display.style.fontSize = `${now * Math.max(SMALLEST, 0.98 * share)}px`;
  }
};
document.addEventListener("DOMContentLoaded", () => {
  (window.MathJax?.startup?.promise ?? Promise.resolve()).then(fitDisplays);
  addEventListener("resize", fitDisplays);
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
