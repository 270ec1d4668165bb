// The atlas of the demo "xor": four hundred starts, trained side by side in small slices, each a tile.

import { arrow, brush, element, text } from './dom.js';
import { random, sigmoid } from './maths.js';
import { EPOCHS, answers, ending, lossOf, randomStart, score, train } from './xor-net.js';

/** @import { Host } from '../frame.js' */
/** @import { Activation, Ending, Loss, Network } from './xor-net.js' */

/** Tiles along each side. */
export const SIDE = 20;
const CHUNK = 50; // epochs of one network at a time
const FIELD = 10; // samples of a tile's answers along each side
const CELL = 3; // pixels of a sample
const TILE = FIELD * CELL + 2; // pixels of a tile

/**
 * Random starts as the chapter draws them.
 *
 * @param {number} draw another one gives others
 */
export function randomStarts(draw) {
  const numbers = random(draw);
  return Array.from({ length: SIDE * SIDE }, () => randomStart(numbers));
}

/**
 * One start again and again, with other weights from the inputs to the first hidden unit: w11 from −3.8 to 3.8 to the
 * right, w21 likewise upwards.
 *
 * @param {number[]} around
 */
export function mapStarts(around) {
  const weight = (/** @type {number} */ i) => Math.round(4 * (i - (SIDE - 1) / 2)) / 10;
  return Array.from({ length: SIDE * SIDE }, (_, k) => {
    const [, w12, , ...others] = around;
    return [weight(k % SIDE), w12, weight(SIDE - 1 - Math.floor(k / SIDE)), ...others];
  });
}

/** Many trainings, all at the same epoch. */
export class Trainings {
  epoch = 0;
  #next = 0;

  /**
   * @param {number[][]} starts
   * @param {Activation} activation
   * @param {Loss} loss
   */
  constructor(starts, activation, loss) {
    this.starts = starts;
    this.activation = activation;
    this.loss = loss;
    this.nets = starts.map((start) => Float64Array.from(start));
  }

  /** Has every network been trained to the end? */
  get done() {
    return this.epoch >= EPOCHS;
  }

