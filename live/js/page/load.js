// Loads a script or style sheet of the book when it is first wanted.

/** @type {Map<string, Promise<unknown>>} */
const loading = new Map();

/**
 * @param {'script' | 'link'} tag
 * @param {Partial<HTMLScriptElement & HTMLLinkElement>} attributes
 * @param {string} address
 * @returns {Promise<unknown>} settled when it is there, or could not be loaded
 */
function load(tag, attributes, address) {
  const known = loading.get(address);
  if (known) return known;
  const done = new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      loading.delete(address); // it may be tried again
      reject(new Error(`${address} could not be loaded`));
    };
    document.head.append(element);
  });
  loading.set(address, done);
  return done;
}

/** @param {string} src */
export const loadScript = (src) => load('script', { src }, src);

/** @param {string} href */
export const loadStyle = (href) => load('link', { rel: 'stylesheet', href }, href);
