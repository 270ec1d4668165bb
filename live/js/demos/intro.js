// Drop dots of two kinds, and a tiny network learns to tell them apart while you look. The arithmetic is that of
// Sequential(Linear(2, h), Tanh(), Linear(h, 1)), binary_cross_entropy_with_logits and SGD in `mininet`.

import { mount } from './frame.js';
import { element, set, svg, text } from './lib/dom.js';
import { binaryCrossEntropy, random, sigmoid } from './lib/maths.js';
import { Plane } from './lib/plane.js';
import { choice, flag, number, rows } from './lib/state.js';

/** @import { Place } from './lib/plane.js' */
/** @import { StateOf } from './lib/state.js' */

/** @typedef {[w1: number, w2: number, b: number, v: number]} Unit a hidden one; v is its weight in the sum. */
/** @typedef {{ units: Unit[], c: number }} Network c is the sum's bias. */
/** @typedef {[x: number, y: number, kind: number]} Dot `kind` is 1 for “yes” and 0 for “no”. */
/** @typedef {StateOf<typeof FIELDS>} State */

/**
 * @param {Network} net
 * @param {readonly number[]} place
 */
const activations = ({ units }, [x, y]) => units.map(([w1, w2, b]) => Math.tanh(w1 * x + w2 * y + b));

/**
 * Above 0 the network says yes.
 *
 * @param {Network} net
 * @param {readonly number[]} dot
 */
export const score = (net, dot) =>
  activations(net, dot).reduce((sum, a, j) => sum + a * net.units[j][3], net.c);

/**
 * The mean cross-entropy.
 *
 * @param {Network} net
 * @param {Dot[]} dots
 */
export const loss = (net, dots) =>
  dots.reduce((sum, dot) => sum + binaryCrossEntropy(score(net, dot), dot[2]), 0) / dots.length;

/**
 * How many dots it is right about.
 *
 * @param {Network} net
 * @param {Dot[]} dots
 */
export const right = (net, dots) => dots.filter((dot) => score(net, dot) > 0 === (dot[2] === 1)).length;

/**
 * The gradient of the loss, in the form of a network.
 *
 * @param {Network} net
 * @param {Dot[]} dots
 * @returns {Network}
 */
export function gradient(net, dots) {
  const units = net.units.map(() => /** @type {Unit} */ ([0, 0, 0, 0]));
  let c = 0;
  for (const dot of dots) {
    const a = activations(net, dot);
    const dz = (sigmoid(a.reduce((sum, v, j) => sum + v * net.units[j][3], net.c)) - dot[2]) / dots.length;
    c += dz;
    a.forEach((v, j) => {
      const da = dz * net.units[j][3] * (1 - v * v);
      [da * dot[0], da * dot[1], da, dz * v].forEach((slope, k) => (units[j][k] += slope));
    });
  }
  return { units, c };
}

/**
 * The network after a gradient step.
 *
 * @param {Network} net
 * @param {Dot[]} dots
 * @param {number} lr the learning rate
 * @returns {Network}
 */
export function step(net, dots, lr) {
  const slope = gradient(net, dots);
  return {
    units: net.units.map((unit, j) => /** @type {Unit} */ (unit.map((w, k) => w - lr * slope.units[j][k]))),
    c: net.c - lr * slope.c,
  };
}

/**
 * Random starting weights; the same for the same seed.
 *
 * @param {number} seed
 * @param {number} hidden how many units
 * @returns {Network}
 */
export function start(seed, hidden) {
  const draw = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()); // Box and Muller
  /** @returns {Unit} */
  const unit = () => [normal(), normal(), 0.5 * normal(), normal() / Math.sqrt(hidden)];
  return { units: Array.from({ length: hidden }, unit), c: 0 };
}

const LR = 0.3;
const SIDE = 2;
const MOST = 60;
const ENOUGH = 0.03;
const PATIENCE = 3000;

/** @param {number} v */
const rounded = (v) => Math.round(v * 100) / 100;

/**
 * @param {number} x
 * @param {number} y
 * @param {number} kind
 * @returns {Dot}
 */
const dot = (x, y, kind) => [rounded(x), rounded(y), kind];

/**
 * Dots on a circle.
 *
 * @param {number} n
 * @param {number} r
 * @param {number} kind
 * @param {number} turn
 */
const around = (n, r, kind, turn = 0) =>
  Array.from({ length: n }, (_, i) => {
    const angle = 2 * Math.PI * (i / n) + turn;
    return dot(r * Math.cos(angle), r * Math.sin(angle), kind);
  });

/** @param {1 | -1} sign which of the two */
const moon = (sign) =>
  Array.from({ length: 7 }, (_, i) => {
    const angle = (Math.PI * i) / 6;
    return dot(sign * (1.1 * Math.cos(angle) - 0.5), sign * (1.2 * Math.sin(angle) - 0.3), Number(sign > 0));
  });

/**
 * @param {1 | -1} sx
 * @param {1 | -1} sy
 */