  /**
   * Go on for a while.
   *
   * @param {number} milliseconds about so many
   */
  work(milliseconds) {
    const end = performance.now() + milliseconds;
    while (!this.done && performance.now() < end) {
      this.nets[this.#next] = train(this.nets[this.#next], this.activation, this.loss, CHUNK);
      this.#next = (this.#next + 1) % this.nets.length;
      if (this.#next === 0) this.epoch += CHUNK;
    }
  }

  /** How each network stands. */
  endings() {
    return this.nets.map((net) => ending(net, this.activation, this.loss));
  }
}

/** The tiles on a canvas, and a cursor among them that mouse and arrow keys move. */
export class Tiles {
  cursor = 0;
  #frame;

  /**
   * @param {Host} frame
   * @param {object} on
   * @param {(k: number) => void} on.chosen a tile is clicked, or Enter is pressed
   * @param {(k: number) => void} on.moved the cursor goes to another
   */
  constructor(frame, { chosen, moved }) {
    this.#frame = frame;
    this.canvas = element('canvas', {
      width: SIDE * TILE,
      height: SIDE * TILE,
      tabindex: 0,
      role: 'application',
      class: 'demo-atlas',
      'aria-label':
        'The atlas: a square of twenty by twenty starts. Arrow keys go from tile to tile, Enter takes one.',
      'aria-describedby': `${frame.figure.id}-tile`,
    });
    const go = (/** @type {number} */ k) => {
      this.cursor = k;
      moved(k);
    };
    this.canvas.addEventListener('click', (event) => {
      const box = this.canvas.getBoundingClientRect();
      const tile = (/** @type {number} */ part) => Math.min(Math.max(Math.floor(part * SIDE), 0), SIDE - 1);
      const column = tile((event.clientX - box.left) / box.width);
      go(SIDE * tile((event.clientY - box.top) / box.height) + column);
      chosen(this.cursor);
    });
    this.canvas.addEventListener('keydown', (event) => {
      const column = this.cursor % SIDE;
      const row = Math.floor(this.cursor / SIDE);
      const way = arrow(event.key);
      const taken = event.key === 'Enter' || event.key === ' ';
      if ((!way && !taken) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (!way) return chosen(this.cursor);
      const inside = (/** @type {number} */ i) => Math.min(Math.max(i, 0), SIDE - 1);
      go(SIDE * inside(row - way[1]) + inside(column + way[0]));
    });
  }

  /**
   * Draw what each network says around the four points. The stuck ones, of trainings that are done, are veiled,
   * framed and numbered.
   *
   * @param {Trainings} trainings
   * @param {Network | null} around on a map, the start that it is a map of: a ring shows where it lies
   */
  draw(trainings, around) {
    const context = brush(this.canvas);
    const { width } = this.canvas;
    const image = context.createImageData(width, width);
    const pixels = new Uint32Array(image.data.buffer);
    const tints = tintsOf(this.#frame);
    trainings.nets.forEach((net, k) => {
      const left = (k % SIDE) * TILE + 1;
      const top = Math.floor(k / SIDE) * TILE + 1;
      for (let j = 0; j < FIELD; j++) {
        for (let i = 0; i < FIELD; i++) {
          const x1 = -0.25 + (1.5 * (i + 0.5)) / FIELD;
          const x2 = 1.25 - (1.5 * (j + 0.5)) / FIELD;
          const tint = tints[Math.round(10 * sigmoid(score(net, x1, x2, trainings.activation)))];
          for (let y = 0; y < CELL; y++) {
            const from = (top + CELL * j + y) * width + left + CELL * i;
            pixels.fill(tint, from, from + CELL);
          }
        }
      }
    });
    context.putImageData(image, 0, 0);
    if (trainings.done) this.#mark(context, trainings.endings());
    if (around) this.#ring(context, around);
    this.#frameCursor(context);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Network} around
   */
  #ring(context, { 0: w11, 2: w21 }) {
    const at = (/** @type {number} */ weight) => (weight / 8 + 0.5) * SIDE * TILE; // twenty tiles go from −4 to 4
    context.beginPath();
    context.arc(at(w11), at(-w21), TILE * 0.45, 0, 2 * Math.PI);
    this.#outline(context, () => context.stroke());
  }

  /**
   * A line in the accent's colour, seen on any ground.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {() => void} stroke
   */
  #outline(context, stroke) {
    for (const { name, lineWidth } of [
      { name: 'surface', lineWidth: 8 },
      { name: 'accent', lineWidth: 4 },
    ]) {
      Object.assign(context, { strokeStyle: this.#frame.colour(name), lineWidth });
      stroke();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Ending[]} endings
   */
  #mark(context, endings) {
    const [surface, ink] = ['surface', 'ink'].map((name) => this.#frame.colour(name));
    Object.assign(context, { textAlign: 'center', textBaseline: 'middle', lineWidth: 2, strokeStyle: ink });
    context.font = `bold ${TILE * 0.62}px sans-serif`;
    endings.forEach((count, k) => {
      if (count === 0) return;
      const left = (k % SIDE) * TILE;
      const top = Math.floor(k / SIDE) * TILE;
      context.globalAlpha = 0.6;
      context.fillStyle = surface;
      context.fillRect(left, top, TILE, TILE);
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.strokeRect(left + 2, top + 2, TILE - 4, TILE - 4);
      context.fillText(String(count), left + TILE / 2, top + TILE / 2 + 1);
    });
  }

  /** @param {CanvasRenderingContext2D} context */
  #frameCursor(context) {
    const left = (this.cursor % SIDE) * TILE;
    const top = Math.floor(this.cursor / SIDE) * TILE;
    this.#outline(context, () => context.strokeRect(left, top, TILE, TILE));
  }
}

/**
 * Eleven colours of the theme from no to yes, as a canvas stores them.
 *
 * @param {Host} frame
 */
function tintsOf(frame) {
  const [no, middle, yes] = ['no', 'middle', 'yes'].map((name) => {
    const hex = frame.colour(`tint-${name}`);
    return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  });
  return Array.from({ length: 11 }, (_, band) => {
    const p = band / 5;
    const [from, to] = p < 1 ? [no, middle] : [middle, yes];
    const part = p < 1 ? p : p - 1;
    const [r, g, b] = from.map((c, i) => Math.round(c + part * (to[i] - c)));
    return new Uint32Array(Uint8ClampedArray.of(r, g, b, 255).buffer)[0];
  });
}

/**
 * A tile in words.
 *
 * @param {Trainings} trainings
 * @param {number} k
 */
export function describe(trainings, k) {
  const [w11, w12, w21, w22, , , v1, v2] = trainings.starts[k].map((w) => text(w, 2));
  const start = `Starts with (${w11}, ${w21}) into unit 1, (${w12}, ${w22}) into unit 2, (${v1}, ${v2}) out of them`;
  const net = trainings.nets[k];
  const { activation, loss } = trainings;
  const said = answers(net, activation)
    .map((a) => text(a, 2))
    .join(', ');
  const now = `loss ${text(lossOf(net, activation, loss))}, answers ${said}`;
  if (!trainings.done) return `${start}; at epoch ${trainings.epoch}: ${now}.`;
  const count = ending(net, activation, loss);
  const end = count ? `stuck, the same answer to ${['two', 'three', 'all four'][count - 2]} rows` : 'solved';
  return `${start}; ends ${end}: ${now}.`;
}
