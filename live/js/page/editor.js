// The editor that takes a code cell's place when a reader begins to change it: CodeMirror, loaded when first wanted.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';

// colours are CSS variables, set for light and dark pages in live.css
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--live-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--live-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--live-number)' },
  { tag: tags.comment, color: 'var(--live-comment)' },
  { tag: [tags.function(tags.variableName), tags.className], color: 'var(--live-name)' },
]);

/**
 * An open editor.
 *
 * @typedef {object} Editor
 * @property {() => string} text
 * @property {(words: string) => void} replace
 * @property {() => void} focus
 */

/**
 * Open an editor. Escape, then Tab, leaves it by keyboard.
 *
 * @param {HTMLElement} parent
 * @param {string} text what stands in it
 * @param {string} label its name for those who do not see it
 * @param {object} on
 * @param {(text: string) => void} on.changed
 * @param {() => void} on.run called by Shift+Enter and Ctrl+Enter
 * @returns {Editor}
 */
export function open(parent, text, label, { changed, run }) {
  const act = () => {
    run();
    return true;
  };
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      // the first that knows a key gets it
      keymap.of([
        { key: 'Shift-Enter', run: act },
        { key: 'Mod-Enter', run: act },
      ]),
      keymap.of([indentWithTab, ...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
      history(),
      python(),
      indentUnit.of('    '),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      syntaxHighlighting(colours),
      EditorView.contentAttributes.of({
        'aria-label': label,
        title: 'Shift+Enter runs the cell; Escape, then Tab, leaves it',
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(view.state.doc.toString());
      }),
    ],
  });
  return {
    text: () => view.state.doc.toString(),
    replace: (words) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: words } }),
    focus: () => view.focus(),
  };
}

window.liveEditor = { open };
