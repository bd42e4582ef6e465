// Figures that a reader plays with (see pwlib/figures/play.py), which has written their controls.
// A figure's data-play names one of the functions below; it is called with the figure's parts and
// returns what to do whenever a control or the width has changed.
"use strict";

(() => {
  const { softmax, network, forward, climbed, ascend, unit, clamp } = perceptron;
  const { BASES, MESH, add, bisect, dot, fit, place, signChanges, solve, sum, value, wrongIntervals } = maxmargin;
  const X = Array.from({ length: MESH + 1 }, (_, i) => place(i));
  const HEIGHT = 210, LEFT = 44, RIGHT = 10, TOP = 26, BOTTOM = 34, ROOM = 8; // of a panel, in pixels
  const MOST = 60; // points to drag
  const highest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const counted = (n, what) => `${n || "no"} ${what}${n === 1 ? "" : "s"}`;
  const percent = (share) => (share > 0 && share < 1e-5 ? "under 0.001%" : `${Number((100 * share).toPrecision(2))}%`);
  const rounded = (value) => (value >= 1e-3 ? value.toPrecision(2) : value.toExponential(1)).replace("e-", "·10^−");

  // Drawing
  const make = (svg, name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    if (text !== undefined) node.textContent = text;
    return svg.appendChild(node);
  };
  const write = (svg, x, y, text, more = {}) =>
    make(svg, "text", { x, y, "font-size": 13, "text-anchor": "middle", ...more }, text);
  const scale = ([low, high], [from, to], bent = (v) => v) => (v) =>
    from + ((bent(v) - bent(low)) / (bent(high) - bent(low))) * (to - from);

  // Calls { down, move, up } with a pointer's place now and before: of the first finger or the left button.
  const pointer = (svg, update, acts) => {
    let last; // while it is down
    Object.entries(acts).forEach(([name, act]) => svg.addEventListener(`pointer${name}`, (event) => {
      if (!event.isPrimary || (!last && (name !== "down" || event.button))) return;
      if (name === "down") svg.setPointerCapture(event.pointerId);
      const before = last;
      last = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      act(last, before ?? last, event);
      update();
    }));
    svg.addEventListener("lostpointercapture", () => { last = undefined; });
  };

  // Empties a drawing and gives it axes; returns how data are drawn into it.
  const panel = (svg, { title, xlim = [0, 1], ylim, yticks, xticks = [xlim[0], (xlim[0] + xlim[1]) / 2, xlim[1]], xlabel = "x", bent }) => {
    const width = Math.max(svg.clientWidth, 240);
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const across = scale(xlim, [LEFT + ROOM, width - RIGHT - ROOM]);
    const up = scale(ylim, [HEIGHT - BOTTOM, TOP], bent);
    const tenth = (value) => Math.round(10 * value) / 10;
    const at = ([x, y]) => `${tenth(across(x))} ${tenth(up(y))}`;
    const path = (d, look) => d && make(svg, "path", { d, fill: "none", ...look });
    const rule = (d) => path(d, { stroke: "#000000", "stroke-width": 0.8 });
    const line = (points, look) => path(`M${points.map(at).join("L")}`, { "stroke-linejoin": "round", ...look });
    const dots = (points, look) => points.forEach(([x, y]) => make(svg, "circle", { cx: across(x), cy: up(y), r: 4, ...look }));
    const span = ([from, to], look) =>
      make(svg, "rect", { x: across(from), y: TOP, width: across(to) - across(from), height: HEIGHT - BOTTOM - TOP, ...look });
    rule(`M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${width - RIGHT}`);
    if (ylim[0] < 0) path(`M${LEFT} ${up(0)}H${width - RIGHT}`, { stroke: "#999999" });
    for (const x of xticks) {
      rule(`M${across(x)} ${HEIGHT - BOTTOM}v4`);
      write(svg, across(x), HEIGHT - BOTTOM + 17, x);
    }
    for (const [y, text] of yticks) {
      rule(`M${LEFT} ${up(y)}h-4`);
      write(svg, LEFT - 7, up(y) + 4.5, text, { "text-anchor": "end" });
    }
    write(svg, across((3 * xlim[1] + xlim[0]) / 4), HEIGHT - BOTTOM + 17, xlabel, { "font-style": "italic" });
    write(svg, width / 2, 14, title);
    return { across, up, line, dots, span };
  };
  const curve = (values) => X.map((x, i) => [x, values[i]]);
  const index = (x) => (MESH * Math.acos(1 - 2 * x)) / Math.PI; // of X

  // Ticks of a scale that is linear near 0 and logarithmic far from it.
  const powers = (limit) => {
    const most = Math.floor(Math.log10(limit)), every = Math.ceil((most + 1) / 3);
    const up = Array.from({ length: most + 1 }, (_, k) => k).filter((k) => k % every === 0);
    const text = (k) => (k < 4 ? `${10 ** k}` : `10${[...`${k}`].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`);
    return [[0, "0"], ...up.flatMap((k) => [[10 ** k, text(k)], [-(10 ** k), `−${text(k)}`]])];
  };

  // The features on the mesh, made once for each basis and degree.
  const tables = {}, table = (basis, n) => (tables[`${basis} ${n}`] ??= X.map((x) => BASES[basis](n, x)));

  // A classifier with all that is shown of it; null where double precision can't tell.
  const classifier = (basis, n, points) => {
    const { w } = fit(basis, n, points) ?? {};
    if (!w) return null;
    const f = (x) => value(w, BASES[basis](n, x));
    const values = table(basis, n).map((row) => value(w, row));
    const changes = signChanges(f, values);
    const wrong = wrongIntervals(f, changes, points);
    const share = sum(wrong.map(([from, to]) => to - from));
    return { values, changes, wrong, share, margin: 1 / Math.sqrt(dot(w, w)) };
  };

  // Grids with their nearest-neighbour labels, without the tie at 1/2.
  const spread = (m, at) => Array.from({ length: m }, (_, j) => [at(j / (m - 1)), Math.sign(2 * j - m + 1)]).filter(([, y]) => y);
  const PRESETS = {
    two: () => [[0, -1], [1, 1]],
    equispaced: (m) => spread(m, (t) => t),
    chebyshev: (m) => spread(m, (t) => Math.sin((Math.PI * t) / 2) ** 2),
  };

  // Points to drag: the maximum-margin classifiers of the labelled points, in each basis.
  const drag = ({ figure, control, svgs, say, settings: { colours, points: first } }) => {
    let [points, chosen, made] = [first, 0, "equispaced"];
    const colour = { 1: colours.positive, "-1": colours.negative };
    const ordered = (list, kept) => {
      points = list.sort(([a], [b]) => a - b);
      chosen = Math.max(points.indexOf(kept), 0);
    };
    const move = (x) => {
      points[chosen][0] = Math.min(Math.max(x, 0), 1);
      ordered(points, points[chosen]);
    };
    const insert = (point) => points.length < MOST && ordered([...points, point], point);
    const ACTIONS = {
      flip: () => { points[chosen][1] *= -1; },
      remove: () => points.length > 1 && ordered(points.filter((_, k) => k !== chosen)),
      add: () => {
        const edges = [0, ...points.map(([x]) => x), 1];
        const gaps = edges.slice(1).map((x, k) => x - edges[k]);
        const k = gaps.indexOf(Math.max(...gaps));
        insert([(edges[k] + edges[k + 1]) / 2, -points[Math.min(k, points.length - 1)][1]]);
      },
    };
    const preset = (name) => {
      made = name === "two" ? made : name;
      ordered(PRESETS[name](Number(control.size.value)));
    };

    const words = (found) =>
      (found ? `${counted(found.changes.length, "sign change")}, ${percent(found.share)} wrong` : "not separable in double precision");
    const show = (svg, basis, found, limit) => {
      const axes = panel(svg, { title: `${basis}: ${words(found)}`, ylim: [-limit, limit], yticks: powers(limit), bent: Math.asinh });
      if (found) {
        found.wrong.forEach((at) => axes.span(at, { fill: colour[at[2]], "fill-opacity": 0.4, class: "wrong" }));
        const line = curve(found.values);
        for (const [from, to, label] of found.wrong) {
          const [first, last] = [Math.ceil(index(from)), Math.floor(index(to))];
          if (last > first) axes.line(line.slice(first, last + 1), { stroke: colour[label], "stroke-width": 8, "stroke-linecap": "round" });
        }
        axes.line(line, { stroke: colours[basis.toLowerCase()], "stroke-width": 1.8, class: "curve" });
        axes.dots(found.changes.map((x) => [x, 0]), { r: 3, fill: "white", stroke: colours.ink, class: "change" });
      }
      const ring = (k) => (k === chosen ? { r: 9, "stroke-width": 2.5 } : { r: 6 });
      points.forEach((at, k) => axes.dots([at], { ...ring(k), fill: colour[at[1]], stroke: colours.ink, class: "point" }));
      svg.spot = axes; // where a pointer looks for points
    };

    const update = () => {
      const n = Number(control.degree.value);
      const shown = svgs.filter((svg) => control[svg.dataset.basis].checked);
      const found = shown.map((svg) => classifier(svg.dataset.basis, n, points));
      const limit = 1.3 * Math.max(1.5, ...found.map((one) => (one ? highest(one.values) : 0)));
      shown.forEach((svg, k) => show(svg, svg.dataset.basis, found[k], limit));
      const [x, y] = points[chosen];
      [control.point.max, control.point.value, control.place.value] = [points.length, chosen + 1, x];
      const turns = points.slice(1).filter(([, label], k) => label !== points[k][1]).length;
      const told = found.map((one, k) => `${shown[k].dataset.basis}: ${words(one)}${one ? `, own margin ${rounded(one.margin)}` : ""}.`);
      say([`${counted(points.length, "point")}${points.length === MOST ? " (no more fit)" : ""}, ${counted(turns, "sign change")} of the labels, degree ${n}.`, ...told,
        `Chosen: point ${chosen + 1} at ${x.toFixed(3)}, label ${y > 0 ? "+" : "−"}.`].join(" "));
      control.point.text(`${chosen + 1} of ${points.length}`);
      control.place.text(x.toFixed(3));
    };

    const CHANGES = {
      point: () => { chosen = control.point.value - 1; },
      place: () => move(Number(control.place.value)),
      size: () => preset(made),
    };
    figure.addEventListener("input", ({ target }) => CHANGES[target.name]?.());
    figure.addEventListener("click", ({ target }) => {
      const name = target.closest("button")?.name;
      (name in PRESETS ? preset : ACTIONS[name])?.(name);
    });

    // By pointer: the nearest point within 22 pixels, 12 of a mouse, is taken, and elsewhere a click adds one.
    for (const svg of svgs) {
      const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
      const x = (at) => (at.x - svg.spot.across(0)) / (svg.spot.across(1) - svg.spot.across(0));
      let pressed, held; // where the pointer went down, and the point that was there
      pointer(svg, update, {
        down: (at, _, { pointerType }) => {
          const distances = points.map(([x, y]) => apart(at, { x: svg.spot.across(x), y: svg.spot.up(y) }));
          const closest = Math.min(...distances), near = closest <= (pointerType === "mouse" ? 12 : 22);
          [pressed, held] = [at, near && points[distances.indexOf(closest)]];
          if (near) chosen = points.indexOf(held);
        },
        move: (at) => {
          if (!points.includes(held)) return;
          chosen = points.indexOf(held);
          move(Number(x(at).toFixed(3)));
        },
        up: (at) => {
          if (held || apart(pressed, at) > 6 || x(at) < 0 || x(at) > 1) return;
          insert([Number(x(at).toFixed(3)), at.y < svg.spot.up(0) ? 1 : -1]);
        },
      });
    }
    return update;
  };

  // Section 6a: the classifier of m points, times the first point u_1 above the middle, and its
  // limit G. By symmetry the upper half of the points and the odd features are enough.
  const odd = (row) => row.filter((_, i) => i % 2);
  const limit = ({ figure, control, svgs: [svg], say, settings: { colours, sizes } }) => {
    const update = () => {
      const [n, m, grid] = [Number(control.degree.value), sizes[control.size.value], control.grid.value];
      const p = Math.floor((n + 1) / 2);
      const upper = PRESETS[grid](m).filter(([, y]) => y > 0);
      const { w } = solve(upper.map(([x]) => odd(BASES.Chebyshev(n, x))));
      const end = w.map((_, i) => (i % 2 ? -1 : 1) / p ** 2);
      const scaled = w.map((weight) => (2 * upper[0][0] - 1) * weight);
      const away = Math.sqrt(sum(scaled.map((weight, i) => (weight - end[i]) ** 2)) * p ** 3);
      const values = (weights) => table("Chebyshev", n).map((row) => value(weights, odd(row)));
      const changes = signChanges((x) => value(w, odd(BASES.Chebyshev(n, x))), values(w)).length - 1;
      const drawn = [end, scaled].map((weights) => curve(values(weights)).slice(MESH / 2));
      const [low, high] = [Math.min, Math.max].map((most) => most(...drawn.flat().map(([, y]) => y)));
      const top = highest(values(end)), colour = colours[grid];
      const ylim = [Math.min(-0.3 * top, low), Math.max(1.3 * top, high)];
      const yticks = [0, top / 2, top].map((y) => [y, y.toFixed(3)]);
      const axes = panel(svg, { title: `n = ${n}, m = ${m}`, xlim: [0.5, 1], ylim, yticks });
      axes.line(drawn[0], { stroke: colours.ink, "stroke-width": 4, "stroke-opacity": 0.35, class: "limit" });
      axes.line(drawn[1], { stroke: colour, "stroke-width": 1.8, class: "curve" });
      axes.dots(upper.map(([x]) => [x, 0]), { r: 2, fill: colour, class: "point" });
      control.size.text(m);
      say(`m = ${m}: ${counted(changes, "spurious sign change")}, margin ${rounded(1 / Math.sqrt(dot(w, w)))}, `
        + `relative distance of u₁ f from its limit G: ${rounded(away)}.`);
    };
    let timer;
    const grow = () => {
      update();
      if (control.size.value === control.size.max) return;
      control.size.stepUp();
      timer = setTimeout(grow, 300);
    };
    figure.addEventListener("input", () => clearTimeout(timer)); // a reader goes on by hand
    figure.querySelector("button").addEventListener("click", () => {
      clearTimeout(timer);
      control.size.value = 0;
      grow();
    });
    return update;
  };

  // Figure 3: the expected loss (12), its maximisers, and the nodes of two grids beside them.
  const nodes = ({ control, svgs: [svg], say, settings: { colours } }) => {
    const range = (n, f) => Array.from({ length: n }, (_, k) => f(k));
    const at = (angle) => (1 - Math.cos(angle)) / 2;
    const update = () => {
      const n = Number(control.degree.value), N = 2 * n + 1;
      const loss = (x) => 1 - sum(BASES.Chebyshev(n, x).map((value) => value ** 2)) / (n + 1);
      const slope = (t) => N * Math.cos(N * t) * Math.sin(t) - Math.sin(N * t) * Math.cos(t);
      const peaks = range(n, (k) => bisect(slope, [((2 * k + 1) * Math.PI) / N, ((2 * k + 2) * Math.PI) / N]));
      const roots = range(n, (k) => ((k + 0.5) * Math.PI) / n), extrema = range(n + 2, (k) => (k * Math.PI) / (n + 1));
      const apart = (t) => Math.min(...peaks.map((peak) => (Math.abs(t - peak) * n) / Math.PI));
      const farthest = (angles) => highest(angles.map(apart)).toFixed(3);
      const rows = { roots: [-0.13, roots, colours.chebyshev], extrema: [-0.26, extrema, "white"] };
      const yticks = [0, 0.2, 0.4, 0.6].map((y) => [y, y]);
      const drawn = panel(svg, { title: `maxima lie near roots and extrema, n = ${n}`, ylim: [-0.36, 0.66], yticks });
      for (const t of peaks) drawn.line([[at(t), loss(at(t))], [at(t), -0.36]], { stroke: colours.hard, "stroke-width": 0.8 });
      drawn.line(X.map((x) => [x, loss(x)]), { stroke: colours.ink, class: "curve" });
      for (const [name, [y, angles, fill]] of Object.entries(rows)) {
        write(svg, LEFT - 3, drawn.up(y) + 4, name, { "text-anchor": "end", "font-size": 10, fill: colours.chebyshev });
        drawn.dots(angles.map((t) => [at(t), y]), { fill, stroke: colours.chebyshev, "stroke-width": 1.5, r: 3 });
      }
      drawn.dots(peaks.map((t) => [at(t), loss(at(t))]), { r: 3, fill: colours.hard, stroke: colours.ink, class: "peak" });
      say(`n = ${n}: ${counted(n, "maximiser")}; every root has one within ${farthest(roots)} of π/n in angle, `
        + `every inner extremum within ${farthest(extrema.slice(1, -1))}.`);
    };
    return update;
  };

  // Section 4c: a digit is pushed, up an objective of a network or as a reader draws it.
  const push = ({ figure, control, svgs: [pushed, drawn, ...bars], say, settings: { colours, networks, digits } }) => {
    const names = Object.keys(networks), nets = names.map((name) => network(networks[name]));
    const images = digits.map(({ pixels }) => Array.from(atob(pixels), (sign) => sign.charCodeAt(0) / 255));
    const own = new Array(784).fill(0);
    const cell = HEIGHT / 28, number = (name) => Number(control[name].value);
    const show = (svg, values) => {
      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${HEIGHT} ${HEIGHT}`);
      values.forEach((v, i) => Math.abs(v) > 0.004 && make(svg, "rect", {
        x: (i % 28) * cell, y: Math.floor(i / 28) * cell, width: cell, height: cell, "fill-opacity": Math.min(Math.abs(v), 1),
        fill: svg === pushed ? "#000000" : v > 0 ? colours.positive : colours.negative,
      }));
      make(svg, "rect", { width: HEIGHT, height: HEIGHT, fill: "none", stroke: "#999999" });
    };
    const update = () => {
      const [k, steps, length, way, of] = [number("digit"), number("steps"), number("length"), control.way.value, number("of")];
      const x = images[k], y = digits[k].label;
      const end = way === "own" ? clamp(add(x, unit(own), steps * length)) : ascend(nets[of], x, y, way, steps, length);
      const values = nets.map((layers) => forward(layers, end));
      const change = add(end, x, -1), top = highest(change) || 1;
      show(pushed, end);
      show(drawn, way === "own" ? own : change.map((v) => v / top));
      const cursor = { x: number("column") * cell, y: number("row") * cell, width: cell, height: cell };
      if (way === "own") make(drawn, "rect", { ...cursor, fill: "none", stroke: colours.ink, "stroke-width": 2 });
      const told = names.map((name, i) => {
        const p = softmax(values[i].at(-1)), answer = p.indexOf(Math.max(...p));
        const said = `${answer} (${(100 * p[answer]).toFixed(0)}%)`;
        const axes = panel(bars[i], { title: `${name}: ${said}`, xlim: [-0.6, 9.6], xticks: p.map((_, j) => j), xlabel: "", ylim: [0, 1], yticks: [[0, "0"], [1, "1"]] });
        p.forEach((v, j) => v > 0.002 && axes.line([[j, 0], [j, v]], { stroke: j === y ? colours.equispaced : colours.chebyshev, "stroke-width": 14 }));
        return `the ${name} says ${said}`;
      });
      const [hard, output, loss] = ["hard", "output", "label"].map((name) => climbed(nets[of], values[of], name, y).value.toFixed(3));
      say(`A ${y}, moved by ${Math.sqrt(dot(change, change)).toFixed(2)}: ${told.join(", ")}. `
        + `Of the ${names[of]}: objective (9) ${hard}, (10) ${output}, margin loss ${loss}.${way === "own" ? ` Brush at column ${control.column.value}, row ${control.row.value}.` : ""}`);
      control.length.text(length.toFixed(1));
      control.digit.text(`${y}`);
    };
    const paint = (...at) => {
      if (!at.every((place) => place >= 0 && place < 28)) return;
      [control.way.value, control.column.value, control.row.value] = ["own", ...at];
      own[28 * at[1] + at[0]] = control.brighter.checked ? -1 : 1;
    };
    [control.column, control.row].forEach((slider) => slider.addEventListener("input", () => { control.way.value = "own"; }));
    const ACTIONS = { paint: () => paint(number("column"), number("row")), clear: () => own.fill(0) };
    figure.addEventListener("click", ({ target }) => ACTIONS[target.name]?.());
    const draw = (now, then) => { // from pixel to pixel: a fast stroke leaves no holes
      const [at, before] = [now, then].map(({ x, y }) => [x, y].map((v) => Math.floor(v / cell)));
      const gap = add(at, before, -1), most = highest(gap) || 1;
      for (let k = 1; k <= most; k++) paint(...add(before, gap, k / most).map(Math.round));
    };
    pointer(drawn, update, { down: draw, move: draw });
    return update;
  };

  // The controls of a figure by name. A slider says its number, or a text that its figure gives it.
  const controls = (figure) => Object.fromEntries([...figure.querySelectorAll("input, select")].map((input) => {
    input.text = (text) => {
      input.setAttribute("aria-valuetext", text);
      input.nextElementSibling.textContent = text;
    };
    return [input.name, input];
  }));

  const PLAYS = { drag, limit, nodes, push };
  document.addEventListener("DOMContentLoaded", () => {
    for (const figure of document.querySelectorAll("figure.play")) {
      const output = figure.querySelector("output"), control = controls(figure);
      const say = (text) => { if (output.textContent !== text) { output.textContent = text; output.style.minHeight = `${output.getBoundingClientRect().height}px`; } };
      const [settings, svgs] = [JSON.parse(figure.dataset.settings), [...figure.querySelectorAll("svg")]];
      const play = PLAYS[figure.dataset.play]({ figure, control, svgs, say, settings });
      const update = () => {
        Object.values(control).forEach((input) => input.type === "range" && input.text(input.value));
        play();
      };
      ["input", "click"].forEach((name) => figure.addEventListener(name, update)); // after the figure's own
      addEventListener("pageshow", update); // a browser that goes back puts controls as they were
      new ResizeObserver(update).observe(figure);
      update();
    }
  });
})();
