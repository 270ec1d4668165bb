// A neuron's boundary over points that can be dragged. The arithmetic is that of `mininet.neuron.Neuron`.

import { mount } from './frame.js';
import { element, set, svg, text } from './lib/dom.js';
import { binaryCrossEntropy, sigmoid } from './lib/maths.js';
import { Plane } from './lib/plane.js';
import { choice, number, rows } from './lib/state.js';

/** @import { Frame } from './frame.js' */
/** @import { Limits, Place } from './lib/plane.js' */
/** @import { StateOf } from './lib/state.js' */

/** @typedef {{ w1: number, w2: number, b: number }} Neuron */
/** @typedef {[sun: number, wind: number, out: number]} Point `out` is 1 for yes and 0 for no. */
/** @typedef {StateOf<typeof FIELDS>} State */

/**
 * Above 0 the neuron says yes.
 *
 * @param {Neuron} neuron
 * @param {readonly number[]} place
 */
export const score = ({ w1, w2, b }, [x1, x2]) => w1 * x1 + w2 * x2 + b;

/**
 * How many points it is right about.
 *
 * @param {Neuron} neuron
 * @param {Point[]} points
 */
export const right = (neuron, points) => points.filter((p) => score(neuron, p) > 0 === (p[2] === 1)).length;

const mean = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The mean cross-entropy.
 *
 * @param {Neuron} neuron
 * @param {Point[]} points
 */
export const loss = (neuron, points) => mean(points.map((p) => binaryCrossEntropy(score(neuron, p), p[2])));

/**
 * The gradient of the loss, in the form of a neuron.
 *
 * @param {Neuron} neuron
 * @param {Point[]} points
 */
export function gradient(neuron, points) {
  const errors = points.map((p) => sigmoid(score(neuron, p)) - p[2]);
  return {
    w1: mean(errors.map((error, i) => error * points[i][0])),
    w2: mean(errors.map((error, i) => error * points[i][1])),
    b: mean(errors),
  };
}

/**
 * The neuron after a gradient step.
 *
 * @param {Neuron} neuron
 * @param {Point[]} points
 * @param {number} lr the learning rate
 * @returns {Neuron}
 */
export function step(neuron, points, lr) {
  const slope = gradient(neuron, points);
  return { w1: neuron.w1 - lr * slope.w1, w2: neuron.w2 - lr * slope.w2, b: neuron.b - lr * slope.b };
}

// one unit is equally long both ways, so right angles look right
/** @type {Limits} */
const SUN = [-0.5, 10.5];
/** @type {Limits} */
const WIND = [-0.5, 5.5];
const MOST = 40;
/** @type {Point[]} a dozen mornings of the chapter's diary */
const DIARY = [
  [5.1, 1.4, 1],
  [9.5, 3.6, 1],
  [8.3, 1.1, 1],
  [6.2, 2.0, 1],
  [4.5, 0.1, 1],
  [7.9, 2.1, 1],
  [1.4, 3.2, 0],
  [4.7, 2.3, 0],
  [5.5, 4.0, 0],
  [6.4, 3.3, 0],
  [1.9, 1.3, 0],
  [2.6, 4.4, 0],
];

/** The demo's state, as a link carries it. */
export const FIELDS = {
  w1: number({ start: 0.5, min: -5, max: 5, step: 0.05, limit: 1000 }),
  w2: number({ start: -0.5, min: -5, max: 5, step: 0.05, limit: 1000 }),
  b: number({ start: 0, min: -8, max: 8, step: 0.1, limit: 1000 }),
  answer: choice('sigmoid', ['sigmoid', 'step']),
  lr: number({ start: 0.1, min: 0.05, max: 2, step: 0.05 }),
  points: rows({
    start: DIARY,
    columns: [
      number({ min: SUN[0], max: SUN[1] }),
      number({ min: WIND[0], max: WIND[1] }),
      number({ min: 0, max: 1 }),
    ],
    most: MOST,
  }),
};

