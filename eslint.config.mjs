import rxjs from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'dist-docs',
      'examples',
      'coverage',
      'node_modules',
      'data',
      '**/*.mjs',
      '.dependency-cruiser.cjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  rxjs.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'rxjs-x/no-internal': 'error',
    },
  },
  {
    // Environment, signals and memory use enter through Env.
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts'],
    rules: { 'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts touches the process.' }] },
  },
  {
    // One place subscribes; everything else describes.
    files: ['src/**/*.ts'],
    ignores: ['src/control/lifecycle.ts', 'src/cli/**', 'src/client/**', 'src/testing/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.property.name='subscribe']:not(NewExpression[callee.name='Observable'] CallExpression)",
          message: 'Subscribe only inside a new Observable, in control/lifecycle.ts, cli/, client/ and testing/.',
        },
      ],
    },
  },
);
