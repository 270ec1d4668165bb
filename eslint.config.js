import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['_build/', '.venv/', 'live/static/', 'node_modules/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'module' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'one-var': ['error', 'never'],
      'prefer-const': 'error',
      'max-len': ['error', { code: 120 }],
    },
  },
  { files: ['live/js/**'], languageOptions: { globals: globals.browser } },
  { files: ['live/js/worker/**'], languageOptions: { globals: globals.worker } },
  { files: ['live/build.js', 'tests/pages/js/**'], languageOptions: { globals: globals.node } },
];
