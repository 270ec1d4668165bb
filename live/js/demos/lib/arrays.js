// Arrays from a script that live/arrays.py wrote: a page opened from disk can load scripts, and no other file.

/** @typedef {Record<string, { dtype: keyof typeof READERS, shape: number[], data: string }>} StoredArrays */
/** @typedef {Record<string, { shape: number[], values: Float32Array }>} Arrays by name; the values row by row */

/**
 * A 16-bit floating point number from its bits.
 *
 * @param {number} bits
 */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** @satisfies {Record<string, (view: DataView, i: number) => number>} the i-th number of a view, by dtype */
const READERS = {
  float16: (view, i) => half(view.getUint16(2 * i, true)),
  float32: (view, i) => view.getFloat32(4 * i, true),
  uint8: (view, i) => view.getUint8(i),
};

/**
 * Arrays as numbers.
 *
 * @param {StoredArrays} arrays
 * @returns {Arrays}
 */
export function decode(arrays) {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape, data }]) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const view = new DataView(bytes.buffer);
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        READERS[dtype](view, i),
      );
      return [name, { shape, values }];
    }),
  );
}

/**
 * Load a script and return what it holds under a name.
 *
 * @param {string} name
 * @param {string} address
 * @returns {Promise<Arrays>}
 */
export function load(name, address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => resolve(decode(globalThis.demoArrays[name]));
    script.onerror = () => reject(new Error(`${address} could not be loaded`));
    document.head.append(script);
  });
}
