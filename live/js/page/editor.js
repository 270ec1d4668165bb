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
 * Open an editor in `parent`; return {text(), replace(text), focus()}.
 * Shift+Enter and Ctrl+Enter call `run`; Escape, then Tab, leaves the editor by keyboard.
 */
function open(parent, text, label, { changed, run }) {
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
      EditorView.updateListener.of((update) => update.docChanged && changed(view.state.doc.toString())),
    ],
  });
  return {
    text: () => view.state.doc.toString(),
    replace: (words) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: words } }),
    focus: () => view.focus(),
  };
}

window.liveEditor = { open };