mount('neuron', FIELDS, (frame) => {
  const plane = new Plane(frame, {
    x: SUN,
    y: WIND,
    xlabel: 'sun, hours',
    ylabel: 'wind, m/s',
    width: 480,
    height: 284,
    ticks: [6, 6],
    label: 'Mornings as points, and the neuron’s line between yes and no',
  });
  const boundary = lineHandle(frame, plane);
  const points = pointHandles(frame, plane);

  const move = (/** @type {number} */ times) => {
    /** @type {Neuron} */
    let neuron = frame.state;
    for (let i = 0; i < times; i++) neuron = step(neuron, frame.state.points, frame.state.lr);
    frame.set({ w1: neuron.w1, w2: neuron.w2, b: neuron.b });
  };
  const scale = (/** @type {number} */ factor) => {
    const { w1, w2, b } = frame.state;
    frame.set({ w1: factor * w1, w2: factor * w2, b: factor * b });
  };
  const steps = [frame.button('gradient step', () => move(1)), frame.button('100 steps', () => move(100))];
  const lr = frame.slider('lr', 'learning rate η', { show: (v) => text(v, 2) });
  const [numbers, show] = frame.numbers({
    loss: 'loss',
    right: 'right',
    length: 'length of w',
    band: 'pale band',
  });
  frame.add(
    element('div', { class: 'demo-stage' }, plane.node, frame.says, points.controls),
    element(
      'div',
      { class: 'demo-panel' },
      numbers,
      frame.slider('w1', 'weight of the sun, w₁', { show: (v) => text(v, 2) }),
      frame.slider('w2', 'weight of the wind, w₂', { show: (v) => text(v, 2) }),
      frame.slider('b', 'bias, b', { show: (v) => text(v, 2) }),
      frame.row(
        frame.button('double all three', () => scale(2)),
        frame.button('halve', () => scale(0.5)),
      ),
      frame.choice('answer', 'The neuron answers', { sigmoid: 'how sure it is', step: 'yes or no' }),
      lr,
      frame.row(...steps),
    ),
  );

  return (state) => {
    const hard = state.answer === 'step';
    const n = state.points.length;
    plane.shade((x, y) => score(state, [x, y]), { hard });
    boundary(state);
    points.draw(state);
    const count = right(state, state.points);
    const length = Math.hypot(state.w1, state.w2);
    for (const button of steps) button.disabled = hard || n === 0;
    show({
      loss: n === 0 ? '–' : hard ? `${n - count} wrong` : text(loss(state, state.points)),
      right: `${count} of ${n}`,
      length: text(length, 2),
      band: hard || length === 0 ? '–' : text((2 * Math.log(9)) / length, 1),
    });
    frame.say(sentence(state, n, count));
  };
});

/**
 * @param {State} state
 * @param {number} n how many points there are
 * @param {number} count how many of them it is right about
 */
function sentence(state, n, count) {
  if (n === 0) return 'No points: nothing to be right or wrong about. Click into the plane to add one.';
  if (state.answer === 'step') {
    return (
      `${count} of ${n} right. With a bare yes or no, moving the line a little changes nothing until it crosses ` +
      'a point: every slope is 0, so there is no step to take.'
    );
  }
  const slope = gradient(state, state.points);
  return (
    `${count} of ${n} right, loss ${text(loss(state, state.points))}. Slopes of the loss: by w₁ ` +
    `${text(slope.w1)}, by w₂ ${text(slope.w2)}, by b ${text(slope.b)}.`
  );
}

/**
 * The boundary to drag, and the arrow of the weights that stands on it: exactly (w1, w2) long, in the plane's units.
 *
 * @param {Frame<typeof FIELDS>} frame
 * @param {Plane} plane
 */
function lineHandle(frame, plane) {
  /** @type {Place} */
  const middle = [(SUN[0] + SUN[1]) / 2, (WIND[0] + WIND[1]) / 2];
  let foot = middle; // where the arrow stands: on the line, as near as may be to where it stood before

  /**
   * The neuron of these weights whose line runs through a place.
   *
   * @param {number} w1
   * @param {number} w2
   * @param {Place} place
   */
  const through = (w1, w2, [x, y]) => ({ w1, w2, b: -(w1 * x + w2 * y) });
  /**
   * The line's point nearest to a place.
   *
   * @param {Neuron} neuron
   * @param {Place} place
   * @returns {Place}
   */
  const onLine = ({ w1, w2, b }, [x, y]) => {
    const part = (w1 * x + w2 * y + b) / (w1 * w1 + w2 * w2);
    return [x - part * w1, y - part * w2];
  };

  const line = plane.handle(svg('path', { class: 'demo-grip' }), {
    label: 'the line; arrow keys push it, which changes the bias',
    step: 0.1,
    at: () => foot,
    move: (place) => {
      foot = place;
      frame.set(through(frame.state.w1, frame.state.w2, place));
    },
  });
  const tip = plane.handle(
    svg('g', { class: 'demo-tip' }, svg('circle', { r: 17, class: 'demo-touch' }), svg('circle', { r: 6 })),
    {
      label: 'tip of the weights’ arrow; arrow keys turn and stretch it, which changes both weights',
      step: 0.05,
      at: () => [foot[0] + frame.state.w1, foot[1] + frame.state.w2],
      move: ([x, y]) => frame.set(through(x - foot[0], y - foot[1], foot)),
    },
  );
  const shaft = svg('path', { class: 'demo-arrow' });
  plane.lines.append(line);
  plane.marks.append(shaft, tip);

  return (/** @type {State} */ state) => {
    const flat = state.w1 === 0 && state.w2 === 0;
    if (!flat) {
      const near = onLine(state, foot);
      const inside = plane.inside(...near);
      foot = Math.hypot(near[0] - inside[0], near[1] - inside[1]) < 1e-9 ? near : onLine(state, middle);
    }
    const [x, y] = foot;
    const visible = flat || plane.inside(x, y).every((v, i) => Math.abs(v - foot[i]) < 1e-9);
    const far = 20 / (Math.hypot(state.w1, state.w2) || 1); // beyond the plane on both sides
    const [dx, dy] = [-state.w2 * far, state.w1 * far];
    const draw = (/** @type {Place[]} */ ...places) =>
      `M${places.map(([a, b]) => `${plane.px(a)} ${plane.py(b)}`).join('L')}`;
    set(line, { d: draw([x - dx, y - dy], [x + dx, y + dy]), display: flat ? 'none' : null });
    const [tx, ty] = [x + state.w1, y + state.w2];
    set(shaft, { d: draw(foot, [tx, ty]), display: visible ? null : 'none' });
    set(tip, { transform: `translate(${plane.px(tx)} ${plane.py(ty)})`, display: visible ? null : 'none' });
  };
}

