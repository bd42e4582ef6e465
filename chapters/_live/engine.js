// The engine behind a chapter that runs in the page: code in, outputs out. Another takes its place
// if it has the same constructor, start, run and stop.
"use strict";

live.Engine = class {
  constructor(base, sizes) {
    Object.assign(this, { base, sizes, blobs: {} });
  }

  // Load what isn't loaded, and start a notebook without names; progress is told the bytes so far.
  async start(progress) {
    this.halt = new AbortController();
    let before = 0;
    for (const [name, size] of Object.entries(this.sizes)) {
      this.blobs[name] ??= await this.#loaded(name, (bytes) => progress(before + bytes));
      this.halt.signal.throwIfAborted();
      progress((before += size));
    }
    if (this.worker) return this.#ask({ fresh: true });
    this.worker = new Worker(URL.createObjectURL(this.blobs["worker.js"]));
    return this.#ask({ parts: this.blobs, fresh: true });
  }

  // Outputs in the form of a notebook's, and the error in one line.
  run(code) {
    return this.#ask({ code });
  }

  // End what runs; the next start has nothing to load.
  stop() {
    this.halt.abort();
    this.worker?.terminate();
    this.worker = null;
    this.answer?.({ outputs: [], stopped: true });
  }

  #ask(message) {
    return new Promise((answer) => {
      this.answer = answer;
      const told = (data) => {
        answer(data);
        if (data.broken) this.stop(); // the next start has a new one
      };
      this.worker.onmessage = ({ data }) => told(data);
      this.worker.onerror = (event) => told({ outputs: [], error: event.message, broken: true });
      this.worker.postMessage(message);
    });
  }

  async #loaded(name, progress) {
    if (location.protocol === "file:") { // where pages may load nothing but scripts
      await live.load(`${name}.js`);
      const text = live.parts[name];
      delete live.parts[name];
      return (await fetch(`data:application/octet-stream;base64,${text}`)).blob();
    }
    const answer = await fetch(this.base + name, { cache: "no-cache", signal: this.halt.signal });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
    const pieces = [];
    let bytes = 0;
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(pieces);
      pieces.push(value);
      progress((bytes += value.length));
    }
  }
};
