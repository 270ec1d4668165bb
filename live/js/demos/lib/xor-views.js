// What the demo "xor" shows of one network: its two spaces, its nine weights, its loss so far.

import { element, set, svg, text } from './dom.js';
import { lever } from './lever.js';
import { Plane } from './plane.js';
import { ACTIVATIONS, EPOCHS, POINTS, TARGETS, hidden, lossOf, lossOfAlike, score } from './xor-net.js';

/** @import { Host } from '../frame.js' */
/** @import { Limits, Place } from './plane.js' */
/** @import { Activation, Ending, Loss, Network } from './xor-net.js' */

/** @typedef {keyof typeof ACTIVATIONS} ActivationName */
/** @typedef {ReturnType<typeof lever>} DrawLever */
/** @typedef {{ plane: Plane, grid: SVGPathElement, lever: DrawLever, points: SVGGElement }} HiddenSpace */
/** @typedef {(weights: Record<number, number>) => void} Changed is told the weights that were moved, by index. */

const SIZE = 330; // of a space, in drawing units
const SHEET = [-0.25, 1.25]; // how far the grid reaches, as in the chapter's pictures
const LINES = 7; // of the grid in each direction
const ALONG = 30; // pieces of a line
const NEAR = 0.035; // points nearer than this part of a picture share one name

/**
 * Rows of those places that lie within `near` of one another, in each direction.
 *
 * @param {Place[]} places
 * @param {number} near
 */
export function groups(places, near) {
  /** @type {number[][]} */
  const found = [];
  places.forEach(([x, y], row) => {
    const group = found.find(
      ([first]) => Math.abs(places[first][0] - x) <= near && Math.abs(places[first][1] - y) <= near,
    );
    if (group) group.push(row);
    else found.push([row]);
  });
  return found;
}

/**
 * The limits of the hidden space: for ReLU, which has none, the smallest of a few sizes that holds the points.
 *
 * @param {ActivationName} name
 * @param {Place[]} places
 * @returns {Limits}
 */
export function limitsOf(name, places) {
  if (name === 'sigmoid') return [-0.15, 1.15];
  if (name === 'tanh') return [-1.3, 1.3];
  const largest = Math.max(...places.flat());
  let size = 1.5;
  while (1.1 * largest > size && size < 1e6) size *= 2;
  return [-0.2 * size, size];
}

/** The input space and the hidden space side by side, each with its lines to push. */
export class Spaces {
  #host;
  #changed;
  #input;
  #inputPoints;
  #levers;
  #right = element('div', { class: 'demo-space' });
  /** @type {HiddenSpace | undefined} */
  #hidden;

  /**
   * @param {Host} host
   * @param {Changed} changed
   */
  constructor(host, changed) {
    this.#host = host;
    this.#changed = changed;
    this.#input = this.#plane(
      [-0.5, 1.5],
      ['x₁', 'x₂'],
      'The input space: the four points, where the network says yes, and the lines of the two hidden units',
    );
    const grid = svg('path', { class: 'demo-grid' });
    this.#input.lines.append(grid);
    set(grid, { d: sheet(this.#input, (x1, x2) => [x1, x2]) });
    this.#levers = [0, 1].map((unit) =>
      lever(this.#input, {
        name: `line of hidden unit ${unit + 1}`,
        look: `demo-unit-${unit + 1}`,
        changed: ([w1, w2, b]) => changed({ [unit]: w1, [2 + unit]: w2, [4 + unit]: b }),
      }),
    );
    this.#inputPoints = layer(this.#input);
    this.node = element(
      'div',
      { class: 'demo-spaces' },
      element('div', { class: 'demo-space' }, title('the input space'), this.#input.node),
      this.#right,
    );
  }

  /**
   * @param {Network} net
   * @param {ActivationName} name
   */
  draw(net, name) {
    const activation = ACTIVATIONS[name];
    const places = POINTS.map(([x1, x2]) => hidden(net, x1, x2, activation));
    const output = this.#fit(limitsOf(name, places));
    this.#input.shade((x1, x2) => score(net, x1, x2, activation));
    output.plane.shade((a1, a2) => net[6] * a1 + net[7] * a2 + net[8]);
    set(output.grid, { d: sheet(output.plane, (x1, x2) => hidden(net, x1, x2, activation)) });
    this.#levers.forEach((draw, unit) => draw([net[unit], net[2 + unit], net[4 + unit]]));
    output.lever([net[6], net[7], net[8]]);
    fill(this.#inputPoints, this.#input, POINTS);
    fill(output.points, output.plane, places);
  }

  /**
   * The hidden space with these limits. Axes belong to a plane for good: other limits need another plane.
   *
   * @param {Limits} limits
   */
  #fit(limits) {
    const old = this.#hidden;
    if (old && String(old.plane.x) === String(limits)) return old;
    const made = this.#makeHidden(limits);
    this.#right.replaceChildren(title('the hidden space'), made.plane.node);
    this.#hidden = made;
    return made;
  }

  /**
   * @param {Limits} limits
   * @returns {HiddenSpace}
   */
  #makeHidden(limits) {
    const plane = this.#plane(
      limits,
      ['hidden unit 1', 'hidden unit 2'],
      'The hidden space: the same points and the same grid as the output neuron sees them, and its line',
    );
    const grid = svg('path', { class: 'demo-grid' });
    plane.lines.append(grid);
    const pushed = lever(plane, {
      name: 'line of the output',
      look: 'demo-output',
      changed: ([w1, w2, b]) => this.#changed({ 6: w1, 7: w2, 8: b }),
    });
    return { plane, grid, lever: pushed, points: layer(plane) };
  }

  /**
   * @param {Limits} limits
   * @param {[string, string]} axes
   * @param {string} label
   */
  #plane(limits, [xlabel, ylabel], label) {
    const options = { x: limits, y: limits, xlabel, ylabel, label, width: SIZE, height: SIZE };
    return new Plane(this.#host, { ...options, ticks: [2, 2] });
  }
}

