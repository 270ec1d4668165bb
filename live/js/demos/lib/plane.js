// A plane with two axes: tints of a probability, the line where it is one half, and things to drag.

import { arrow, brush, element, set, svg, text } from './dom.js';
import { sigmoid } from './maths.js';

const MARGIN = { left: 34, right: 10, top: 10, bottom: 34 };
const BARE = { left: 2, right: 2, top: 2, bottom: 2 };
const BANDS = 11; // tints, as in the book's pictures: an odd number gives one half a tint of its own
const CELLS = 60; // across, at which the score is computed; between them it is interpolated

/** @typedef {[x: number, y: number]} Place */
/** @typedef {[low: number, high: number]} Limits */
/** @typedef {Pick<import('../frame.js').Host, 'colour'>} Colours */

/**
 * @typedef {object} PlaneOptions
 * @property {Limits} x
 * @property {Limits} y
 * @property {string} label what is seen, in words
 * @property {string} [xlabel] names an axis
 * @property {string} [ylabel]
 * @property {number} [width] of the whole, in units of about one pixel
 * @property {number} [height]
 * @property {[number, number]} [ticks] about how many, on each axis
 * @property {boolean} [bare] no numbers at the axes
 */

let count = 0; // of planes so far, for ids

/** A plane in a page; `node` is all of it, `lines` and `marks` are there to be filled. */
export class Plane {
  /** Cut off at the plane's edges. */
  lines = svg('g');
  /** Not cut off. */
  marks = svg('g');
  #host;
  #width;
  #height;
  #margin;
  #inner;
  #canvas;
  #half = svg('path', { class: 'demo-half' });

