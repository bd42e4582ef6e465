// A knob: a figure with controls (see pwlib/figures/knobs.py). Its script element has controls,
// panels and layers, and for each setting the places among the pieces of: the sentence and
// the numbers of each layer.
document.addEventListener("DOMContentLoaded", () => {
  const X = Array.from({ length: 801 }, (_, i) => (1 - Math.cos((Math.PI * i) / 800)) / 2);
  const R = 1.7, HALF = 3.5; // a dot's radius and half a triangle, in points
  const INK = "#000000", MUTED = "#999999", EDGE = "#767676";

  const make = (parent, name, attributes) => {
    const svg = parent.namespaceURI.endsWith("svg");
    const node = svg ? document.createElementNS(parent.namespaceURI, name) : document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    return parent.appendChild(node);
  };

  // Text in which $…$ is mathematics: letters slanted, _ and ^ before what stands lower or higher.
  const write = (svg, x, y, text, more = {}) => {
    const node = make(svg, "text", { x, y, "font-size": 9, ...more });
    let [height, mark, group, math] = [0, "", false, false];
    for (const sign of text) {
      if (sign === "$") math = !math;
      else if (math && "_^".includes(sign)) mark = sign;
      else if (math && sign === "{") group = true;
      else if (math && sign === "}") [group, mark] = [false, ""];
      else {
        const wanted = { _: -2, "^": 3.5 }[mark] ?? 0;
        const part = make(node, "tspan", { dy: height - wanted });
        if (mark) part.setAttribute("font-size", 7);
        if (math && /[a-zA-Z]/.test(sign)) part.setAttribute("font-style", "italic");
        part.textContent = sign;
        height = wanted;
        if (!group) mark = "";
      }
    }
  };

  // Clenshaw's sum of a Chebyshev series at u.
  const series = (coefficients, u) => {
    let [next, after] = [0, 0];
    for (let k = coefficients.length - 1; k; k--) [next, after] = [coefficients[k] + 2 * u * next - after, next];
    return coefficients[0] + u * next - after;
  };

  // The path of each kind of layer, and its look; `at` leads from data to the drawing.
  const joined = (points, end = "") =>
    points.length ? `M${points.map((p) => p.map((v) => v.toFixed(2)).join(" ")).join("L")}${end}` : "";
  const each = (draw) => (data, { at }) => data.map((p) => draw(...at(...p))).join("");
  const PATHS = {
    series: (data, { at }) => joined(X.map((x) => at(x, series(data, 2 * x - 1)))),
    line: (data, { at }) => joined(data.map((p) => at(...p))),
    dots: each((x, y) => `M${x - R} ${y}a${R} ${R} 0 1 0 ${2 * R} 0a${R} ${R} 0 1 0 ${-2 * R} 0`),
    triangles: each((x, y) => `M${x - HALF} ${y + HALF}h${2 * HALF}l${-HALF} ${-2 * HALF}z`),
    spans: (data, { at, ylim: [low, high] }) => data.map(([a, b]) =>
      joined([at(a, low), at(a, high), at(b, high), at(b, low)], "z")).join(""),
  };
  const line = ({ colour, size }) => ({ fill: "none", stroke: colour, "stroke-width": size, "stroke-linejoin": "round" });
  const LOOKS = {
    series: line,
    line,
    dots: ({ colour, size, hollow }) => ({ fill: hollow ? "white" : colour, stroke: colour, "stroke-width": size }),
    triangles: ({ colour }) => ({ fill: colour }),
    spans: ({ colour, size }) => ({ fill: colour, "fill-opacity": size, stroke: EDGE, "stroke-width": 0.5 }),
  };

  const scale = (low, high, from, to, bent = (v) => v) => (v) =>
    from + ((bent(v) - bent(low)) / (bent(high) - bent(low))) * (to - from);

  // Draws the axes of a panel; returns what its layers need.
  const axes = (svg, { box: [left, top, right, bottom], xlim, ylim, ...panel }) => {
    const across = scale(...xlim, left, right);
    const up = scale(...ylim, bottom, top, panel.asinh ? Math.asinh : undefined);
    const rule = (d, stroke = INK) => make(svg, "path", { d, stroke, fill: "none", "stroke-width": 0.8 });
    if (ylim[0] < 0) rule(`M${left} ${up(0)}H${right}`, MUTED);
    rule(`M${left} ${top}V${bottom}H${right}`);
    for (const [value, text] of panel.xticks) {
      rule(`M${across(value)} ${bottom}v3.5`);
      write(svg, across(value), bottom + 14, text, { "text-anchor": "middle" });
    }
    for (const [value, text] of panel.yticks) {
      rule(`M${left} ${up(value)}h-3.5`);
      write(svg, left - 7, up(value) + 3.3, text, { "text-anchor": "end" });
    }
    const look = { "font-size": 10, "text-anchor": "middle" };
    const [centre, side, middle] = [(left + right) / 2, left - 34, (top + bottom) / 2];
    write(svg, centre, bottom + 26, panel.xlabel, look);
    write(svg, centre, top - 5, panel.title, look);
    write(svg, side, middle, panel.ylabel, { ...look, transform: `rotate(-90 ${side} ${middle})` });
    return { at: (x, y) => [across(x), up(y)], ylim };
  };

  // Two columns at the foot of a drawing.
  const SAMPLES = { dots: [[9, 0]], triangles: [[9, 0]], spans: [[0, 18]] };
  const legend = (svg, height, layers) => layers.forEach((layer, i) => {
    const rows = Math.ceil(layers.length / 2);
    const [left, middle] = [i % 2 ? 155 : 35, height - 7 - 13 * (rows - 1 - Math.floor(i / 2))];
    const place = { at: (x, y) => [left + x, middle + y], ylim: [-HALF, HALF] };
    const d = SAMPLES[layer.kind] ? PATHS[layer.kind](SAMPLES[layer.kind], place) : `M${left} ${middle}h18`;
    make(svg, "path", { d, ...LOOKS[layer.kind](layer) });
    write(svg, left + 25, middle + 3.3, layer.label);
  });

  const control = (parent, id, { label, texts, start }) => {
    const box = make(parent, "div", { class: "slider" });
    make(box, "label", { for: id }).textContent = label;
    const input = make(box, "input", { id, type: "range", min: 0, max: texts.length - 1, value: start });
    make(box, "span", { "aria-hidden": "true" });
    return input;
  };

  for (const figure of document.querySelectorAll("figure.knobs")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const [turn, svg, output] = [".turn", "svg", "output"].map((name) =>
      figure.querySelector(name));
    const inputs = data.controls.map((one, i) => control(turn, `${figure.id}-${i}`, one));
    svg.setAttribute("font-family", "'DejaVu Sans', Verdana, sans-serif");
    const shades = make(svg, "g", {}); // below the axes
    const panels = data.panels.map((panel) => axes(svg, panel));
    const paths = data.layers.map((layer) =>
      make(layer.kind === "spans" ? shades : svg, "path", LOOKS[layer.kind](layer)));
    legend(svg, svg.viewBox.baseVal.height, data.layers.filter((layer) => layer.label));

    const show = () => {
      const places = inputs.map((input) => Number(input.value));
      const at = places.reduce((sum, place, i) => sum * data.controls[i].texts.length + place, 0);
      const [said, ...shown] = data.frames[at].map((piece) => data.pieces[piece]);
      if (output.textContent !== said) output.textContent = said;
      data.layers.forEach(({ kind, panel }, i) => paths[i].setAttribute("d", PATHS[kind](shown[i], panels[panel])));
      inputs.forEach((input, i) => {
        const text = data.controls[i].texts[places[i]];
        input.setAttribute("aria-valuetext", text);
        input.nextElementSibling.textContent = text;
      });
    };
    figure.addEventListener("input", show);
    show();
    figure.classList.add("ready");
  }
});