/**
 * The points: one of them is chosen, and the buttons act on it.
 *
 * @param {Frame<typeof FIELDS>} frame
 * @param {Plane} plane
 */
function pointHandles(frame, plane) {
  const layer = svg('g');
  plane.marks.append(layer);
  /** @type {SVGGElement[]} */
  const nodes = [];
  let chosen = 0;

  const change = (/** @type {Point[]} */ points) => frame.set({ points });
  /**
   * @param {number} i
   * @param {Point} point
   */
  const replace = (i, point) => change(frame.state.points.map((old, k) => (k === i ? point : old)));
  /**
   * @param {Place} place
   * @returns {Place}
   */
  const rounded = ([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
  /**
   * @param {number} i
   * @param {boolean} focus put the keyboard there, too
   */
  const choose = (i, focus = false) => {
    chosen = Math.min(Math.max(i, 0), frame.state.points.length - 1);
    frame.redraw();
    if (focus) nodes[chosen]?.focus();
  };
  const add = (/** @type {Place} */ [x, y]) => {
    const { points } = frame.state;
    if (points.length >= MOST) return;
    const last = points[chosen] ?? [0, 0, 1];
    change([...points, [...rounded([x, y]), last[2]]]);
    chosen = points.length;
  };
  const flip = () => {
    if (chosen < 0) return;
    const [x, y, out] = frame.state.points[chosen];
    replace(chosen, [x, y, 1 - out]);
  };
  const remove = () => {
    change(frame.state.points.filter((_, i) => i !== chosen));
    choose(chosen - 1);
  };

  plane.svg.addEventListener('click', (event) => {
    if (!(event.target instanceof Element && event.target.closest('.demo-handle'))) add(plane.at(event));
  });

  /** @param {number} i */
  function handle(i) {
    const node = plane.handle(svg('g', { class: 'demo-point' }), {
      step: 0.1,
      label: '',
      at: () => [frame.state.points[i][0], frame.state.points[i][1]],
      move: (place) => replace(i, [...rounded(place), frame.state.points[i][2]]),
    });
    node.addEventListener('focus', () => choose(i));
    node.addEventListener('keydown', (event) => {
      const act = {
        PageDown: () => choose(i + 1, true),
        PageUp: () => choose(i - 1, true),
        Enter: flip,
        ' ': flip,
        Delete: remove,
        Backspace: remove,
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    return node;
  }

  return {
    controls: element(
      'div',
      {},
      frame.row(
        frame.button('add a point', () => add([5 + Math.random(), 2.5 + Math.random()])),
        frame.button('switch chosen', flip),
        frame.button('remove chosen', remove),
      ),
      element(
        'p',
        { class: 'demo-help' },
        'Squares: tables out (yes). Circles: in (no). A ring: the neuron is wrong there. Pale band: ' +
          'the way from p = 0.1 to 0.9. Click to add; drag the points, the line, the arrow’s tip. ' +
          'Keys: Tab, arrows; on a point Page Up and Down, Enter, Delete.',
      ),
    ),
    draw(/** @type {State} */ state) {
      chosen = Math.min(chosen, state.points.length - 1);
      while (nodes.length < state.points.length) {
        const node = handle(nodes.length);
        nodes.push(node);
        layer.append(node);
      }
      for (const node of nodes.splice(state.points.length)) node.remove();
      state.points.forEach(([x, y, out], i) => {
        const wrong = score(state, [x, y]) > 0 !== (out === 1);
        if (nodes[i].dataset.look !== `${out} ${wrong}`) {
          // what a finger is on must stay
          nodes[i].dataset.look = `${out} ${wrong}`;
          nodes[i].replaceChildren(
            svg('circle', { r: 15, class: 'demo-touch' }),
            ...(wrong ? [svg('circle', { r: 11, class: 'demo-wrong' })] : []),
            plane.mark(out === 1),
          );
        }
        nodes[i].classList.toggle('demo-chosen', i === chosen);
        set(nodes[i], {
          transform: `translate(${plane.px(x)} ${plane.py(y)})`,
          tabindex: i === chosen ? 0 : -1,
          'aria-label':
            `point ${i + 1} of ${state.points.length}: sun ${text(x, 1)}, wind ${text(y, 1)}, ` +
            `tables ${out === 1 ? 'out' : 'in'}, ${wrong ? 'wrong' : 'right'}`,
        });
      });
    },
  };
}
