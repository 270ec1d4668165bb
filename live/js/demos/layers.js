// Data flowing forward through a 2-3-2 network and gradients flowing back, number by number.
// The arithmetic is that of `mininet.layers` and `mininet.losses.cross_entropy`, for one sample.

import { mount } from './frame.js';
import { element, set, text } from './lib/dom.js';
import { drawing } from './lib/flow.js';
import { softmax } from './lib/maths.js';
import { choice, number, rows } from './lib/state.js';

/** @import { Frame } from './frame.js' */
/** @import { Fields, StateOf } from './lib/state.js' */

/** @typedef {number[]} Vector */
/** @typedef {number[][]} Matrix rows, one for each input */
/** @typedef {{ W1: Matrix, b1: Vector, W2: Matrix, b2: Vector }} Parameters W1 (2, 3), b1 (3), W2 (3, 2), b2 (2) */
/** @typedef {Parameters & { x: Vector, label: number }} Network with its input (2) and the right answer, 0 or 1 */
/** @typedef {ReturnType<typeof forward>} Values */
/** @typedef {ReturnType<typeof backward>} Gradients */
/** @typedef {[name: string, how: string, value: number]} Line of the table */

/**
 * @param {Vector} x
 * @param {Matrix} W
 * @param {Vector} b
 */
const linear = (x, W, b) => b.map((bias, m) => x.reduce((sum, v, d) => sum + v * W[d][m], bias));

/**
 * @param {Vector} x
 * @param {Vector} dz
 */
const outer = (x, dz) => x.map((v) => dz.map((d) => v * d));

/**
 * @param {Vector} dz
 * @param {Matrix} W
 */
const back = (dz, W) => W.map((row) => row.reduce((sum, w, m) => sum + dz[m] * w, 0)); // dz @ W.T

/**
 * What every layer gives, and the loss.
 *
 * @param {Network} net
 */
