// What the demo "mnist" shows: a board to draw on, ten bars, and pictures of pixels and of weights.

import { arrow, brush, element, set, text } from './dom.js';
import { BOX, BRUSH, FIELD, kept } from './pen.js';

/** @import { Host } from '../frame.js' */
/** @import { Stroke } from './pen.js' */
/** @import { Place } from './plane.js' */

const rgb = (/** @type {string} */ hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/**
 * @param {number[]} from a colour
 * @param {number[]} to another
 * @param {number} part of the way
 */
const mixed = (from, to, part) => from.map((c, i) => Math.round(c + part * (to[i] - c)));

/**
 * Paint 28 × 28 values onto a canvas of as many pixels: 0 is paper, 1 ink; with `signed`, −1 is blue and 1 orange.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array | Float64Array} values
 * @param {Host} frame
 * @param {boolean} signed
 */
export function paint(canvas, values, frame, signed = false) {
  const context = brush(canvas);
  const image = context.createImageData(FIELD, FIELD);
  const [paper, ink, below, above] = ['surface', 'ink', 'no', 'yes'].map((name) => rgb(frame.colour(name)));
  values.forEach((value, i) => {
    const full = signed ? (value < 0 ? below : above) : ink;
    image.data.set([...mixed(paper, full, Math.min(Math.abs(value), 1)), 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

/**
 * A small square picture of 28 × 28 pixels.
 *
 * @param {string} label
 */
export function picture(label) {
  return element('canvas', {
    width: FIELD,
    height: FIELD,
    class: 'demo-pixels',
    role: 'img',
    'aria-label': label,
  });
}

const SCALE = 12; // pixels of the board for one of the field
const APART = 0.6; // points of a stroke are at least so far apart

/** The board; a pen draws on it, by pointer or by keys. */
export class Board {
  /** @type {Place} */
  #pen = [FIELD / 2, FIELD / 2];
  /** @type {Stroke | null} the one that is being drawn */
  #stroke = null;
  #byKeys = false;
  #focused = false;
  #frame;
  #on;

  /**
   * @param {Host} frame
   * @param {object} on
   * @param {() => void} on.begun a stroke begins
   * @param {(stroke: Stroke) => void} on.drawn it grows: its points so far
   * @param {(pen: Place, down: boolean) => void} on.penChanged keys have moved the pen, put it down or lifted it
   */
  constructor(frame, on) {
    this.#frame = frame;
    this.#on = on;
    this.canvas = element('canvas', {
      width: FIELD * SCALE,
      height: FIELD * SCALE,
      class: 'demo-board',
      tabindex: 0,
      role: 'application',
      'aria-label':
        'A board to draw a digit on. Arrow keys move a pen, with Shift in small steps; ' +
        'Space puts it down and lifts it.',
    });
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || this.#stroke) return;
      canvas.setPointerCapture(event.pointerId);
      this.#down(this.#place(event), false);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.#stroke || this.#byKeys) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this.#to(this.#place(each));
    });
    for (const end of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(end, () => !this.#byKeys && this.#up());
    }
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('focus', () => {
      this.#focused = canvas.matches(':focus-visible');
      frame.redraw();
    });
    canvas.addEventListener('blur', () => {
      this.#focused = false;
      if (this.#byKeys) this.#up();
      frame.redraw();
    });
  }

  /**
   * @param {MouseEvent} event
   * @returns {Place}
   */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * FIELD,
      ((event.clientY - box.top) / box.height) * FIELD,
    ];
  }

  /**
   * @param {Place} place
   * @param {boolean} byKeys
   */
  #down(place, byKeys) {
    this.#byKeys = byKeys;
    this.#stroke = [kept(place)];
    this.#on.begun();
    this.#to(place);
  }

  /** @param {Place} place */
  #to(place) {
    const stroke = this.#stroke;
    if (!stroke) return;
    this.#pen = kept(place);
    const [x, y] = stroke[stroke.length - 1];
    if (Math.hypot(this.#pen[0] - x, this.#pen[1] - y) >= APART) stroke.push(this.#pen);
    this.#on.drawn(stroke);
  }

  /** The pen is lifted. */
  #up() {
    this.#stroke = null;
    this.#byKeys = false;
    this.#frame.redraw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = arrow(event.key);
    const press = event.key === ' ' || event.key === 'Enter';
    const lift = event.key === 'Escape' && this.#byKeys;
    if ((!way && !press && !lift) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#focused = true;
    if (way) {
      const far = event.shiftKey ? 0.25 : 1;
      /** @type {Place} */
      const place = [this.#pen[0] + way[0] * far, this.#pen[1] - way[1] * far];
      if (this.#byKeys) this.#to(place);
      else this.#pen = kept(place);
    } else if (lift || this.#byKeys) {
      this.#up();
    } else {
      this.#down(this.#pen, true);
    }
    this.#on.penChanged(this.#pen, this.#byKeys);
    this.#frame.redraw();
  }

  /**
   * Draw a sample's pixels, if there is one, and the strokes on it.
   *
   * @param {Stroke[]} strokes each of at least one point
   * @param {Float32Array} [sample]
   */
  draw(strokes, sample) {
    const context = brush(this.canvas);
    const size = FIELD * SCALE;
    const colour = (/** @type {string} */ name) => this.#frame.colour(name);
    Object.assign(context, {
      fillStyle: colour('surface'),
      lineCap: 'round',
      lineJoin: 'round',
      globalAlpha: 1,
    });
    context.fillRect(0, 0, size, size);
    sample?.forEach((value, i) => {
      context.fillStyle = colour('ink');
      context.globalAlpha = value;
      if (value) context.fillRect((i % FIELD) * SCALE, Math.floor(i / FIELD) * SCALE, SCALE, SCALE);
    });
    Object.assign(context, { globalAlpha: 0.5, strokeStyle: colour('line'), lineWidth: 1 });
    context.beginPath();
    for (let i = 1; i < FIELD; i++) {
      context.moveTo(i * SCALE, 0);
      context.lineTo(i * SCALE, size);
      context.moveTo(0, i * SCALE);
      context.lineTo(size, i * SCALE);
    }
    context.stroke();
    Object.assign(context, { globalAlpha: 1, strokeStyle: colour('muted') });
    context.setLineDash([5, 5]);
    const border = ((FIELD - BOX) / 2) * SCALE;
    context.strokeRect(border, border, BOX * SCALE, BOX * SCALE);
    context.setLineDash([]);
    Object.assign(context, { strokeStyle: colour('ink'), lineWidth: 2 * BRUSH * SCALE });
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y]) => context.lineTo(x * SCALE, y * SCALE));
      const [x, y] = stroke[stroke.length - 1];
      context.lineTo(x * SCALE, y * SCALE + 0.01); // a dot is a line, too
      context.stroke();
    }
    if (this.#focused) this.#drawPen(context, colour);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {(name: string) => string} colour
   */
  #drawPen(context, colour) {
    const [x, y] = this.#pen.map((v) => v * SCALE);
    context.beginPath();
    context.arc(x, y, BRUSH * SCALE, 0, 2 * Math.PI);
    for (const { name, lineWidth } of [
      { name: 'surface', lineWidth: 5 },
      { name: 'accent', lineWidth: 2.5 },
    ]) {
      Object.assign(context, { strokeStyle: colour(name), lineWidth });
      context.stroke();
    }
    context.fillStyle = colour('accent');
    if (this.#byKeys) context.fill();
  }
}

/**
 * A probability as text; its unit stays on its line.
 *
 * @param {number} p
 */
export const percent = (p) => (p > 0.9995 && p < 1 ? 'over 99.9\u00a0%' : `${text(100 * p, 1)}\u00a0%`);

/** Ten bars with their numbers; the longest, the guess, is bold and has a pointer, the label of a sample is named. */
export class Bars {
  #rows;

  constructor() {
    this.#rows = Array.from({ length: 10 }, (_, digit) => {
      const bar = element('span', { class: 'demo-bar' });
      const number = element('span', { class: 'demo-share' });
      return {
        bar,
        number,
        node: element(
          'li',
          {},
          element('span', { class: 'demo-digit' }, String(digit)),
          element('span', { class: 'demo-track' }, bar),
          number,
        ),
      };
    });
    this.node = element(
      'ol',
      { class: 'demo-bars', 'aria-label': 'Probability of each digit' },
      ...this.#rows.map((row) => row.node),
    );
  }

  /**
   * @param {number[]} probabilities of the ten digits
   * @param {number} [label]
   */
  draw(probabilities, label) {
    const guess = probabilities.indexOf(Math.max(...probabilities));
    this.#rows.forEach(({ bar, number, node }, digit) => {
      bar.style.width = `${100 * probabilities[digit]}%`;
      number.textContent = percent(probabilities[digit]) + (digit === label ? ' (label)' : '');
      node.classList.toggle('demo-guess', digit === guess);
    });
  }
}

