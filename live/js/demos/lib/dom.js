// Making elements in one line each.

const SVG = 'http://www.w3.org/2000/svg';

// Return a new HTML element: element('p', { class: 'note' }, 'text', otherElement).
// A function among the attributes listens to the event of that name.
export function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

// Return a new SVG element, likewise.
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

// Set or change attributes; null and false take one away.
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value === null || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : value);
  }
  return node;
}

function furnish(node, attributes, children) {
  node.append(...children);
  return set(node, attributes);
}

// Return a number as text with a real minus sign: text(-0.5) is “−0.500”.
export function text(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞';
  const shown = value.toFixed(digits);
  return (Number(shown) === 0 ? shown.replace('-', '') : shown).replace('-', '−');
}
