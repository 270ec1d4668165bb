// A straight line w1 x + w2 y + b = 0 in a plane, to be pushed and turned: a foot on the line moves it, and the tip
// of an arrow standing on the foot holds the weights. The arrow shows where the score grows, and it is as long as the
// root of the weights' length, so that small ones are seen and large ones fit.

import { set, svg } from './dom.js';

/** @import { Place, Plane } from './plane.js' */
/** @typedef {[w1: number, w2: number, b: number]} Line */

const UNIT = 0.13; // length of the arrow for weights of length 1, as a part of the plane's width

/**
 * The line's point nearest to a place, or the place itself if there is no line.
 *
 * @param {Line} line
 * @param {Place} place
 * @returns {Place}
 */
export function footOf([w1, w2, b], [x, y]) {
  const squared = w1 * w1 + w2 * w2;
  if (squared < 1e-12) return [x, y];
  const part = (w1 * x + w2 * y + b) / squared;
  return [x - part * w1, y - part * w2];
}

/**
 * Where the tip stands for these weights.
 *
 * @param {Line} line
 * @param {Place} foot
 * @param {number} unit the arrow's length for weights of length 1
 * @returns {Place}
 */
export function tipOf([w1, w2], [x, y], unit) {
  const stretch = unit / Math.sqrt(Math.hypot(w1, w2) || 1);
  return [x + w1 * stretch, y + w2 * stretch];
}

/**
 * The weights for a tip that stands there.
 *
 * @param {Place} foot
 * @param {Place} tip
 * @param {number} unit
 * @returns {Line}
 */
export function weightsAt([x, y], tip, unit) {
  const [dx, dy] = [tip[0] - x, tip[1] - y];
  const stretch = Math.hypot(dx, dy) / unit ** 2;
  const [w1, w2] = [dx * stretch, dy * stretch];
  return [w1, w2, -w1 * x - w2 * y];
}

/**
 * Put a lever into a plane; return what draws it.
 *
 * @param {Plane} plane
 * @param {object} options
 * @param {string} options.name says which line it is
 * @param {string} options.look its class
 * @param {(line: Line) => void} options.changed is told when the reader moves it
 */
export function lever(plane, { name, look, changed }) {
  /** @type {Place} */
  const middle = [(plane.x[0] + plane.x[1]) / 2, (plane.y[0] + plane.y[1]) / 2];
  const unit = UNIT * (plane.x[1] - plane.x[0]);
  /** @type {Line} */
  let weights = [1, 0, 0];
  let foot = middle;

  const line = svg('path', { class: `demo-cut ${look}` });
  const shaft = svg('path', { class: `demo-shaft ${look}` });
  const step = unit / 10;
  const touch = () => svg('circle', { r: 15, class: 'demo-touch' });
  const footNode = plane.handle(
    svg('g', { class: `demo-foot-point ${look}` }, touch(), svg('circle', { r: 5 })),
    {
      label: `${name}: its place; arrow keys push it`,
      step,
      at: () => plane.inside(...foot),
      move: ([x, y]) => {
        foot = [x, y];
        changed([weights[0], weights[1], -weights[0] * x - weights[1] * y]);
      },
    },
  );
  const tipNode = plane.handle(
    svg('g', { class: `demo-arrow-tip ${look}` }, touch(), svg('path', { d: 'M8 0L-5 -6L-5 6Z' })),
    {
      label: `${name}: tip of the arrow of its weights; arrow keys turn and stretch it`,
      step,
      at: () => plane.inside(...tipOf(weights, foot, unit)),
      move: (tip) => changed(weightsAt(foot, tip, unit)),
    },
  );
  plane.lines.append(line, shaft);
  plane.marks.append(footNode, tipNode);

  return (/** @type {Line} */ now) => {
    weights = now;
    foot = footOf(weights, foot); // it stays where it is as far as the line lets it, and within sight
    if (plane.inside(...foot).some((v, i) => Math.abs(v - foot[i]) > 1e-9)) foot = footOf(weights, middle);
    const [w1, w2] = weights;
    const far = (2 * (plane.x[1] - plane.x[0])) / (Math.hypot(w1, w2) || 1);
    const at = (/** @type {Place} */ [x, y]) => `${plane.px(x).toFixed(1)} ${plane.py(y).toFixed(1)}`;
    const [x, y] = foot;
    const tip = tipOf(weights, foot, unit);
    set(line, { d: `M${at([x - far * w2, y + far * w1])}L${at([x + far * w2, y - far * w1])}` });
    set(shaft, { d: `M${at(foot)}L${at(tip)}` });
    const turn = (Math.atan2(plane.py(tip[1]) - plane.py(y), plane.px(tip[0]) - plane.px(x)) * 180) / Math.PI;
    set(footNode, { transform: `translate(${at(plane.inside(...foot))})` });
    set(tipNode, { transform: `translate(${at(plane.inside(...tip))}) rotate(${turn.toFixed(1)})` });
  };
}
