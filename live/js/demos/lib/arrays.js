// Arrays from a script that live/arrays.py wrote: a page opened from disk can load scripts, and no other file.

// A 16-bit floating point number from its bits.
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const READERS = {
  float16: (view, i) => half(view.getUint16(2 * i, true)),
  float32: (view, i) => view.getFloat32(4 * i, true),
  uint8: (view, i) => view.getUint8(i),
};

// { name: { dtype, shape, data } } as { name: { shape, values } }, the values as Float32Array.
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

// Load the script at an address and return what it holds under this name.
export function load(name, address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => resolve(decode(globalThis.demoArrays[name]));
    script.onerror = () => reject(new Error(`${address} could not be loaded`));
    document.head.append(script);
  });
}
