// A pen on a field of 28 × 28 pixels: strokes to pixels as in `mininet_course.explorers.mnist`, and strokes as text.
//
// A stroke is a list of points [x, y], y downwards, from 0 to 28 on the field.

export const FIELD = 28;
export const BOX = 20; // MNIST: the digit fits a box of 20 × 20 pixels in a field of 28 × 28
export const BRUSH = 1.3; // half the width of a stroke, in pixels

// How much ink each pixel has: by how much its centre lies within the brush's width of a line. Here pixel (0, 0)
// has its centre at (0, 0).
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

// The ink just where it was drawn.
export function asDrawn(strokes) {
  return stamp(strokes.map((stroke) => stroke.map(([x, y]) => [x - 0.5, y - 0.5])));
}

// The centre of mass [x, y] of an image that has some ink.
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

// The drawing as MNIST's makers prepared theirs: scaled to fit 20 × 20 pixels, and moved until its centre of mass is
// the middle of the field.
export function asMnist(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return new Float64Array(FIELD * FIELD);
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const extent = Math.max(Math.max(...xs) - left, Math.max(...ys) - top);
  const room = BOX - 2 * BRUSH;
  const scale = extent ? room / extent : 0; // a dot stays a dot
  const lines = strokes.map((stroke) => stroke.map(([x, y]) => [(x - left) * scale, (y - top) * scale]));
  const middle = (FIELD - 1) / 2;
  const offset = [middle - room / 2, middle - room / 2];
  const moved = () => stamp(lines.map((line) => line.map(([x, y]) => [x + offset[0], y + offset[1]])));
  // stamped to find the centre of mass, and again where that is nearly the middle
  for (let i = 0; i < 2; i++) {
    const [x, y] = centreOfMass(moved());
    offset[0] += middle - x;
    offset[1] += middle - y;
  }
  return moved();
}

// Strokes as text, three letters a point, for a link: places are kept to a sixteenth of a pixel.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PARTS = 16;
const PLACES = FIELD * PARTS + 1;
export const MOST = 1200; // points

// A point on the field, kept to what a link can carry.
export const kept = ([x, y]) =>
  [x, y].map((v) => Math.round(Math.min(Math.max(v, 0), FIELD) * PARTS) / PARTS);

export const strokesField = (start) => ({
  start,
  read(text) {
    if (text.length > 3 * MOST + 200 || !/^[\w.-]*$/.test(text)) return undefined;
    const strokes = text
      .split('.')
      .filter((s) => s)
      .map((letters) =>
        letters.match(/.{1,3}/g).map((three) => {
          const n = [...three].reduce((sum, letter) => 64 * sum + LETTERS.indexOf(letter), 0);
          return three.length === 3 && n < PLACES ** 2
            ? [Math.floor(n / PLACES) / PARTS, (n % PLACES) / PARTS]
            : null;
        }),
      );
    return strokes.flat().includes(null) ? undefined : strokes;
  },
  write: (strokes) =>
    strokes
      .map((stroke) =>
        stroke
          .map((point) => {
            const [x, y] = kept(point).map((v) => v * PARTS);
            const n = x * PLACES + y;
            return LETTERS[n >> 12] + LETTERS[(n >> 6) & 63] + LETTERS[n & 63];
          })
          .join(''),
      )
      .join('.'),
});
