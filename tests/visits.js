// What the tests ask of a page, put into every page before its own scripts.
"use strict";

window.visits = {
  all: (selector) => [...document.querySelectorAll(selector)],

  // An element, for a person who looks for it.
  named: (e) => e.outerHTML.slice(0, 120).replace(/\s+/g, " "),

  ready: async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    await document.fonts.ready;
    const shown = [...document.images].filter((image) => image.checkVisibility()); // others aren't fetched
    await Promise.all(shown.map((image) => image.decode().catch(() => 0)));
  },

  facts: () => {
    const { all, named } = window.visits;
    const ids = all("[id]").map((e) => e.id);
    return {
      equations: all(".math").length,
      punctuated: all(".keep > span.math").length,
      unrendered: all(".math").filter((e) => !e.querySelector("mjx-container")).map(named),
      stops: all("mjx-container[tabindex]")
        .filter((e) => e.scrollWidth <= e.clientWidth)
        .map(named),
      errors: all("mjx-merror, [data-mjx-error]").map(named),
      images: all("img").map((e) => ({
        named: named(e),
        alt: e.getAttribute("alt"),
        hidden: e.getAttribute("aria-hidden") === "true",
        loaded: e.naturalWidth > 0 || !e.checkVisibility(),
      })),
      plays: all("figure.play").length,
      firstFigure: all(".bd-article figure")
        .filter((e) => e.checkVisibility())
        .map((e) => e.getBoundingClientRect().top + scrollY)[0],
      tables: all(".bd-article table").map((e) => ({
        caption: e.caption?.textContent.trim(),
        heads: [...e.tBodies].every((body) => [...body.rows].every((row) => row.querySelector("th"))),
      })),
      boxes: all(".bd-article .admonition").length,
      bytes: ["navigation", "resource"]
        .flatMap((kind) => performance.getEntriesByType(kind))
        .reduce((sum, entry) => sum + entry.transferSize, 0),
      headings: all("h1, h2, h3, h4, h5, h6")
        .filter((e) => e.checkVisibility())
        .map((e) => [Number(e.tagName[1]), e.textContent.trim()]),
      doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
    };
  },

  // What makes the page scroll sideways: not what lies in boxes that scroll or clip themselves.
  sticksOut: () => {
    const { all, named } = window.visits;
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) return [];
    const boxed = (e) => e && (getComputedStyle(e).overflowX !== "visible" || boxed(e.parentElement));
    const out = all("body *").filter(
      (e) => e.getBoundingClientRect().right > width + 1 && !boxed(e.parentElement),
    );
    return ["the page", ...out.slice(0, 3).map(named)];
  },

  // Figures whose smallest text, 9 points by pwlib/figures/style.py, has less than 8.5 pixels.
  tooSmall: async () => {
    // The theme's sidebars glide, and scripts draw anew what has another width then.
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    const { all, named } = window.visits;
    const text = (image) => (12 * image.getBoundingClientRect().width) / image.naturalWidth;
    const figures = all("figure:not(.play) img").filter((image) => image.checkVisibility());
    const scale = ({ a, b }) => Math.hypot(a, b);
    const turned = (word) => parseFloat(getComputedStyle(word).fontSize) * scale(word.getScreenCTM());
    const words = all("figure.play svg text").filter((word) => word.checkVisibility());
    return [
      ...figures.filter((image) => text(image) < 8.5),
      ...words.filter((word) => turned(word) < 8.5),
    ].map(named);
  },

  // Figures and pictures that a reader must scroll sideways to see whole.
  scrolled: () => {
    const { all, named } = window.visits;
    const inner = (e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1;
    return all("figure, figure .seen").filter(inner).map(named);
  },

  // Punctuation that begins a line, behind a formula that ends the one above.
  torn: () => {
    const { all } = window.visits;
    const begins = (text) => {
      const first = document.createRange();
      first.setStart(text, 0);
      first.setEnd(text, 1);
      return first.getBoundingClientRect();
    };
    return all("span.math")
      .filter((e) => e.checkVisibility() && /^[.,;:!?)\]’”%-]/.test(e.nextSibling?.data ?? ""))
      .filter((e) => begins(e.nextSibling).top > [...e.getClientRects()].at(-1).bottom - 2)
      .map((e) => e.parentElement.textContent.slice(0, 60));
  },

  // Displayed equations that are cut at the edge, and have to be scrolled to be read.
  cutDisplays: () => {
    const { all } = window.visits;
    return all(".bd-article mjx-container[display]")
      .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
      .map((e) => e.textContent.slice(0, 60));
  },

  // Formulas that leave their paragraph.
  cut: () => {
    const { all } = window.visits;
    const right = (e) => e.getBoundingClientRect().right;
    return all(":is(p, h1, h2, h3) span.math mjx-math")
      .filter((e) => e.checkVisibility() && right(e) > right(e.closest("p, h1, h2, h3")) + 1)
      .map((e) => e.closest("p, h1, h2, h3").textContent.slice(0, 60));
  },

  // Tables that are wider than the box they lie in.
  wideTables: () => {
    const { all, named } = window.visits;
    const width = (e) => e.getBoundingClientRect().width;
    return all(".bd-article table").filter((e) => width(e) > width(e.parentElement) + 1).map(named);
  },

  // The element with the focus, and whether a line is drawn around it.
  focus: () => {
    const e = document.activeElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(e);
    const line = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    return [window.visits.named(e), line || boxShadow !== "none"];
  },

  // Of the rows of tables, the pieces of code and signatures, and the formulas in lines, leave one
  // of each kind: axe takes minutes for thousands that look the same. The text of code stays.
  thin: () => {
    const seen = new Set();
    for (const row of window.visits.all("tbody tr")) {
      const looks = (e) => `${e.tagName} ${e.className} ${e.getAttributeNames()}`;
      const kind = [row, ...row.querySelectorAll("*")].map(looks).join();
      if (seen.has(kind)) row.remove();
      seen.add(kind);
    }
    for (const e of window.visits.all(":is(pre, dt.sig) :is(span, em), span.math mjx-container")) {
      const kind = [e.closest("pre, dt.sig"), e.parentElement, e].map((e) => `${e?.tagName} ${e?.className}`);
      if (seen.has(kind.join())) e.replaceWith(...(e.closest("pre, dt.sig") ? e.childNodes : []));
      seen.add(kind.join());
    }
  },

  setTheme: (theme) => {
    document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme;
  },
};
