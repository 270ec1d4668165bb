// The drawing of the demo `layers`: units as boxes, weights as lines, with the numbers known so far.

import { svg, text } from './dom.js';

/** @import { Gradients, Network, Values } from '../layers.js' */
/** @import { Place } from './plane.js' */

const BOX = { width: 80, height: 44 };

/**
 * Where levels stand, and the units of one with 2 or 3 of them; and at which part of its way, from the side with two
 * units, a line carries its numbers: there they do not meet.
 *
 * @typedef {{ size: Place, levels: number[], slots: Record<number, number[]>, part: number }} Layout
 */

/** @type {Layout} from left to right */
const WIDE = {
  size: [700, 320],
  levels: [42, 202, 350, 510, 658],
  slots: { 2: [96, 214], 3: [30, 155, 280] },
  part: 0.61,
};
/** @type {Layout} from top to bottom, for a narrow page */
const NARROW = {
  size: [360, 570],
  levels: [26, 170, 278, 428, 538],
  slots: { 2: [112, 248], 3: [42, 180, 318] },
  part: 0.66,
};

/**
 * Return the picture.
 *
 * @param {Network} net
 * @param {Values} f
 * @param {Gradients} b
 * @param {number} step says how much is known: values up to step 4, then gradients from the end backwards
 * @param {boolean} wide
 * @param {{ chosen: string, choose: (name: string) => void }} choice a parameter's name, and what a click on one calls
 */
