// Predictions: the options become buttons, and what settles the question opens once the reader has committed.
import { Store } from './store.js';

/**
 * What a reader has chosen, by the question.
 *
 * @typedef {Record<string, string>} Choices
 */

/**
 * The letter that an option or an explanation begins with: “B” of “B is right. No mistake …”.
 *
 * @param {string} text
 */
export function letter(text) {
  return /^\s*([A-H])\b/.exec(text)?.[1] ?? '';
}

/**
 * The right letter, which is that of the explanation that begins “C is right”.
 *
 * @param {string[]} explanations
 */
export function rightOne(explanations) {
  return letter(explanations.find((text) => /^\s*[A-H] is right\b/.test(text)) ?? '');
}

/**
 * What is said after a choice.
 *
 * @param {string} chosen
 * @param {string} right
 */
export function verdict(chosen, right) {
  return chosen === right
    ? `✓ You said ${chosen}, and ${chosen} is right.`
    : `✗ You said ${chosen}. ${right} is right.`;
}

/**
 * What is said at a chapter's end.
 *
 * @param {number} made
 * @param {number} right
 * @param {number} all
 */
export function summary(made, right, all) {
  if (!made) return `This page asks for ${all} predictions; you have made none yet.`;
  return `You predicted ${made} of ${all}, and were right ${right === 1 ? 'once' : `${right} times`}.`;
}

/** One question, with its explanations and the outputs that settle it. */
class Prediction {
  right;
  chosen = '';
  #answers;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #said = Object.assign(document.createElement('p'), { className: 'predict-said' });
  #settles;

  /**
   * @param {HTMLElement} box
   * @param {HTMLElement} answers
   * @param {(prediction: Prediction) => void} committed
   */
  constructor(box, answers, committed) {
    const items = Array.from(answers.querySelectorAll('li'), (item) => item.textContent);
    this.question = box.textContent.replace(/\s+/g, ' ').trim();
    this.right = rightOne(items);
    this.#answers = answers;
    this.#settles = outputsAfter(answers);
    const list = /** @type {HTMLElement} */ (box.querySelector('ul'));
    const group = document.createElement('div');
    group.className = 'predict-options';
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', 'Your prediction');
    for (const item of list.querySelectorAll(':scope > li')) {
      const button = Object.assign(document.createElement('button'), { type: 'button' });
      const name = letter(item.textContent);
      button.append(...item.childNodes);
      button.onclick = () => {
        if (this.chosen) return;
        this.show(name);
        committed(this);
      };
      this.#buttons.set(name, button);
      group.append(button);
    }
    list.replaceWith(group);
    this.#said.setAttribute('role', 'status');
    group.after(this.#said);
  }

  /**
   * Show a choice, whether it is right, the explanations and the outputs.
   *
   * @param {string} chosen
   */
  show(chosen) {
    this.chosen = chosen;
    this.#said.textContent = verdict(chosen, this.right);
    for (const [name, button] of this.#buttons) {
      button.setAttribute('aria-pressed', String(name === chosen));
      button.setAttribute('aria-disabled', 'true');
      button.dataset.is = name === this.right ? 'right' : 'wrong';
    }
    const fold = this.#answers.querySelector('button.toggle-button');
    if (this.#answers.classList.contains('toggle-hidden') && fold instanceof HTMLElement) fold.click();
    for (const details of this.#settles) details.open = true;
  }
}

/**
 * The folded outputs that follow a question, up to the next one or the end of its section.
 *
 * @param {HTMLElement} answers
 */
function outputsAfter(answers) {
  /** @type {HTMLDetailsElement[]} */
  const found = [];
  for (let next = answers.nextElementSibling; next; next = next.nextElementSibling) {
    if (next.matches('section, .predict')) break;
    if (next.matches('.cell.tag_hide-output')) found.push(...next.querySelectorAll('details'));
  }
  return found;
}

/**
 * Bring a page's predictions to life.
 *
 * @param {string} page
 * @param {Store} store
 */
function begin(page, store) {
  const choices = store.choices(page);
  /** @type {Prediction[]} */
  const all = [];
  const end = Object.assign(document.createElement('p'), { className: 'predict-summary' });
  const count = () => {
    const made = all.filter((prediction) => prediction.chosen);
    const right = made.filter((prediction) => prediction.chosen === prediction.right).length;
    end.textContent = summary(made.length, right, all.length);
  };
  const committed = (/** @type {Prediction} */ prediction) => {
    store.choose(page, prediction.question, prediction.chosen);
    count();
  };
  /** @type {NodeListOf<HTMLElement>} */
  const boxes = document.querySelectorAll('.admonition.predict');
  for (const box of boxes) {
    const answers = box.nextElementSibling;
    if (answers instanceof HTMLElement && answers.matches('.predict-answers') && box.querySelector('ul'))
      all.push(new Prediction(box, answers, committed));
  }
  if (!all.length) return;
  for (const prediction of all) {
    const chosen = choices[prediction.question];
    if (chosen) prediction.show(chosen);
  }
  document.querySelector('section#summary > :is(h2, h3)')?.after(end);
  count();
  window.addEventListener('beforeprint', () => {
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const folded = document.querySelectorAll('.cell.tag_hide-output details');
    for (const details of folded) details.open = true;
  });
}

if (typeof document !== 'undefined') {
  // the explanations' folds are made by another script, when the page has been read
  window.addEventListener('load', () => {
    const { page } = JSON.parse(document.getElementById('live-config')?.textContent ?? '{}');
    begin(page, new Store(page));
  });
}