export function forward({ x, W1, b1, W2, b2, label }) {
  const z = linear(x, W1, b1);
  const a = z.map(Math.tanh);
  const s = linear(a, W2, b2);
  const p = softmax(s);
  const top = Math.max(...s);
  const loss = top - s[label] + Math.log(s.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return { x, z, a, s, p, loss };
}

/**
 * The gradients of the loss by everything; `slope` is the tanh's own.
 *
 * @param {Network} net
 */
export function backward(net) {
  const { x, a, p } = forward(net);
  const ds = p.map((v, i) => v - (i === net.label ? 1 : 0));
  const da = back(ds, net.W2);
  const slope = a.map((v) => 1 - v * v);
  const dz = da.map((d, j) => d * slope[j]);
  return { ds, dW2: outer(a, ds), db2: ds, da, slope, dz, dW1: outer(x, dz), db1: dz, dx: back(dz, net.W1) };
}

/**
 * The parameters after a gradient step.
 *
 * @param {Network} net
 * @param {number} lr the learning rate
 * @returns {Parameters}
 */
export function step(net, lr) {
  const { dW1, db1, dW2, db2 } = backward(net);
  const less = (/** @type {Vector} */ w, /** @type {Vector} */ dw) => w.map((v, i) => v - lr * dw[i]);
  const rows = (/** @type {Matrix} */ W, /** @type {Matrix} */ dW) => W.map((w, d) => less(w, dW[d]));
  return { W1: rows(net.W1, dW1), b1: less(net.b1, db1), W2: rows(net.W2, dW2), b2: less(net.b2, db2) };
}

const INPUT = { min: -2, max: 2, step: 0.1 };
const WEIGHT = { min: -2, max: 2, step: 0.05, limit: 1000 };
const matrix = (/** @type {Matrix} */ start) =>
  rows({ start, columns: start[0].map(() => number(WEIGHT)), least: start.length, most: start.length });

/**
 * The demo's state, as a link carries it. It starts with the chapter's example:
 * mlp([2, 3, 2], np.random.default_rng(4), Tanh), x = (0.5, -1.2), label 1.
 */
export const FIELDS = {
  x0: number({ start: 0.5, ...INPUT }),
  x1: number({ start: -1.2, ...INPUT }),
  label: choice('1', ['0', '1']),
  W1: matrix([
    [0.496111, 0.970687, 0.835597],
    [0.024817, 0.964952, 1.0434],
  ]),
  b1: matrix([[0, 0, 0]]),
  W2: matrix([
    [1.03035, -0.918342],
    [-0.101826, 0.235205],
    [-0.475137, -0.270604],
  ]),
  b2: matrix([[0, 0]]),
  step: number({ start: 0, min: 0, max: 7, step: 1 }),
  lr: number({ start: 0.5, min: 0.1, max: 2, step: 0.1 }),
};

/** @typedef {StateOf<typeof FIELDS>} State */

/**
 * Return the network that a state describes.
 *
 * @param {State} state
 * @returns {Network}
 */
export const network = ({ x0, x1, label, W1, b1, W2, b2 }) => ({
  x: [x0, x1],
  W1,
  b1: b1[0],
  W2,
  b2: b2[0],
  label: Number(label),
});

/**
 * @param {string} name
 * @param {string} how
 * @param {number} value
 * @returns {Line}
 */
const line = (name, how, value) => [name, how, value];
const product = (/** @type {number} */ a, /** @type {number} */ b) => `${bracketed(a)} · ${bracketed(b)}`;
const bracketed = (/** @type {number} */ v) => (v < 0 ? `(${text(v, 2)})` : text(v, 2));

/**
 * What happens in each step, of the network, its values f and its gradients b: the layer's name, a sentence,
 * and every number with how it is computed.
 *
 * @type {{
 *   name: string,
 *   says: (net: Network, f: Values, b: Gradients) => string,
 *   rows: (net: Network, f: Values, b: Gradients) => Line[],
 * }[]}
 */
const STEPS = [
  {
    name: 'the input',
    says: ({ x, label }) =>
      `The input arrives: x = (${text(x[0], 2)}, ${text(x[1], 2)}). The right answer is ` +
      `class ${label}. Press “next” to send x through the first layer.`,
    rows: ({ x }) => x.map((v, d) => [`x[${d}]`, 'given', v]),
  },
  {
    name: 'Linear(2, 3).forward',
    says: () => 'Each z is the sum of both inputs, each times the weight on its line, plus a bias.',
    rows: (net, f) => sums('z', f.z, net.x, net.W1, net.b1),
  },
  {
    name: 'Tanh.forward',
    says: () => 'Each z goes through the tanh alone, and comes out between −1 and 1.',
    rows: (net, f) => f.a.map((v, j) => [`a[${j}]`, `tanh(${text(f.z[j], 2)})`, v]),
  },
  {
    name: 'Linear(3, 2).forward',
    says: () => 'Weighted sums again, with the second layer’s weights: two scores.',
    rows: (net, f) => sums('s', f.s, f.a, net.W2, net.b2),
  },
  {
    name: 'softmax and loss',
    says: ({ label }, f) =>
      `Softmax makes probabilities of the scores. Class ${label} was right and got ` +
      `${text(f.p[label])}; the loss is −log of that, ${text(f.loss)}. Here the way back begins, with p − y.`,
    rows: (net, f, b) => [
      ...f.p.map((v, m) => line(`p[${m}]`, `softmax(s)[${m}]`, v)),
      line('loss', `−log ${text(f.p[net.label])}`, f.loss),
      ...b.ds.map((v, m) => line(`ds[${m}]`, `p − y: ${text(f.p[m], 2)} − ${Number(m === net.label)}`, v)),
    ],
  },
  {
    name: 'Linear(3, 2).backward',
    says: () =>
      'Each weight gets the value at its line’s start times the gradient at its end. And each a gets ' +
      'the gradients at the ends of its lines, times the weights, added up.',
    rows: (net, f, b) => blame('2', 'a', f.a, 's', b.ds, b.dW2, net.W2, b.da),
  },
  {
    name: 'Tanh.backward',
    says: (net, f, b) =>
      'Each gradient is multiplied by the tanh’s own slope, 1 − a². Where a is near 1 or −1, ' +
      `little gets through. Here: × ${b.slope.map((v) => text(v, 2)).join(', × ')}.`,
    rows: (net, f, b) =>
      b.dz.map((v, j) => [`dz[${j}]`, `da · (1 − a²): ${product(b.da[j], b.slope[j])}`, v]),
  },
  {
    name: 'Linear(2, 3).backward',
    says: () =>
      'As in the other Linear. Now every weight knows which way the loss rises; a gradient step moves ' +
      'them all the other way.',
    rows: (net, f, b) => blame('1', 'x', f.x, 'z', b.dz, b.dW1, net.W1, b.dx),
  },
];

/**
 * The lines of a layer forward.
 *
 * @param {string} name
 * @param {Vector} out
 * @param {Vector} x
 * @param {Matrix} W
 * @param {Vector} b
 * @returns {Line[]}
 */
function sums(name, out, x, W, b) {
  return out.map((v, m) => [
    `${name}[${m}]`,
    `${x.map((value, d) => product(value, W[d][m])).join(' + ')} + ${bracketed(b[m])}`,
    v,
  ]);
}

/**
 * The lines of a layer backward.
 *
 * @param {string} layer its number
 * @param {string} below the name of what it gets
 * @param {Vector} x
 * @param {string} above the name of what it gives
 * @param {Vector} dz
 * @param {Matrix} dW
 * @param {Matrix} W
 * @param {Vector} dx
 * @returns {Line[]}
 */
function blame(layer, below, x, above, dz, dW, W, dx) {
  return [
    ...dW.flatMap((row, d) =>
      row.map((v, m) =>
        line(`dW${layer}[${d},${m}]`, `${below}[${d}] · d${above}[${m}]: ${product(x[d], dz[m])}`, v),
      ),
    ),
    ...dz.map((v, m) => line(`db${layer}[${m}]`, `d${above}[${m}]`, v)),
    ...dx.map((v, d) =>
      line(`d${below}[${d}]`, dz.map((value, m) => product(value, W[d][m])).join(' + '), v),
    ),
  ];
}

mount('layers', FIELDS, (frame) => {
  const last = STEPS.length - 1;
  const picture = element('div', { class: 'demo-flowchart' });
  const [numbers, show] = frame.numbers({ loss: 'loss', p: 'p of the right class' });
  const table = element('table', { class: 'demo-table' });
  const go = (/** @type {number} */ by) =>
    frame.set({ step: Math.min(Math.max(frame.state.step + by, 0), last) });
  const previous = frame.button('back', () => go(-1));
  const next = frame.button('next', () => go(1));
  /** @type {number | null} */
  let before = null; // the loss before the last gradient step
  const learn = frame.button('gradient step', () => {
    const net = network(frame.state);
    const { W1, b1, W2, b2 } = step(net, frame.state.lr);
    before = forward(net).loss;
    frame.set({ W1, b1: [b1], W2, b2: [b2], step: 4 });
  });
  next.classList.add('demo-play');
  const weight = weightSlider(frame);
  new ResizeObserver(() => frame.redraw()).observe(frame.box);
  frame.add(
    picture,
    frame.says,
    element(
      'div',
      { class: 'demo-panel' },
      frame.row(previous, next, learn),
      numbers,
      frame.slider('step', 'step', { show: (v) => `${v} of ${last}` }),
      frame.slider('lr', 'learning rate η', { show: (v) => text(v, 1) }),
    ),
    element(
      'div',
      { class: 'demo-panel demo-inputs' },
      frame.slider('x0', 'x[0]', { show: (v) => text(v, 1) }),
      frame.slider('x1', 'x[1]', { show: (v) => text(v, 1) }),
      weight.node,
      frame.choice('label', 'The right answer is', { 0: 'class 0', 1: 'class 1' }),
    ),
    element('div', { class: 'demo-panel demo-sums' }, table),
  );

  return (state) => {
    const net = network(state);
    const f = forward(net);
    const b = backward(net);
    const now = STEPS[state.step];
    previous.disabled = state.step === 0;
    next.disabled = state.step === last;
    learn.disabled = state.step !== last;
    weight.draw(state);
    picture.replaceChildren(drawing(net, f, b, state.step, frame.box.clientWidth >= 560, weight));
    const known = state.step >= 4;
    show({ loss: known ? text(f.loss) : '–', p: known ? text(f.p[net.label]) : '–' });
    fill(table, `${state.step}: ${now.name}`, now.rows(net, f, b));
    const fell = before !== null && state.step === 4 ? `The loss was ${text(before)} before the step. ` : '';
    if (state.step !== 4) before = null;
    frame.say(`${fell}${now.says(net, f, b)}`);
  };
});

/**
 * @param {HTMLTableElement} table
 * @param {string} caption
 * @param {Line[]} lines
 */
function fill(table, caption, lines) {
  const cells = lines.map(([name, how, value]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', {}, how),
      element('td', {}, text(value)),
    ),
  );
  const head = ['', 'computed as', 'is'].map((title) => element('th', { scope: 'col' }, title));
  table.replaceChildren(element('caption', {}, caption), element('tr', {}, ...head), ...cells);
}

/**
 * Any weight or bias, by name, and a slider for it.
 *
 * @param {Frame<typeof FIELDS>} frame
 */
function weightSlider(frame) {
  const parameters = /** @type {const} */ (['W1', 'b1', 'W2', 'b2']).flatMap((field) =>
    frame.state[field].flatMap((row, d) =>
      row.map((_, m) => ({ name: field[0] === 'W' ? `${field}[${d},${m}]` : `${field}[${m}]`, field, d, m })),
    ),
  );
  let chosen = parameters[0];
  const select = element(
    'select',
    { 'aria-label': 'which weight' },
    ...parameters.map(({ name }) => element('option', {}, name)),
  );
  const input = element('input', { type: 'range', ...WEIGHT, 'aria-label': 'its value' });
  const shown = element('output');
  const choose = (/** @type {string} */ name) => {
    chosen = parameters.find((parameter) => parameter.name === name) ?? chosen;
    select.value = name;
    frame.redraw();
  };
  select.addEventListener('change', () => choose(select.value));
  input.addEventListener('input', () => {
    const { field, d, m } = chosen;
    const changed = structuredClone(frame.state[field]);
    changed[d][m] = input.valueAsNumber;
    frame.set({ [field]: changed });
  });
  return {
    choose,
    get chosen() {
      return chosen.name;
    },
    node: element('div', { class: 'demo-slider' }, element('span', {}, 'weight ', select), input, shown),
    draw(/** @type {State} */ state) {
      const value = state[chosen.field][chosen.d][chosen.m];
      input.value = String(value);
      shown.value = text(value, 2);
      set(input, { 'aria-valuetext': shown.value });
    },
  };
}