const corner = (sx, sy) => [
  dot(0.7 * sx, 0.8 * sy, Number(sx * sy > 0)),
  dot(1.2 * sx, 1.4 * sy, Number(sx * sy > 0)),
  dot(1.5 * sx, 0.7 * sy, Number(sx * sy > 0)),
];

const PATTERNS = {
  'two sides': [
    [-1.2, 0.9],
    [-0.6, 1.2],
    [-1.4, -0.2],
    [-0.7, 0.1],
    [-0.1, 1.4],
  ].flatMap(([x, y]) => [dot(x, y, 0), dot(-x, -y, 1)]),
  ring: [...around(5, 0.5, 0, 0.3), ...around(9, 1.5, 1)],
  corners: [...corner(1, 1), ...corner(-1, -1), ...corner(1, -1), ...corner(-1, 1)],
  moons: [...moon(1), ...moon(-1)],
};

const WEIGHT = number({ limit: 1000 });
const PLACE = number({ min: -SIDE, max: SIDE });
/** @type {Unit[]} */
const NONE = [];

/** The demo's state, as a link carries it. */
export const FIELDS = {
  dots: rows({ start: PATTERNS.ring, columns: [PLACE, PLACE, number({ min: 0, max: 1 })], most: MOST }),
  kind: choice('yes', ['yes', 'no']),
  hidden: number({ start: 6, min: 1, max: 8, step: 1 }),
  lines: flag(false),
  seed: number({ start: 7, min: 0, max: 9999, step: 1 }),
  steps: number({ start: 0, min: 0, max: 999999, step: 1 }),
  units: rows({ start: NONE, columns: [WEIGHT, WEIGHT, WEIGHT, WEIGHT], most: 8 }), // none: not trained yet
  c: number({ start: 0, limit: 1000 }),
};

/**
 * Return the network that a state describes.
 *
 * @param {Pick<State, 'units' | 'c' | 'seed' | 'hidden'>} state
 * @returns {Network}
 */
export const network = ({ units, c, seed, hidden }) =>
  units.length === hidden ? { units, c } : start(seed, hidden);

const UNTRAINED = { units: NONE, c: 0, steps: 0 };

mount('intro', FIELDS, (frame) => {
  const plane = new Plane(frame, {
    x: [-SIDE, SIDE],
    y: [-SIDE, SIDE],
    width: 400,
    height: 400,
    bare: true,
    label: 'A field with dots of two kinds, tinted by what the network says everywhere',
  });
  const lines = svg('g');
  const dots = svg('g');
  plane.lines.append(lines);
  plane.marks.append(dots);

  let began = 0; // the step at which the present run began
  const learn = (/** @type {number} */ times) => {
    const { state } = frame;
    let net = network(state);
    for (let i = 0; i < times; i++) net = step(net, state.dots, LR);
    frame.set({ units: net.units, c: net.c, steps: state.steps + times });
    return net;
  };
  const player = frame.player(
    () => {
      const { dots, steps } = frame.state;
      if (!dots.length || steps - began > PATIENCE) return false;
      return loss(learn(2), dots) > ENOUGH;
    },
    { play: 'learn', pause: 'pause', alone: !frame.linked },
  );
  player.button.addEventListener('click', () => (began = frame.state.steps));
  const go = () => {
    began = frame.state.steps;
    if (!frame.calm && frame.state.dots.length) player.start();
  };
  const one = frame.button('10 steps', () => frame.state.dots.length && learn(10));
  const restart = frame.button('restart', () => {
    frame.set({ ...UNTRAINED, seed: (frame.state.seed + 1) % 10000 });
    go();
  });

  // a dot where there is none; where there is one, it goes
  const drop = (/** @type {Place} */ [x, y]) => {
    const { state } = frame;
    const others = state.dots.filter((dot) => Math.hypot(dot[0] - x, dot[1] - y) > 0.16);
    if (others.length < state.dots.length) frame.set({ dots: others });
    else if (state.dots.length < MOST)
      frame.set({ dots: [...state.dots, dot(x, y, Number(state.kind === 'yes'))] });
    go();
  };
  /** @type {Place} */
  let aim = [0, 0];
  const cross = plane.handle(svg('g', { class: 'demo-aim' }, svg('path', { d: 'M-12 0H12M0-12V12' })), {
    label: 'aim: move with the arrow keys, Enter drops a dot or takes one away',
    step: 0.1,
    at: () => aim,
    move: (place) => {
      aim = place;
      frame.redraw();
    },
  });
  cross.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    drop(aim);
  });
  plane.marks.append(cross);
  plane.svg.addEventListener('click', (event) => drop(plane.at(event)));

  const patterns = frame.row(
    element('span', { class: 'demo-legend' }, 'Or start from'),
    ...Object.entries(PATTERNS).map(([name, pattern]) =>
      frame.button(name, () => {
        frame.set({ ...UNTRAINED, dots: pattern });
        go();
      }),
    ),
    frame.button('nothing', () => {
      player.stop();
      frame.set({ ...UNTRAINED, dots: [] });
    }),
  );
  const [numbers, show] = frame.numbers({ loss: 'loss', right: 'right', steps: 'steps' });
  const picture = svg('svg', {
    viewBox: '0 0 220 120',
    role: 'img',
    class: 'demo-tiny',
    'aria-label':
      'The network: two inputs, the hidden units, one answer. Wider lines are larger weights, ' +
      'dashed ones negative.',
  });
  frame.add(
    element('div', { class: 'demo-stage' }, plane.node, frame.says),
    element(
      'div',
      { class: 'demo-panel' },
      frame.choice('kind', 'Click into the field to drop', { yes: 'an orange square', no: 'a blue circle' }),
      frame.row(player.button, one, restart),
      numbers,
      picture,
      frame.slider('hidden', 'hidden units', {
        changed: () => {
          frame.set(UNTRAINED);
          go();
        },
      }),
      frame.toggle('lines', 'show each hidden unit’s own line'),
      patterns,
    ),
  );

  return (state) => {
    const net = network(state);
    const n = state.dots.length;
    const count = right(net, state.dots);
    plane.shade((x, y) => score(net, [x, y]));
    lines.replaceChildren(...(state.lines ? net.units.map((unit) => unitLine(plane, unit)) : []));
    dots.replaceChildren(
      ...state.dots.map((dot) => {
        const wrong = score(net, dot) > 0 !== (dot[2] === 1);
        return svg(
          'g',
          { transform: `translate(${plane.px(dot[0])} ${plane.py(dot[1])})` },
          ...(wrong ? [svg('circle', { r: 12, class: 'demo-wrong' })] : []),
          plane.mark(dot[2] === 1),
        );
      }),
    );
    set(cross, { transform: `translate(${plane.px(aim[0])} ${plane.py(aim[1])})` });
    draw(picture, net);
    for (const button of [player.button, one]) button.disabled = n === 0;
    const value = n ? loss(net, state.dots) : NaN;
    show({ loss: n ? text(value) : '–', right: `${count} of ${n}`, steps: state.steps.toLocaleString('en') });
    frame.say(sentence(n, count, value, player.running, state));
  };
});

