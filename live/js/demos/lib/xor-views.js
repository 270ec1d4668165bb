// What the demo "xor" shows of one network: its two spaces, its nine weights, its loss so far.

import { element, set, svg, text } from './dom.js';
import { lever } from './lever.js';
import { Plane } from './plane.js';
import { EPOCHS, POINTS, TARGETS, hidden, lossOf, lossOfAlike, score } from './xor-net.js';

const SIZE = 330; // of a space, in drawing units
const SHEET = [-0.25, 1.25]; // how far the grid reaches, as in the chapter's pictures
const LINES = 7;
const ALONG = 30; // lines of the grid in each direction, and pieces of a line
const NEAR = 0.035; // points nearer than this part of a picture share one name

// Rows of those places that lie within `near` of one another, in each direction.
export function groups(places, near) {
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

// The limits of the hidden space: for ReLU, which has none, the smallest of a few sizes that holds the points.
export function limitsOf(name, places) {
  if (name === 'sigmoid') return [-0.15, 1.15];
  if (name === 'tanh') return [-1.3, 1.3];
  const largest = Math.max(...places.flat());
  let size = 1.5;
  while (1.1 * largest > size && size < 1e6) size *= 2;
  return [-0.2 * size, size];
}

// The input space and the hidden space side by side, each with its lines to push. changed({ index: weight }) is told
// which of the nine the reader has moved.
export class Spaces {
  #hiddenLimits;
  #outputLever;

  constructor(frame, changed) {
    Object.assign(this, { frame, changed });
    this.input = this.#plane(
      [-0.5, 1.5],
      'x₁',
      'x₂',
      'The input space: the four points, where the network says yes, and the lines of the two hidden units',
    );
    const grid = svg('path', { class: 'demo-grid' });
    this.input.lines.append(grid);
    set(grid, { d: this.#sheet(this.input, (x1, x2) => [x1, x2]) });
    this.levers = [0, 1].map((unit) =>
      lever(this.input, {
        name: `line of hidden unit ${unit + 1}`,
        look: `demo-unit-${unit + 1}`,
        changed: ([w1, w2, b]) => changed({ [unit]: w1, [2 + unit]: w2, [4 + unit]: b }),
      }),
    );
    this.inputPoints = this.#layer(this.input);
    this.right = element('div', { class: 'demo-space' });
    this.node = element(
      'div',
      { class: 'demo-spaces' },
      element('div', { class: 'demo-space' }, title('the input space'), this.input.node),
      this.right,
    );
  }

  draw(net, name, activation) {
    const places = POINTS.map(([x1, x2]) => hidden(net, x1, x2, activation));
    this.#fit(limitsOf(name, places));
    this.input.shade((x1, x2) => score(net, x1, x2, activation));
    this.output.shade((a1, a2) => net[6] * a1 + net[7] * a2 + net[8]);
    set(this.grid, { d: this.#sheet(this.output, (x1, x2) => hidden(net, x1, x2, activation)) });
    this.levers.forEach((draw, unit) => draw([net[unit], net[2 + unit], net[4 + unit]]));
    this.#outputLever([net[6], net[7], net[8]]);
    this.#points(this.inputPoints, this.input, POINTS);
    this.#points(this.hiddenPoints, this.output, places);
  }

  // Axes belong to a plane for good: other limits need another plane.
  #fit(limits) {
    if (String(limits) === this.#hiddenLimits) return;
    this.#hiddenLimits = String(limits);
    this.output = this.#plane(
      limits,
      'hidden unit 1',
      'hidden unit 2',
      'The hidden space: the same points and the same grid as the output neuron sees them, and its line',
    );
    this.grid = svg('path', { class: 'demo-grid' });
    this.output.lines.append(this.grid);
    this.#outputLever = lever(this.output, {
      name: 'line of the output',
      look: 'demo-output',
      changed: ([w1, w2, b]) => this.changed({ 6: w1, 7: w2, 8: b }),
    });
    this.hiddenPoints = this.#layer(this.output);
    this.right.replaceChildren(title('the hidden space'), this.output.node);
  }

  #plane(limits, xlabel, ylabel, label) {
    const size = { width: SIZE, height: SIZE, ticks: [2, 2] };
    return new Plane(this.frame, { x: limits, y: limits, xlabel, ylabel, label, ...size });
  }

  #layer(plane) {
    const layer = svg('g', { class: 'demo-fixed' });
    plane.marks.prepend(layer); // below what can be gripped
    return layer;
  }

  // A square grid of the input space, after a move, as one path.
  #sheet(plane, move) {
    const [low, high] = SHEET;
    const at = (part) => low + part * (high - low);
    const places = (line) => Array.from({ length: ALONG + 1 }, (_, i) => line(at(i / ALONG)));
    const lines = Array.from({ length: LINES }, (_, i) => at(i / (LINES - 1)));
    const nets = lines.flatMap((c) => [places((t) => move(t, c)), places((t) => move(c, t))]);
    const join = (line) =>
      line.map(([x, y]) => `${plane.px(x).toFixed(1)} ${plane.py(y).toFixed(1)}`).join('L');
    return nets.map((line) => `M${join(line)}`).join('');
  }

  // The marks, squares below, so that a circle in the same place is seen on them; and one name for those that lie
  // together, on the side away from the others.
  #points(layer, plane, places) {
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
}

