// A pen on a field of 28 × 28 pixels: strokes to pixels as in `mininet_course.explorers.mnist`, and strokes as text.
//
// Places are from 0 to 28 on the field, y downwards.

/** @import { Field } from './state.js' */
/** @import { Place } from './plane.js' */
/** @typedef {Place[]} Stroke */

/** The side of MNIST's pictures, in pixels. */
export const FIELD = 28;
/** The side of the box that a digit of MNIST fits. */
export const BOX = 20;
/** Half the width of a stroke, in pixels. */
export const BRUSH = 1.3;

/**
 * How much ink each pixel has: by how much its centre lies within the brush's width of a line. Here pixel (0, 0)
 * has its centre at (0, 0).
 *
 * @param {Stroke[]} lines
 */
export function stamp(lines) {
  const ink = new Float64Array(FIELD * FIELD);
  for (let row = 0; row < FIELD; row++) {
    for (let column = 0; column < FIELD; column++) {
      let nearest = Infinity;
      for (const line of lines) {
        line.forEach(([x, y], i) => {
          const [endX, endY] = line[i + 1] ?? [x, y];
          const dx = endX - x;
          const dy = endY - y;
          const along = ((column - x) * dx + (row - y) * dy) / Math.max(dx * dx + dy * dy, 1e-12);
          const part = Math.min(Math.max(along, 0), 1);
          nearest = Math.min(nearest, Math.hypot(column - x - part * dx, row - y - part * dy));
        });
      }
      ink[row * FIELD + column] = Math.min(Math.max(BRUSH + 0.5 - nearest, 0), 1);
    }
  }
  return ink;
}

/**
 * @param {Stroke[]} strokes
 * @param {(place: Place) => Place} move
 */
const moved = (strokes, move) => strokes.map((stroke) => stroke.map(move));

/**
 * The ink just where it was drawn.
 *
 * @param {Stroke[]} strokes
 */
export function asDrawn(strokes) {
  return stamp(moved(strokes, ([x, y]) => [x - 0.5, y - 0.5]));
}

/**
 * The centre of mass of an image that has some ink.
 *
 * @param {Float64Array} ink
 * @returns {Place}
 */
export function centreOfMass(ink) {
  let mass = 0;
  let x = 0;
  let y = 0;
  ink.forEach((value, i) => {
    mass += value;
    x += value * (i % FIELD);
    y += value * Math.floor(i / FIELD);
  });
  return [x / mass, y / mass];
}

/**
 * The drawing as MNIST's makers prepared theirs: scaled to fit 20 × 20 pixels, and moved until its centre of mass is
 * the middle of the field.
 *
 * @param {Stroke[]} strokes
 */
export function asMnist(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return new Float64Array(FIELD * FIELD);
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const extent = Math.max(Math.max(...xs) - left, Math.max(...ys) - top);
  const room = BOX - 2 * BRUSH;
  const scale = extent ? room / extent : 0; // a dot stays a dot
  const lines = moved(strokes, ([x, y]) => [(x - left) * scale, (y - top) * scale]);
  const middle = (FIELD - 1) / 2;
  const offset = [middle - room / 2, middle - room / 2];
  const inked = () => stamp(moved(lines, ([x, y]) => [x + offset[0], y + offset[1]]));
  // stamped to find the centre of mass, and again where that is nearly the middle
  for (let i = 0; i < 2; i++) {
    const [x, y] = centreOfMass(inked());
    offset[0] += middle - x;
    offset[1] += middle - y;
  }
  return inked();
}

// Strokes as text, three letters a point, for a link: places are kept to a sixteenth of a pixel.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PARTS = 16;
const PLACES = FIELD * PARTS + 1;
/** How many points a drawing may have. */
export const MOST = 1200;

/**
 * A point on the field, kept to what a link can carry.
 *
 * @param {Place} point
 * @returns {Place}
 */
export function kept([x, y]) {
  const near = (/** @type {number} */ v) => Math.round(Math.min(Math.max(v, 0), FIELD) * PARTS) / PARTS;
  return [near(x), near(y)];
}

/**
 * @param {string} letters three of them
 * @returns {Place | undefined}
 */
function readPoint(letters) {
  const n = [...letters].reduce((sum, letter) => 64 * sum + LETTERS.indexOf(letter), 0);
  if (letters.length !== 3 || n >= PLACES ** 2) return undefined;
  return [Math.floor(n / PLACES) / PARTS, (n % PLACES) / PARTS];
}

/** @param {Place} point */
function writePoint(point) {
  const [x, y] = kept(point).map((v) => v * PARTS);
  const n = x * PLACES + y;
  return LETTERS[n >> 12] + LETTERS[(n >> 6) & 63] + LETTERS[n & 63];
}

/**
 * A field that holds strokes.
 *
 * @param {Stroke[]} start
 * @returns {Field<Stroke[]>}
 */
export const strokesField = (start) => ({
  start,
  read(text) {
    if (text.length > 3 * MOST + 200 || !/^[\w.-]*$/.test(text)) return undefined;
    const lines = text.split('.').filter((letters) => letters);
    const strokes = lines.map((letters) => (letters.match(/.{1,3}/g) ?? []).map(readPoint));
    const sound = strokes.map((stroke) => stroke.filter((point) => point !== undefined));
    return sound.flat().length === strokes.flat().length ? sound : undefined;
  },
  write: (strokes) => strokes.map((stroke) => stroke.map(writePoint).join('')).join('.'),
});