/**
 * @param {number} n how many dots there are
 * @param {number} count how many of them it is right about
 * @param {number} value the loss, if there is a dot
 * @param {boolean} running
 * @param {State} state
 */
function sentence(n, count, value, running, { steps, hidden }) {
  if (n === 0) return 'An empty field. Drop a few dots of both kinds.';
  const result = `${count} of ${n} right, loss ${text(value)} after ${steps.toLocaleString('en')} steps.`;
  if (running) return `Learning: ${result}`;
  if (steps === 0) return 'The weights are random, so the network is guessing. Press “learn”.';
  if (count === n) return `${result} Now drop a dot where it does not belong.`;
  return `${result} ${hidden < 3 ? 'Give it more hidden units.' : 'Let it go on, or restart from other weights.'}`;
}

/**
 * Where a hidden unit's own score is 0; fainter, the less the unit counts.
 *
 * @param {Plane} plane
 * @param {Unit} unit
 */
function unitLine(plane, [w1, w2, b, v]) {
  const part = -b / (w1 * w1 + w2 * w2);
  const far = 9 / Math.hypot(w1, w2);
  const ends = [-1, 1].map((side) => [part * w1 - side * far * w2, part * w2 + side * far * w1]);
  return svg('path', {
    class: 'demo-unitline',
    opacity: Math.min(0.25 + Math.abs(v) / 2, 1),
    d: `M${ends.map(([x, y]) => `${plane.px(x)} ${plane.py(y)}`).join('L')}`,
  });
}

/**
 * @param {SVGElement} picture
 * @param {Network} net
 */
function draw(picture, { units }) {
  /**
   * @param {number} n how many units the level has
   * @param {number} i
   */
  const place = (n, i) => 60 + (i - (n - 1) / 2) * Math.min(34, 108 / n);
  /**
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {number} w
   */
  const line = (x1, y1, x2, y2, w) =>
    svg('path', {
      d: `M${x1} ${y1}L${x2} ${y2}`,
      'stroke-width': 0.4 + 1.6 * Math.min(Math.abs(w), 4),
      class: w < 0 ? 'demo-weight demo-minus' : 'demo-weight',
    });
  /**
   * @param {number} x
   * @param {number} y
   */
  const unit = (x, y) => svg('circle', { cx: x, cy: y, r: 6, class: 'demo-circle' });
  const hidden = units.map((_, j) => place(units.length, j));
  const inputs = [place(2, 0), place(2, 1)];
  picture.replaceChildren(
    ...units.flatMap(([w1, w2, , v], j) => [
      line(20, inputs[0], 110, hidden[j], w1),
      line(20, inputs[1], 110, hidden[j], w2),
      line(110, hidden[j], 200, 60, v),
    ]),
    ...inputs.map((y) => unit(20, y)),
    ...hidden.map((y) => unit(110, y)),
    unit(200, 60),
  );
}
