// The objectives (9), (10) and the loss of a label, and the ascent on them, of a small network: as
// pwlib.objectives and pwlib.directions.
"use strict";

const perceptron = (() => {
  const { add, dot, sum } = maxmargin;

  // A perceptron with ReLU whose weights are whole numbers of -127 to 127 times a scale.
  const network = (layers) => layers.map(({ weights, scale, bias }) => {
    const bytes = Int8Array.from(atob(weights), (sign) => sign.charCodeAt(0));
    const width = bytes.length / bias.length;
    return { bias, rows: bias.map((_, k) => Float64Array.from(bytes.subarray(k * width, (k + 1) * width), (v) => v * scale)) };
  });
  // The values of all layers: the image, the hidden ones, the features, the logits.
  const forward = (layers, x) => layers.reduce((values, { rows, bias }, k) => {
    const sums = rows.map((row, i) => dot(row, values[k]) + bias[i]);
    return [...values, k < layers.length - 1 ? sums.map((v) => Math.max(v, 0)) : sums];
  }, [x]);
  // From the gradient at layer k back to that at the image.
  const backward = (layers, values, k, gradient) => {
    for (; k > 0; k--) {
      const passed = k < layers.length ? gradient.map((g, i) => (values[k][i] > 0 ? g : 0)) : gradient;
      const next = new Float64Array(values[k - 1].length);
      layers[k - 1].rows.forEach((row, i) => {
        if (passed[i]) row.forEach((weight, j) => { next[j] += passed[i] * weight; });
      });
      gradient = next;
    }
    return gradient;
  };
  const softmax = (z) => {
    const most = Math.max(...z), powers = z.map((v) => Math.exp(v - most)), total = sum(powers);
    return powers.map((v) => v / total);
  };
  const entropy = (z) => {
    const p = softmax(z), logs = p.map((v) => Math.log(Math.max(v, 1e-300))), value = -dot(p, logs);
    return { value, gradient: p.map((v, i) => -v * (logs[i] + value)) };
  };
  // log Σ_{j≠y} exp z_j − z_y, whose gradient points as that of the cross entropy.
  const lead = (z, y) => {
    const others = softmax(z.map((v, j) => (j === y ? -Infinity : v)));
    const most = Math.max(...z.filter((_, j) => j !== y));
    const value = most + Math.log(sum(z.map((v, j) => (j === y ? 0 : Math.exp(v - most))))) - z[y];
    return { value, gradient: others.map((v, j) => v - (j === y)) };
  };
  // What an image climbs: the layer, counted from the end, and the value and gradient there.
  const CLIMBED = { label: [0, lead], output: [0, entropy], hard: [1, entropy] };
  const climbed = (layers, values, name, y) => {
    const [back, objective] = CLIMBED[name], at = layers.length - back;
    return { at, ...objective([...values[at]], y) };
  };
  const unit = (g, length = Math.sqrt(dot(g, g))) => Array.from(g, (v) => (length ? v / length : 0));
  const clamp = (x) => x.map((v) => Math.min(Math.max(v, 0), 1));
  const ascend = (layers, image, y, name, steps, length) => {
    let x = image;
    for (let k = 0; k < steps; k++) {
      const values = forward(layers, x), { at, gradient } = climbed(layers, values, name, y);
      x = clamp(add(x, unit(backward(layers, values, at, gradient)), length));
    }
    return x;
  };

  return { ascend, clamp, climbed, forward, network, softmax, unit };
})();