const GRID = 10; // units along each side of the grid
const UNIT = 20; // pixels

/** The hundred units of the first layer as a grid: the more ink, the larger the unit's answer. */
export class Units {
  #frame;

  /**
   * @param {Host} frame
   * @param {(unit: number) => void} chosen is told which unit, from 1, is clicked
   */
  constructor(frame, chosen) {
    this.#frame = frame;
    this.canvas = element('canvas', {
      width: GRID * UNIT,
      height: GRID * UNIT,
      class: 'demo-units',
      role: 'img',
      'aria-label':
        'The answers of the hundred units of the first hidden layer; the slider chooses one of them',
    });
    this.canvas.addEventListener('click', (event) => {
      const box = this.canvas.getBoundingClientRect();
      const at = (/** @type {number} */ part) => Math.min(Math.max(Math.floor(part * GRID), 0), GRID - 1);
      chosen(
        GRID * at((event.clientY - box.top) / box.height) + at((event.clientX - box.left) / box.width) + 1,
      );
    });
  }

  /**
   * @param {Float64Array} answers
   * @param {number} unit the chosen one, from 1
   */
  draw(answers, unit) {
    const context = brush(this.canvas);
    const top = Math.max(...answers, 1e-9);
    const [paper, ink] = ['surface', 'ink'].map((name) => rgb(this.#frame.colour(name)));
    answers.forEach((answer, i) => {
      context.fillStyle = `rgb(${mixed(paper, ink, answer / top).join(' ')})`;
      context.fillRect((i % GRID) * UNIT, Math.floor(i / GRID) * UNIT, UNIT, UNIT);
    });
    context.lineWidth = 1;
    context.strokeStyle = this.#frame.colour('line');
    for (let i = 0; i < GRID * GRID; i++) {
      context.strokeRect((i % GRID) * UNIT + 0.5, Math.floor(i / GRID) * UNIT + 0.5, UNIT - 1, UNIT - 1);
    }
    const left = ((unit - 1) % GRID) * UNIT;
    const above = Math.floor((unit - 1) / GRID) * UNIT;
    for (const { name, lineWidth } of [
      { name: 'surface', lineWidth: 6 },
      { name: 'accent', lineWidth: 3 },
    ]) {
      Object.assign(context, { strokeStyle: this.#frame.colour(name), lineWidth });
      context.strokeRect(left + 1, above + 1, UNIT - 2, UNIT - 2);
    }
  }
}

/**
 * A row of small buttons, one for each sample.
 *
 * @param {Host} frame
 * @param {{ pixels: Float32Array, label: number }[]} samples
 * @param {(sample: number) => void} take is told which, from 1
 */
export function sampleButtons(frame, samples, take) {
  return samples.map(({ pixels, label }, i) => {
    const canvas = element('canvas', {
      width: FIELD,
      height: FIELD,
      class: 'demo-pixels',
      'aria-hidden': 'true',
    });
    const button = element(
      'button',
      {
        type: 'button',
        class: 'demo-sample',
        'aria-label': `test image ${i + 1}, a ${label}`,
        click: () => take(i + 1),
      },
      canvas,
    );
    return {
      node: button,
      draw: (/** @type {number} */ taken) => {
        paint(canvas, pixels, frame);
        set(button, { 'aria-pressed': String(taken === i + 1) });
      },
    };
  });
}
