// Making elements in one line each.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Attributes by name: true sets an empty one, null and false take one away, and a function listens to the event of
 * that name.
 *
 * @typedef {Record<string, string | number | boolean | null | undefined | (() => void)>} Attributes
 */

/**
 * Return a new HTML element: element('p', { class: 'note' }, 'text', otherElement).
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} attributes
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/**
 * Return a new SVG element, likewise.
 *
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} attributes
 * @param {...(Node | string)} children
 */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * Set or change attributes.
 *
 * @template {Element} E
 * @param {E} node
 * @param {Attributes} attributes
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value === null || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  return node;
}

/**
 * @template {Element} E
 * @param {E} node
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
function furnish(node, attributes, children) {
  node.append(...children);
  return set(node, attributes);
}

/**
 * The two-dimensional drawing of a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function brush(canvas) {
  // null only for a canvas that has a context of another kind
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}

/**
 * The way of an arrow key, x to the right and y upwards; undefined for other keys.
 *
 * @param {string} key
 * @returns {[number, number] | undefined}
 */
export function arrow(key) {
  switch (key) {
    case 'ArrowLeft':
      return [-1, 0];
    case 'ArrowRight':
      return [1, 0];
    case 'ArrowDown':
      return [0, -1];
    case 'ArrowUp':
      return [0, 1];
  }
}

/**
 * Return a number as text with a real minus sign: text(-0.5) is “−0.500”.
 *
 * @param {number} value
 * @param {number} digits after the point
 */
export function text(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞';
  const shown = value.toFixed(digits);
  return (Number(shown) === 0 ? shown.replace('-', '') : shown).replace('-', '−');
}