export function drawing(net, f, b, step, wide, { chosen, choose }) {
  const { size, levels, slots, part } = wide ? WIDE : NARROW;
  /**
   * @param {number} level
   * @param {number} slot
   * @param {number} n how many units the level has
   * @returns {Place}
   */
  const place = (level, slot, n) => {
    const [along, across] = [levels[level], slots[n][slot]];
    return wide ? [along, across] : [across, along];
  };
  /**
   * Each level: the step in which its values and its gradients become known.
   *
   * @type {{ name: string, values: number[], known: number, back: number, slopes?: number[],
   *   bias?: [string, number[]] }[]}
   */
  const units = [
    { name: 'x', values: f.x, slopes: b.dx, known: 0, back: 7 },
    { name: 'z', values: f.z, slopes: b.dz, known: 1, back: 6, bias: ['b1', net.b1] },
    { name: 'a', values: f.a, slopes: b.da, known: 2, back: 5 },
    { name: 's', values: f.s, slopes: b.ds, known: 3, back: 4, bias: ['b2', net.b2] },
    { name: 'p', values: f.p, known: 4, back: Infinity },
  ];
  const lines = svg('g');
  const labels = svg('g');
  const boxes = svg('g');
  /**
   * @param {Place} from
   * @param {Place} to
   * @param {number} part of the way
   */
  const between = (from, to, part) => from.map((v, i) => v + part * (to[i] - v));

  /**
   * The lines of a layer with weights, with their numbers.
   *
   * @param {string} name
   * @param {number} level
   * @param {number[][]} W
   * @param {number[][]} dW
   * @param {number} forward the step in which data flows here
   * @param {number} backward the step in which gradients do
   * @param {number} at which part of a line its numbers stand
   */
  const weights = (name, level, W, dW, forward, backward, at) =>
    W.forEach((row, d) =>
      row.forEach((w, m) => {
        /** @type {[Place, Place]} */
        const ends = [place(level, d, W.length), place(level + 1, m, row.length)];
        const key = `${name}[${d},${m}]`;
        const path = `M${ends[0].join(' ')}L${ends[1].join(' ')}`;
        lines.append(
          svg('path', {
            d: path,
            class: w < 0 ? 'demo-weight demo-minus' : 'demo-weight',
            'stroke-width': 0.7 + 2.2 * Math.min(Math.abs(w), 2),
          }),
        );
        if (step === forward) lines.append(svg('path', { d: path, class: 'demo-stream' }));
        if (step === backward) lines.append(svg('path', { d: path, class: 'demo-stream demo-upstream' }));
        const [x, y] = between(...ends, at);
        const both = step >= backward;
        labels.append(
          svg(
            'g',
            {
              class: key === chosen ? 'demo-number demo-chosen' : 'demo-number',
              transform: `translate(${x} ${y})`,
              click: () => choose(key),
            },
            svg('rect', { x: -19, y: both ? -15 : -9, width: 38, height: both ? 28 : 18, rx: 4 }),
            svg('text', { y: both ? -3 : 4 }, text(w, 2)),
            ...(both ? [svg('text', { y: 10, class: 'demo-slope' }, text(dW[d][m], 2))] : []),
          ),
        );
      }),
    );
  /**
   * The lines of a function that works on each unit alone, or on all of a level together.
   *
   * @param {number} level
   * @param {number} n
   * @param {string} name
   * @param {number} forward
   * @param {number} backward
   * @param {number[]} [factor] of the gradients
   */
  const plain = (level, n, name, forward, backward, factor) => {
    for (let i = 0; i < n; i++) {
      /** @type {[Place, Place]} */
      const ends = [place(level, i, n), place(level + 1, i, n)];
      const path = `M${ends[0].join(' ')}L${ends[1].join(' ')}`;
      lines.append(svg('path', { d: path, class: 'demo-plain' }));
      if (step === forward) lines.append(svg('path', { d: path, class: 'demo-stream' }));
      if (step === backward) lines.append(svg('path', { d: path, class: 'demo-stream demo-upstream' }));
      const [x, y] = between(...ends, 0.5);
      const back = step >= backward && factor;
      labels.append(
        svg(
          'g',
          { class: 'demo-number', transform: `translate(${x} ${y})` },
          svg('rect', {
            class: 'demo-cover',
            x: -22,
            y: back ? -15 : -9,
            width: 44,
            height: back ? 28 : 18,
            rx: 4,
          }),
          svg('text', { y: back ? -3 : 4 }, name),
          ...(back ? [svg('text', { y: 10, class: 'demo-slope' }, `× ${text(factor[i], 2)}`)] : []),
        ),
      );
    }
  };
  weights('W1', 0, net.W1, b.dW1, 1, 7, part);
  plain(1, 3, 'tanh', 2, 6, b.slope);
  weights('W2', 2, net.W2, b.dW2, 3, 5, 1 - part);
  plain(3, 2, 'softmax', 4, 4);

  units.forEach(({ name, values, slopes, known, back, bias }, level) =>
    values.forEach((value, i) => {
      const [x, y] = place(level, i, values.length);
      const forward = step >= known;
      const gradient = slopes && step >= back;
      const now = step === known || step === back;
      boxes.append(
        svg(
          'g',
          { class: now ? 'demo-unit demo-now' : 'demo-unit', transform: `translate(${x} ${y})` },
          svg('rect', { x: -BOX.width / 2, y: -BOX.height / 2, ...BOX, rx: 7 }),
          svg('text', { class: 'demo-name', x: -34, y: -4 }, `${name}[${i}]`),
          svg('text', { class: 'demo-value', x: 35, y: -4 }, forward ? text(value, 2) : '·'),
          ...(slopes
            ? [
                svg('text', { class: 'demo-name demo-slope', x: -34, y: 14 }, `d${name}`),
                svg(
                  'text',
                  { class: 'demo-value demo-slope', x: 35, y: 14 },
                  gradient ? text(slopes[i], 2) : '·',
                ),
              ]
            : []),
          ...(name === 'p'
            ? [
                svg('text', { class: 'demo-name', x: -34, y: 14 }, 'y'),
                svg('text', { class: 'demo-value', x: 35, y: 14 }, String(Number(i === net.label))),
              ]
            : []),
          ...(bias
            ? [
                svg(
                  'text',
                  { class: `demo-bias${`${bias[0]}[${i}]` === chosen ? ' demo-chosen' : ''}`, y: 35 },
                  `b ${text(bias[1][i], 2)}`,
                ),
              ]
            : []),
        ),
      );
    }),
  );
  return svg(
    'svg',
    {
      viewBox: `0 0 ${size.join(' ')}`,
      role: 'img',
      'aria-label': 'A network of two inputs, three hidden units and two scores; the table has its numbers',
    },
    lines,
    labels,
    boxes,
  );
}
