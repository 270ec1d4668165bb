// Loads a script or style sheet of the book when it is first wanted.

const loading = new Map();

function load(tag, attributes, address) {
  if (!loading.has(address)) {
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
  }
  return loading.get(address);
}

export const loadScript = (src) => load('script', { src }, src);
export const loadStyle = (href) => load('link', { rel: 'stylesheet', href }, href);
