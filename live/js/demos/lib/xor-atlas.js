// The atlas of the demo "xor": four hundred starts, trained side by side in small slices, each a tile.

import { element, text } from './dom.js';
import { random, sigmoid } from './maths.js';
import { EPOCHS, answers, ending, lossOf, randomStart, score, train } from './xor-net.js';

export const SIDE = 20; // tiles along each side
const CHUNK = 50; // epochs of one network at a time
const FIELD = 10; // samples of a tile's answers along each side
const CELL = 3;
const TILE = FIELD * CELL + 2; // pixels

// Random starts as the chapter draws them; another `draw` gives others.
export function randomStarts(draw) {
  const numbers = random(draw);
  return Array.from({ length: SIDE * SIDE }, () => randomStart(numbers));
}

// One start again and again, with other weights from the inputs to the first hidden unit: w11 from −3.8 to 3.8 to the
// right, w21 likewise upwards.
export function mapStarts(around) {
  const weight = (i) => Math.round(4 * (i - (SIDE - 1) / 2)) / 10;
  return Array.from({ length: SIDE * SIDE }, (_, k) => {
    const [, w12, , ...others] = around;
    return [weight(k % SIDE), w12, weight(SIDE - 1 - Math.floor(k / SIDE)), ...others];
  });
}

// Many trainings, all at the same epoch.
export class Trainings {
  #next = 0;

  constructor(starts, activation, loss) {
    Object.assign(this, { starts, activation, loss, epoch: 0 });
    this.nets = starts.map((start) => Float64Array.from(start));
  }

  get done() {
    return this.epoch >= EPOCHS;
  }

  // Go on for about so many milliseconds.
  work(milliseconds) {
    const end = performance.now() + milliseconds;
    while (!this.done && performance.now() < end) {
      this.nets[this.#next] = train(this.nets[this.#next], this.activation, this.loss, CHUNK);
      this.#next = (this.#next + 1) % this.nets.length;
      if (this.#next === 0) this.epoch += CHUNK;
    }
  }

  // How each network stands: 0 for solved, else how many rows it says the same to.
  endings() {
    return this.nets.map((net) => ending(net, this.activation, this.loss));
  }
}

// The tiles on a canvas, and a cursor among them that mouse and arrow keys move. chosen(k) is told when a tile is
// clicked or Enter is pressed, moved(k) when the cursor goes to another.
export class Tiles {
  constructor(frame, { chosen, moved }) {
    Object.assign(this, { frame, cursor: 0 });
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
    const go = (k) => {
      this.cursor = k;
      moved(k);
    };
    this.canvas.addEventListener('click', (event) => {
      const box = this.canvas.getBoundingClientRect();
      const tile = (part) => Math.min(Math.max(Math.floor(part * SIDE), 0), SIDE - 1);
      const column = tile((event.clientX - box.left) / box.width);
      go(SIDE * tile((event.clientY - box.top) / box.height) + column);
      chosen(this.cursor);
    });
    this.canvas.addEventListener('keydown', (event) => {
      const column = this.cursor % SIDE;
      const row = Math.floor(this.cursor / SIDE);
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const taken = event.key === 'Enter' || event.key === ' ';
      if ((!way && !taken) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (taken) return chosen(this.cursor);
      const inside = (i) => Math.min(Math.max(i, 0), SIDE - 1);
      go(SIDE * inside(row + way[1]) + inside(column + way[0]));
    });
  }

  // Draw what each network says around the four points. The stuck ones, of trainings that are done, are veiled,
  // framed and numbered. On a map a ring shows where the start lies that it is a map of.
  draw(trainings, around) {
    const context = this.canvas.getContext('2d');
    const { width } = this.canvas;
    const image = context.createImageData(width, width);
    const pixels = new Uint32Array(image.data.buffer);
    const tints = tintsOf(this.frame);
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

  #ring(context, [w11, , w21]) {
    const at = (weight) => (weight / 8 + 0.5) * SIDE * TILE; // twenty tiles go from −4 to 4
    context.beginPath();
    context.arc(at(w11), at(-w21), TILE * 0.45, 0, 2 * Math.PI);
    this.#outline(context, () => context.stroke());
  }

  // A line in the accent's colour, seen on any ground.
  #outline(context, stroke) {
    for (const [name, lineWidth] of [
      ['surface', 8],
      ['accent', 4],
    ]) {
      Object.assign(context, { strokeStyle: this.frame.colour(name), lineWidth });
      stroke();
    }
  }

  #mark(context, endings) {
    const [surface, ink] = ['surface', 'ink'].map((name) => this.frame.colour(name));
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

  #frameCursor(context) {
    const left = (this.cursor % SIDE) * TILE;
    const top = Math.floor(this.cursor / SIDE) * TILE;
    this.#outline(context, () => context.strokeRect(left, top, TILE, TILE));
  }
}

// Eleven colours of the theme from no to yes, as a canvas stores them.
function tintsOf(frame) {
  const [no, middle, yes] = ['no', 'middle', 'yes'].map((name) => {
    const hex = frame.colour(`tint-${name}`);
    return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  });
  return Array.from({ length: 11 }, (_, band) => {
    const p = band / 5;
    const [from, to, part] = p < 1 ? [no, middle, p] : [middle, yes, p - 1];
    const [r, g, b] = from.map((c, i) => Math.round(c + part * (to[i] - c)));
    return new Uint32Array(Uint8ClampedArray.of(r, g, b, 255).buffer)[0];
  });
}

// A tile in words.
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