/**
 * A layer for points, below what can be gripped.
 *
 * @param {Plane} plane
 */
function layer(plane) {
  const layer = svg('g', { class: 'demo-fixed' });
  plane.marks.prepend(layer);
  return layer;
}

/**
 * A square grid of the input space, after a move, as one path.
 *
 * @param {Plane} plane
 * @param {(x1: number, x2: number) => Place} move
 */
function sheet(plane, move) {
  const [low, high] = SHEET;
  const at = (/** @type {number} */ part) => low + part * (high - low);
  const places = (/** @type {(t: number) => Place} */ line) =>
    Array.from({ length: ALONG + 1 }, (_, i) => line(at(i / ALONG)));
  const lines = Array.from({ length: LINES }, (_, i) => at(i / (LINES - 1)));
  const nets = lines.flatMap((c) => [places((t) => move(t, c)), places((t) => move(c, t))]);
  const join = (/** @type {Place[]} */ line) =>
    line.map(([x, y]) => `${plane.px(x).toFixed(1)} ${plane.py(y).toFixed(1)}`).join('L');
  return nets.map((line) => `M${join(line)}`).join('');
}

/**
 * The marks, squares below, so that a circle in the same place is seen on them; and one name for those that lie
 * together, on the side away from the others.
 *
 * @param {SVGElement} layer
 * @param {Plane} plane
 * @param {Place[]} places
 */
function fill(layer, plane, places) {
  const order = [...POINTS.keys()].sort((a, b) => TARGETS[b] - TARGETS[a]);
  const width = plane.x[1] - plane.x[0];
  const marks = order.map((row) => {
    const [x, y] = places[row];
    return svg(
      'g',
      { transform: `translate(${plane.px(x)} ${plane.py(y)})` },
      plane.mark(TARGETS[row] === 1),
    );
  });
  const names = groups(places, NEAR * width).map((rows) => {
    const [x, y] = places[rows[0]];
    const rest = places.filter((_, row) => !rows.includes(row));
    const [ox, oy] = rest.reduce(
      ([sx, sy], [a, b]) => {
        const squared = (x - a) ** 2 + (y - b) ** 2; // the nearest counts most
        return [sx + (x - a) / squared, sy + (y - b) / squared];
      },
      [0, 0],
    );
    const far = Math.hypot(ox, oy) || 1;
    const across = (x - plane.x[0]) / width;
    const room = 0.1 + 0.06 * rows.length;
    const side =
      (ox >= 0 && across > 1 - room) || (ox < 0 && across < room) ? -Math.sign(ox) : Math.sign(ox) || 1;
    return svg(
      'text',
      {
        x: plane.px(x) + side * (8 + 4 * Math.abs(ox / far)),
        y: plane.py(y) + 4 - 13 * (oy / far || 0),
        'text-anchor': side > 0 ? 'start' : 'end',
        class: 'demo-name',
      },
      rows.map((row) => POINTS[row].join('')).join(', '),
    );
  });
  layer.replaceChildren(...marks, ...names);
}

const title = (/** @type {string} */ words) => element('p', { class: 'demo-title' }, words);

/** @type {[name: string, look: string, weights: [index: number, label: string][]][]} */
const WEIGHTS = [
  [
    'hidden unit 1',
    'demo-unit-1',
    [
      [0, 'from x₁'],
      [2, 'from x₂'],
      [4, 'bias'],
    ],
  ],
  [
    'hidden unit 2',
    'demo-unit-2',
    [
      [1, 'from x₁'],
      [3, 'from x₂'],
      [5, 'bias'],
    ],
  ],
  [
    'output',
    'demo-output',
    [
      [6, 'from unit 1'],
      [7, 'from unit 2'],
      [8, 'bias'],
    ],
  ],
];

