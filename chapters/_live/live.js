// A chapter that runs in the reader's page. This script asks for the chapter's cells when its panel
// is opened, and for the engine (engine.js) when the reader presses Run.
"use strict";

window.live = { parts: {} };
{
  const { src, dataset: { chapter } } = document.currentScript, base = new URL(".", src).href;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  live.load = (name) => new Promise((done, fail) => {
    const script = make("script", { src: base + name, onload: done });
    script.onerror = () => fail(new Error(`${name} can't be read`));
    document.head.append(script);
  });

  const places = [...document.querySelectorAll("div.cell")];
  const numbers = [...document.querySelectorAll(".bd-article .pasted-text")];
  const panel = make("details", { className: "live" }, make("summary", { textContent: "Run this chapter in the page" }));
  const status = make("p", { role: "status" }); // is read aloud when it changes
  const bar = make("progress", { max: 1, value: 0, hidden: true, ariaLabel: "Progress" });
  const run = make("button", { textContent: "Run", disabled: true });
  const stop = make("button", { textContent: "Stop", type: "button", disabled: true });
  const back = make("button", { textContent: "Show the book’s outputs", type: "button", disabled: true });
  const form = make("form", { noValidate: true });
  let parameters, glued; // [, name, value, what it is] of each; the names of the numbers in the text
  let engine, undo = [], stopped = false;

  const say = (text, state) => {
    status.textContent = text;
    panel.dataset.state = state;
  };

  // What a reader's outputs stand in for is hidden, and comes back.
  const put = (parent, element, before = null) => {
    parent.insertBefore(element, before);
    undo.push(() => element.remove());
    return element;
  };
  const change = (element, key, value) => {
    const before = element[key];
    element[key] = value;
    undo.push(() => { element[key] = before; });
  };

  const restore = () => {
    undo.reverse().forEach((step) => step());
    undo = [];
    back.disabled = true;
  };

  const drawing = (output) => {
    const svg = output.data["image/svg+xml"], said = new DOMParser().parseFromString(svg, "image/svg+xml");
    const alt = said.getElementsByTagName("dc:description")[0]?.textContent ?? "A figure without a description";
    return { src: `data:image/svg+xml,${encodeURIComponent(svg)}`, alt };
  };

  const told = (value) => (typeof value === "number" ? String(Number(value.toPrecision(6))) : JSON.stringify(value));

  // A claim keeps the book's verdict: the reader sees what was measured here, beside it.
  const measured = ({ measured, agrees, at_recorded: recorded }) => {
    const box = make("div");
    const against = recorded ? `, which ${agrees ? "agrees" : "doesn’t agree"} with the record` : ", at settings other than the recorded ones";
    box.append(make("p", { textContent: `Measured here${against}; the verdict above is the book’s.` }), make("dl"));
    for (const [name, value] of Object.entries(measured)) {
      box.lastChild.append(make("dt", { textContent: name.replaceAll("_", " ") }), make("dd", { textContent: told(value) }));
    }
    return box;
  };

  const element = ({ data = {}, html, text, metadata }) => {
    if (metadata?.pwlib?.claim) return measured(metadata.pwlib);
    if (html) {
      const box = make("div", { innerHTML: html });
      for (const table of box.querySelectorAll("table")) {
        const caption = table.previousElementSibling;
        if (caption?.matches("p:has(> em:only-child)")) {
          table.createCaption().append(...caption.firstChild.childNodes);
          caption.remove();
        }
        table.querySelectorAll("th").forEach((head) => { head.scope = "col"; });
        table.className = "table";
        const wide = make("div", { className: "wide" });
        table.replaceWith(wide);
        wide.append(table);
      }
      return box;
    }
    if (data["image/svg+xml"]) return make("img", { ...drawing({ data }), className: "drawing" });
    if (data["text/latex"]) {
      const tex = data["text/latex"].replace(/^\$+(\\displaystyle)?|\$+$/g, "");
      return make("div", { className: "math", textContent: `\\[${tex}\\]` });
    }
    return make("pre", { textContent: text ?? data["text/plain"] });
  };

  const show = (place, outputs, error, mark) => {
    const played = /class="play"/; // what a reader plays with stays as it is
    const seen = outputs.filter(({ data = {}, metadata }) => !metadata?.scrapbook && !played.test(data["text/html"]));
    if (!seen.length && !error) return;
    const old = place.querySelector(":scope > .cell_output") ?? put(place, make("div", { className: "cell_output" }));
    const figure = old.querySelector("figure:not(.play)"), box = make("div", { className: "yours" });
    for (const child of old.children) {
      if (!child.matches("figure, .claim, .rests-on, :has(.play)")) change(child, "hidden", true);
    }
    for (const output of seen) {
      if (figure && output.data?.["image/svg+xml"]) {
        const [image, dark] = figure.querySelectorAll("img");
        if (dark) change(dark, "hidden", true);
        for (const [key, value] of Object.entries(drawing(output))) change(image, key, value);
        change(figure, "className", `${figure.className} yours`);
      } else box.append(element(output));
    }
    if (error) box.append(make("pre", { className: "error", textContent: error }));
    box.prepend(make("p", { className: "whose", textContent: mark }));
    put(old, box, figure);
    const wide = () => box.querySelectorAll("pre, div.math, .wide").forEach((e) => {
      if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
    });
    (window.MathJax?.startup?.promise ?? Promise.resolve()).then(() => MathJax.typesetPromise([box])).then(wide, wide);
  };

  const paste = (outputs) => {
    for (const { data, metadata } of outputs) {
      const value = metadata?.scrapbook && data[`${metadata.scrapbook.mime_prefix}text/plain`];
      glued.forEach((name, i) => {
        if (!value || name !== metadata.scrapbook.name) return;
        change(numbers[i], "textContent", value.replace(/^(['"])(.*)\1$/s, "$2"));
        change(numbers[i], "className", `${numbers[i].className} yours`);
      });
    }
  };

  const cells = async (typed) => {
    const all = live.chapter.cells.filter(({ kind }) => kind === "code");
    const changed = Object.entries(typed).map(([name, value]) => `${name} = ${value}`);
    const mark = `Yours, ${changed.length ? `with ${changed.join(", ")}` : "with the recorded parameters"}`;
    let place = -1;
    for (const [i, { source, tags }] of all.entries()) {
      const shown = !tags.includes("remove-cell");
      bar.value = i / all.length;
      if (shown) place += 1;
      let answer = await engine.run(source);
      if (tags.includes("parameters") && !answer.error && !stopped && changed.length) {
        answer = await engine.run(`given(${JSON.stringify(typed)})`);
      }
      if (stopped) return say(`Stopped in cell ${i + 1} of ${all.length}. What is marked is yours.`, "stopped");
      paste(answer.outputs);
      if (shown || answer.error) show(places[Math.max(place, 0)], answer.outputs, answer.error, mark);
      panel.dispatchEvent(new CustomEvent("live-cell", { detail: { cell: i, ...answer } }));
      if (answer.error) return say(answer.error, "failed");
    }
    return say(`All ${all.length} cells have run. What is marked is yours; verdicts stay the book’s.`, "done");
  };

  // One button takes the other's place, and the focus.
  const hand = (from, to) => {
    to.disabled = false;
    if (document.activeElement === from) to.focus();
    from.disabled = true;
  };

  const start = async () => {
    const typed = {};
    for (const [, name, value] of parameters) {
      const field = form.elements[name];
      if (field.value.trim() !== value) typed[name] = field.value;
    }
    restore();
    stopped = false;
    hand(run, stop);
    bar.hidden = false;
    say("Loading Python …", "loading");
    try {
      if (!live.Engine) await live.load("engine.js");
      if (stopped) throw new Error();
      engine ??= new live.Engine(base, live.chapter.parts);
      const { error } = await engine.start((bytes) => {
        bar.value = bytes / total();
        if (bar.value === 1) say("Starting Python …", "starting");
      });
      if (error || stopped) throw new Error(error);
      say("Running …", "running");
      await cells(typed);
    } catch (error) {
      if (stopped) say("Stopped before the first cell.", "stopped");
      else say(`Python can’t be started here: ${error.message}`, "failed");
    }
    hand(stop, run);
    [bar.hidden, back.disabled] = [true, !undo.length];
  };

  const total = () => Object.values(live.chapter.parts).reduce((sum, size) => sum + size, 0);

  const open = async () => {
    await live.load(`${chapter}.js`);
    const sources = (wanted) => live.chapter.cells.filter(wanted).map(({ source }) => source).join("\n");
    const given = sources(({ tags }) => tags.includes("parameters"));
    parameters = [...given.matchAll(/^(\w+): [^=]+= (.*?)\s+# (.*)$/gm)];
    glued = [...sources(({ kind }) => kind === "markdown").matchAll(/\{glue:text\}`([^`:]*)/g)].map(([, name]) => name);
    for (const [, name, value, about] of parameters) {
      const field = make("input", { id: `live-${name}`, name, value, autocomplete: "off", spellcheck: false });
      form.append(make("div", {}, make("label", { htmlFor: field.id }, make("code", { textContent: name }), ` ${about}`), field));
    }
    const megabytes = Math.ceil(total() / 1e6);
    form.append(
      make("p", { textContent: `Run loads ${megabytes} MB that lie beside this page, once: a Python that works in your browser and takes about a gigabyte of memory. Nothing is sent anywhere, and what you see changed is yours alone.` }),
      make("p", {}, run, " ", stop, " ", back),
    );
    run.disabled = false;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  stop.addEventListener("click", () => {
    stopped = true;
    engine?.stop();
  });
  back.addEventListener("click", () => {
    restore();
    say("These are the book’s outputs.", "");
  });
  let opening; // once, however often it is opened meanwhile
  panel.addEventListener("toggle", () => {
    if (panel.open) opening ??= open().catch((error) => say(error.message, "failed"));
  });
  panel.append(form, bar, status);
  (document.querySelector(".offers") ?? document.querySelector(".bd-article h1")).after(panel);
}