  /**
   * @param {Colours} host
   * @param {PlaneOptions} options
   */
  constructor(
    host,
    { x, y, label, xlabel = '', ylabel = '', width = 440, height = 300, ticks = [5, 5], bare = false },
  ) {
    const margin = bare ? BARE : MARGIN;
    const { left, top } = margin;
    this.x = x;
    this.y = y;
    this.#host = host;
    this.#width = width;
    this.#height = height;
    this.#margin = margin;
    this.#inner = { width: width - left - margin.right, height: height - top - margin.bottom };
    const place = (/** @type {number} */ value, /** @type {number} */ whole) => `${(100 * value) / whole}%`;
    this.#canvas = element('canvas', {
      'aria-hidden': 'true',
      style:
        `left:${place(left, width)};top:${place(top, height)};` +
        `width:${place(this.#inner.width, width)};height:${place(this.#inner.height, height)}`,
    });
    const clip = `demo-clip-${(count += 1)}`;
    set(this.lines, { 'clip-path': `url(#${clip})` });
    this.svg = svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
      svg('clipPath', { id: clip }, svg('rect', { x: left, y: top, ...this.#inner })),
      this.#axes(xlabel, ylabel, bare ? null : ticks),
      this.lines,
      this.marks,
    );
    this.lines.append(this.#half);
    this.node = element('div', { class: 'demo-plane' }, this.#canvas, this.svg);
  }

  /**
   * The position in the drawing of a position in the plane.
   *
   * @param {number} x
   */
  px = (x) => this.#margin.left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * this.#inner.width;
  /** @param {number} y */
  py = (y) => this.#margin.top + ((this.y[1] - y) / (this.y[1] - this.y[0])) * this.#inner.height;

  /**
   * The position in the plane of a pointer's event, kept inside the plane.
   *
   * @param {MouseEvent} event
   */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    const right = ((event.clientX - box.left) / box.width) * this.#width - this.#margin.left;
    const down = ((event.clientY - box.top) / box.height) * this.#height - this.#margin.top;
    return this.inside(
      this.x[0] + (right / this.#inner.width) * (this.x[1] - this.x[0]),
      this.y[1] - (down / this.#inner.height) * (this.y[1] - this.y[0]),
    );
  }

  /**
   * The nearest position in the plane.
   *
   * @param {number} x
   * @param {number} y
   * @returns {Place}
   */
  inside(x, y) {
    /**
     * @param {number} value
     * @param {Limits} limits
     */
    const within = (value, [low, high]) => Math.min(Math.max(value, low), high);
    return [within(x, this.x), within(y, this.y)];
  }

  /**
   * Tint the plane by sigmoid(score(x, y)), and draw where the score is 0.
   *
   * @param {(x: number, y: number) => number} score
   * @param {{ hard?: boolean }} [options] `hard`: by the bare decision
   */
  shade(score, { hard = false } = {}) {
    const across = CELLS;
    const up = Math.round((CELLS * this.#inner.height) / this.#inner.width);
    const grid = Array.from({ length: up + 1 }, (_, j) =>
      Float64Array.from({ length: across + 1 }, (_, i) =>
        score(
          this.x[0] + (i / across) * (this.x[1] - this.x[0]),
          this.y[1] - (j / up) * (this.y[1] - this.y[0]),
        ),
      ),
    );
    const { width, height } = Object.assign(this.#canvas, this.#inner);
    const image = brush(this.#canvas).createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const tints = this.#tints();
    for (let row = 0, k = 0; row < height; row++) {
      const v = (row / height) * up;
      const j = Math.floor(v);
      const below = v - j;
      for (let column = 0; column < width; column++, k++) {
        const u = (column / width) * across;
        const i = Math.floor(u);
        const after = u - i;
        const upper = grid[j][i] * (1 - after) + grid[j][i + 1] * after;
        const lower = grid[j + 1][i] * (1 - after) + grid[j + 1][i + 1] * after;
        const z = upper * (1 - below) + lower * below;
        const p = hard ? Number(z > 0) : sigmoid(z);
        pixels[k] = tints[Math.min(Math.floor(p * BANDS), BANDS - 1)];
      }
    }
    brush(this.#canvas).putImageData(image, 0, 0);
    set(this.#half, { d: this.#contour(grid) });
  }

  /**
   * Let a node be dragged by mouse and touch and moved by the arrow keys.
   *
   * @template {SVGElement} E
   * @param {E} node
   * @param {object} options
   * @param {() => Place} options.at says where it is
   * @param {(place: Place) => void} options.move is told where to
   * @param {number} options.step how far one press of a key goes (ten times with Shift)
   * @param {string} options.label names it to those who do not see it
   */
  handle(node, { at, move, step, label }) {
    set(node, {
      tabindex: 0,
      role: 'button',
      'aria-label': label,
      class: `${node.getAttribute('class')} demo-handle`,
    });
    set(this.svg, { role: 'application' }); // an image could hold nothing that is operated
    /** @type {Place | null} */
    let grip = null; // from the pointer to the node's own place
    node.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
      const [x, y] = this.at(event);
      const [ownX, ownY] = at();
      grip = [ownX - x, ownY - y];
      node.focus({ preventScroll: true });
    });
    // the page would scroll under the finger; in a drawing, the style touch-action does not prevent that everywhere
    node.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
    node.addEventListener('pointermove', (event) => {
      if (!grip) return;
      const [x, y] = this.at(event);
      move(this.inside(x + grip[0], y + grip[1]));
    });
    for (const end of ['pointerup', 'pointercancel']) node.addEventListener(end, () => (grip = null));
    node.addEventListener('keydown', (event) => {
      const way = arrow(event.key);
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const far = step * (event.shiftKey ? 10 : 1);
      const [x, y] = at();
      move(this.inside(x + way[0] * far, y + way[1] * far));
    });
    return node;
  }

  /**
   * Return a new mark, drawn around (0, 0): a circle for “no”, a square for “yes”.
   *
   * @param {boolean} yes
   */
  mark(yes) {
    return yes
      ? svg('rect', { class: 'demo-yes', x: -6.5, y: -6.5, width: 13, height: 13, rx: 1 })
      : svg('circle', { class: 'demo-no', r: 7 });
  }

  /**
   * @param {string} xlabel
   * @param {string} ylabel
   * @param {[number, number] | null} ticks null for bare axes
   */
  #axes(xlabel, ylabel, ticks) {
    const axes = svg('g', { class: 'demo-axes', 'aria-hidden': 'true' });
    const { left, top } = this.#margin;
    const { width, height } = this.#inner;
    axes.append(svg('rect', { x: left, y: top, width, height }));
    if (!ticks) return axes;
    for (const value of ticksOf(this.x, ticks[0])) {
      axes.append(
        svg('text', { x: this.px(value), y: top + height + 14, 'text-anchor': 'middle' }, tick(value)),
      );
    }
    for (const value of ticksOf(this.y, ticks[1])) {
      axes.append(svg('text', { x: left - 5, y: this.py(value) + 4, 'text-anchor': 'end' }, tick(value)));
    }
    axes.append(
      svg('text', { x: left + width / 2, y: this.#height - 5, 'text-anchor': 'middle' }, xlabel),
      svg(
        'text',
        { transform: `translate(11 ${top + height / 2}) rotate(-90)`, 'text-anchor': 'middle' },
        ylabel,
      ),
    );
    return axes;
  }

  /** From “no” to “yes”, as the canvas keeps a pixel: one number of four bytes, red, green, blue, opaque. */
  #tints() {
    const [no, middle, yes] = ['no', 'middle', 'yes'].map((name) => rgb(this.#host.colour(`tint-${name}`)));
    return Array.from({ length: BANDS }, (_, band) => {
      const p = band / (BANDS - 1);
      const [from, to] = p < 0.5 ? [no, middle] : [middle, yes];
      const part = p < 0.5 ? 2 * p : 2 * p - 1;
      const pixel = Uint8ClampedArray.from([...from.map((c, i) => c + part * (to[i] - c)), 255]);
      return new Uint32Array(pixel.buffer)[0];
    });
  }

  /**
   * The path along which the score is 0, by marching squares: in every cell, a line between the edges it crosses.
   *
   * @param {Float64Array[]} grid scores, row by row from the top
   */
  #contour(grid) {
    const rows = grid.length - 1;
    const columns = grid[0].length - 1;
    /**
     * @param {number} i
     * @param {number} j
     */
    const place = (i, j) => [
      this.#margin.left + (i / columns) * this.#inner.width,
      this.#margin.top + (j / rows) * this.#inner.height,
    ];
    const path = [];
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        const corners = [
          [i, j],
          [i + 1, j],
          [i + 1, j + 1],
          [i, j + 1],
        ];
        /** @type {number[][]} */
        const crossings = [];
        corners.forEach(([ai, aj], k) => {
          const [bi, bj] = corners[(k + 1) % 4];
          const a = grid[aj][ai];
          const b = grid[bj][bi];
          if (a > 0 === b > 0) return;
          const part = a / (a - b);
          crossings.push(place(ai + part * (bi - ai), aj + part * (bj - aj)));
        });
        for (let k = 0; k + 1 < crossings.length; k += 2) {
          const [a, b] = [crossings[k], crossings[k + 1]].map((c) => c.map((v) => v.toFixed(1)).join(' '));
          path.push(`M${a}L${b}`);
        }
      }
    }
    return path.join('');
  }
}

/**
 * @param {Limits} limits
 * @param {number} about how many
 */
function ticksOf([low, high], about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((m) => m * power >= raw) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

const tick = (/** @type {number} */ value) => text(value, 2).replace(/\.?0+$/, '');

/** @param {string} hex */
function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