const title = (words) => element('p', { class: 'demo-title' }, words);

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

// Nine sliders. A weight may lie beyond its slider's end: the number beside it says where.
export class Weights {
  #inputs = [];

  constructor(changed) {
    const slider = (group, index, label) => {
      const range = { type: 'range', min: -10, max: 10, step: 0.1 };
      const input = element('input', { ...range, 'aria-label': `${group}, ${label}` });
      const shown = element('output');
      input.addEventListener('input', () => changed({ [index]: input.valueAsNumber }));
      this.#inputs[index] = [input, shown];
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

  draw(net) {
    this.#inputs.forEach(([input, shown], i) => {
      input.value = net[i];
      shown.value = text(net[i], 2);
      set(input, { 'aria-valuetext': shown.value });
    });
  }
}

// The loss from the start to the present epoch, with the steps of the chapter's staircase.
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

  // netAt(epoch) gives the network of an epoch.
  draw(netAt, epoch, activation, loss) {
    const top = 1.3 * lossOfAlike(4, loss);
    const inner = this.#height - this.#top - this.#bottom;
    const x = (e) => this.#left + (e / EPOCHS) * (this.#width - this.#left - this.#right);
    const y = (value) => this.#top + (1 - Math.min(value / top, 1)) * inner;
    const every = Math.max(1, Math.floor(epoch / 150));
    const epochs = Array.from({ length: Math.floor(epoch / every) + 1 }, (_, i) => i * every);
    if (epochs.at(-1) !== epoch) epochs.push(epoch);
    const places = epochs.map((e) => [x(e), y(lossOf(netAt(e), activation, loss))]);
    set(this.#path, { d: `M${places.map((place) => place.map((v) => v.toFixed(1)).join(' ')).join('L')}` });
    set(this.#dot, { cx: places.at(-1)[0], cy: places.at(-1)[1] });
    const right = this.#width - this.#right;
    this.#levels.replaceChildren(
      ...[
        [0, 'solved'],
        [2, 'two alike'],
        [3, 'three alike'],
        [4, 'all alike'],
      ].flatMap(([count, name]) => {
        const value = count ? lossOfAlike(count, loss) : 0;
        return [
          svg('path', { d: `M${this.#left} ${y(value)}H${right}` }),
          svg('text', { x: right + 6, y: y(value) + 4 }, `${text(value, value ? 3 : 0)} ${name}`),
        ];
      }),
    );
  }
}