/** Nine sliders. A weight may lie beyond its slider's end: the number beside it says where. */
export class Weights {
  /** @type {{ input: HTMLInputElement, shown: HTMLOutputElement }[]} by the weight's index */
  #sliders = [];

  /** @param {Changed} changed */
  constructor(changed) {
    /**
     * @param {string} group
     * @param {number} index
     * @param {string} label
     */
    const slider = (group, index, label) => {
      const range = { type: 'range', min: -10, max: 10, step: 0.1 };
      const input = element('input', { ...range, 'aria-label': `${group}, ${label}` });
      const shown = element('output');
      input.addEventListener('input', () => changed({ [index]: input.valueAsNumber }));
      this.#sliders[index] = { input, shown };
      return element('label', { class: 'demo-slider' }, element('span', {}, label), input, shown);
    };
    this.node = element(
      'div',
      { class: 'demo-weights' },
      ...WEIGHTS.map(([name, look, weights]) =>
        element(
          'fieldset',
          { class: look },
          element('legend', {}, name),
          ...weights.map(([index, label]) => slider(name, index, label)),
        ),
      ),
    );
  }

  /** @param {Network} net */
  draw(net) {
    this.#sliders.forEach(({ input, shown }, i) => {
      input.value = String(net[i]);
      shown.value = text(net[i], 2);
      set(input, { 'aria-valuetext': shown.value });
    });
  }
}

/** @type {[Ending, string][]} */
const LEVELS = [
  [0, 'solved'],
  [2, 'two alike'],
  [3, 'three alike'],
  [4, 'all alike'],
];

/** The loss from the start to the present epoch, with the steps of the chapter's staircase. */
export class LossCurve {
  #path = svg('path', { class: 'demo-curve' });
  #dot = svg('circle', { class: 'demo-curve-dot', r: 4.5 });
  #levels = svg('g', { class: 'demo-levels' });
  #width = 480;
  #height = 150;
  #left = 14;
  #right = 112;
  #top = 8;
  #bottom = 28;

  constructor() {
    const inner = this.#width - this.#left - this.#right;
    const ticks = [0, 1000, 2000, 3000, 4000, 5000].map((epoch) =>
      svg(
        'text',
        {
          x: this.#left + (epoch / EPOCHS) * inner,
          y: this.#height - 5,
          'text-anchor': 'middle',
        },
        text(epoch, 0),
      ),
    );
    this.node = element(
      'div',
      { class: 'demo-loss' },
      svg(
        'svg',
        {
          viewBox: `0 0 ${this.#width} ${this.#height}`,
          role: 'img',
          'aria-label':
            'The loss over the epochs so far; dashed, the losses of networks that say the same to two, three ' +
            'or four rows',
        },
        svg('g', { class: 'demo-axes' }, ...ticks),
        this.#levels,
        this.#path,
        this.#dot,
      ),
    );
  }

  /**
   * @param {(epoch: number) => Network} netAt gives the network of an epoch
   * @param {number} epoch
   * @param {Activation} activation
   * @param {Loss} loss
   */
  draw(netAt, epoch, activation, loss) {
    const top = 1.3 * lossOfAlike(4, loss);
    const inner = this.#height - this.#top - this.#bottom;
    const x = (/** @type {number} */ e) =>
      this.#left + (e / EPOCHS) * (this.#width - this.#left - this.#right);
    const y = (/** @type {number} */ value) => this.#top + (1 - Math.min(value / top, 1)) * inner;
    const every = Math.max(1, Math.floor(epoch / 150));
    const epochs = Array.from({ length: Math.floor(epoch / every) + 1 }, (_, i) => i * every);
    if (epochs.at(-1) !== epoch) epochs.push(epoch);
    const places = epochs.map((e) => [x(e), y(lossOf(netAt(e), activation, loss))]);
    set(this.#path, { d: `M${places.map((place) => place.map((v) => v.toFixed(1)).join(' ')).join('L')}` });
    const [cx, cy] = places[places.length - 1];
    set(this.#dot, { cx, cy });
    const right = this.#width - this.#right;
    this.#levels.replaceChildren(
      ...LEVELS.flatMap(([count, name]) => {
        const value = count ? lossOfAlike(count, loss) : 0;
        return [
          svg('path', { d: `M${this.#left} ${y(value)}H${right}` }),
          svg('text', { x: right + 6, y: y(value) + 4 }, `${text(value, value ? 3 : 0)} ${name}`),
        ];
      }),
    );
  }
}
