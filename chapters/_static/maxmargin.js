// Maximum-margin classifiers on polynomials of degree n, hard margin, no bias: as pwlib.maxmargin.
// A page loads this as a script, and Node as a module.
"use strict";

const maxmargin = (() => {
  const EPS = 2 ** -52;
  const RESOLVED = 1e-5; // the largest error of a margin that is still called resolved
  const dot = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const add = (a, b, factor = 1) => a.map((value, i) => value + factor * b[i]);
  const combine = (vectors, weights) => vectors.reduce((all, v, k) => add(all, v, weights[k]), vectors[0].map(() => 0));

  // The n + 1 features at x: equation (3); T*_0, …, T*_n; and Legendre's, orthonormal on [0, 1].
  const bernstein = (n, x) => {
    const row = [1, ...new Array(n).fill(0)];
    for (let degree = 1; degree <= n; degree++)
      for (let i = degree; i >= 0; i--) row[i] = (1 - x) * row[i] + (i && x * row[i - 1]);
    return row;
  };
  const recurrence = (next) => (n, x) => {
    const row = [1, 2 * x - 1];
    for (let k = 1; k < n; k++) row.push(next(k, (2 * x - 1) * row[k], row[k - 1]));
    return row.slice(0, n + 1);
  };
  const chebyshev = recurrence((k, moved, before) => 2 * moved - before);
  const usual = recurrence((k, moved, before) => ((2 * k + 1) * moved - k * before) / (k + 1));
  const legendre = (n, x) => usual(n, x).map((value, k) => Math.sqrt(2 * k + 1) * value);
  const BASES = { Bernstein: bernstein, Chebyshev: chebyshev, Legendre: legendre };

  // The rows' QR decomposition by Gram and Schmidt, each row taken through twice.
  const project = (q, vector) => {
    let rest = vector;
    const parts = q.map(() => 0);
    for (const _ of [1, 2])
      q.forEach((unit, k) => {
        const part = dot(unit, rest);
        parts[k] += part;
        rest = add(rest, unit, -part);
      });
    return { parts, rest, length: Math.sqrt(dot(rest, rest)) };
  };
  const append = ({ q, r }, { parts, rest, length }) => ({ // row k = Σ_i r[k][i] q[i]
    q: [...q, rest.map((value) => value / length)],
    r: [...r, [...parts, length]],
  });
  const decompose = (rows) => rows.reduce((qr, row) => append(qr, project(qr.q, row)), { q: [], r: [] });
  const forward = (r, right) => { // Σ_i r[k][i] y_i = right_k
    const y = [];
    right.forEach((value, k) => y.push((value - dot(y, r[k])) / r[k][k]));
    return y;
  };
  const backward = (r, right) => { // Σ_k r[k][i] y_k = right_i
    const y = [...right];
    for (let k = y.length - 1; k >= 0; k--) {
      y[k] /= r[k][k];
      for (let i = 0; i < k; i++) y[i] -= r[k][i] * y[k];
    }
    return y;
  };

  // The shortest w with row · w = 1 for all rows, and λ with w = Σ λ_k row_k, refined once.
  const leastNorm = (rows, { q, r }) => {
    const y = forward(r, rows.map(() => 1));
    const first = combine(q, y);
    const change = forward(r, rows.map((row) => 1 - dot(row, first)));
    return { w: add(first, combine(q, change)), lambda: backward(r, add(y, change)) };
  };

  // The dual method of Goldfarb and Idnani (1983): minimise |w|²/2 subject to row · w >= 1, where
  // the rows are y_i φ(x_i). From w = 0 on it takes in the most violated row; a row whose multiplier
  // would change sign on the way leaves. Returns w, the support and the count of steps, or null
  // where rounding decides.
  const solve = (rows) => {
    const cap = 20 * (rows.length + rows[0].length);
    const lengths = rows.map((row) => Math.sqrt(dot(row, row)));
    let [active, lambda, w, qr, steps] = [[], [], rows[0].map(() => 0), { q: [], r: [] }, 0];
    for (;;) {
      const size = Math.sqrt(dot(w, w));
      const error = (i) => 8 * EPS * lengths[i] * size;
      const excess = rows.map((row, i) => (active.includes(i) ? 0 : dot(row, w) - 1 + error(i)));
      const entering = excess.indexOf(Math.min(...excess));
      if (excess[entering] >= 0) return { w, support: active, steps };
      if (error(entering) > RESOLVED) return null;
      for (let taken = false; !taken; ) {
        if (++steps > cap) throw new Error(`no active set found in ${cap} steps`);
        const row = rows[entering], rest = project(qr.q, row);
        const share = backward(qr.r, rest.parts);
        const ratio = share.map((value, k) => (value > 0 ? lambda[k] / value : Infinity));
        const shortest = Math.min(...ratio, Infinity);
        const independent = active.length < row.length && rest.length > 16 * EPS * lengths[entering];
        const full = independent ? (1 - dot(row, w)) / rest.length ** 2 : Infinity;
        const step = Math.min(shortest, full);
        if (step === Infinity) return null;
        lambda = add(lambda, share, -step);
        if (independent) w = add(w, rest.rest, step);
        taken = step === full;
        if (taken) {
          active = [...active, entering];
          qr = append(qr, rest);
          ({ w, lambda } = leastNorm(active.map((i) => rows[i]), qr));
        } else {
          const leaving = ratio.indexOf(shortest);
          [active, lambda] = [active, lambda].map((list) => list.filter((_, k) => k !== leaving));
          qr = decompose(active.map((i) => rows[i]));
        }
      }
    }
  };

  // The classifier of points [x, y], y = ±1, in a basis: as `solve`, or null.
  const fit = (basis, n, points) => solve(points.map(([x, y]) => BASES[basis](n, x).map((value) => y * value)));

  const bisect = (f, [low, high]) => {
    const sign = Math.sign(f(low));
    for (let i = 0; i < 34; i++) {
      const middle = (low + high) / 2;
      if (Math.sign(f(middle)) === sign) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };

  // x of an even mesh of the angle, real i from 0 to MESH.
  const MESH = 800;
  const place = (i) => (1 - Math.cos((Math.PI * i) / MESH)) / 2;

  // w · φ(x), or 0 where rounding decides its sign.
  const value = (w, features) => {
    let [sum, size] = [0, 0];
    features.forEach((feature, i) => {
      sum += w[i] * feature;
      size += Math.abs(w[i] * feature);
    });
    return Math.abs(sum) > 8 * EPS * size ? sum : 0;
  };

  // Where f changes sign in (0, 1), ascending, from its values on the mesh, and from its extrema
  // between, where two changes may hide.
  const signChanges = (f, values) => {
    const seen = [];
    values.forEach((middle, i) => {
      const [left, right] = [values[i - 1] ?? middle, values[i + 1] ?? middle];
      seen.push([place(i), middle]);
      const bend = left - 2 * middle + right;
      if (middle * bend > 0 && Math.abs(middle) <= Math.min(Math.abs(left), Math.abs(right))) {
        const x = place(i + (left - right) / 2 / bend);
        seen.push([x, f(x)]);
      }
    });
    const signed = seen.filter(([, y]) => y).sort(([a], [b]) => a - b);
    const opposite = ([, y], k) => k && y * signed[k - 1][1] < 0;
    return signed.flatMap((at, k) => (opposite(at, k) ? [bisect(f, [signed[k - 1][0], at[0]])] : []));
  };

  // The label of the nearest training point.
  const nearest = (points, x) =>
    points.reduce((best, at) => (Math.abs(at[0] - x) < Math.abs(best[0] - x) ? at : best))[1];

  // The intervals [from, to, label given] of [0, 1] where the sign isn't the nearest point's label.
  const wrongIntervals = (f, changes, points) => {
    const sorted = [...points].sort(([a], [b]) => a - b);
    const middles = sorted.slice(1).map(([x], k) => (x + sorted[k][0]) / 2);
    const edges = [0, ...changes, ...middles, 1].sort((a, b) => a - b);
    const spans = edges.slice(1).map((to, k) => [edges[k], to, Math.sign(f((edges[k] + to) / 2))]);
    return spans.filter(([from, to, sign]) => to - from > 1e-9 && sign && sign !== nearest(points, (from + to) / 2));
  };

  return { BASES, MESH, add, bisect, dot, fit, place, signChanges, solve, sum, value, wrongIntervals };
})();

if (typeof module !== "undefined") module.exports = maxmargin;
