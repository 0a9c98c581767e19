import tseslint from 'typescript-eslint';

/** Folders that a file must not import from: the arrows of the design point one way. */
const forbid = (...folders) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: folders.map((folder) => ({
        regex: `^\\.\\.?/(.*/)?${folder}/`,
        message: `Imports point one way: scripts → proxy, migrations. This folder must not reach into ${folder}.`,
      })),
    },
  ],
});

export default tseslint.config(
  { ignores: ['**/dist', 'node_modules', '.strangler', '**/*.gen.ts', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      eqeqeq: ['error', 'always'],
    },
  },
  { files: ['proxy/**'], rules: forbid('migrations', 'scripts', 'legacy-monolith', 'extracted') },
  { files: ['migrations/**'], rules: forbid('proxy', 'scripts', 'legacy-monolith', 'extracted') },
  {
    // What is compared with times in the store asks the store what time it is.
    files: ['migrations/**'],
    ignores: ['**/*.test.ts', 'migrations/databases/finding.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message:
            'Measure time by performance.now(): a clock that is set back must not hold up what is due.',
        },
      ],
    },
  },
  {
    files: ['scripts/**'],
    ignores: ['scripts/demo/**', 'scripts/testing/**'],
    rules: forbid('legacy-monolith', 'extracted'),
  },
  { files: ['legacy-monolith/**'], rules: forbid('proxy', 'migrations', 'extracted') },
  { files: ['extracted/**'], rules: forbid('proxy', 'migrations', 'legacy-monolith') },
  {
    files: ['**/*.test.ts', 'scripts/testing/**'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  // A test may use the test bed; nothing else in a folder may.
  { files: ['extracted/service/testing/**'], rules: forbid('proxy', 'legacy-monolith') },
  { files: ['proxy/**/*.test.ts'], rules: forbid('migrations', 'legacy-monolith', 'extracted') },
  { files: ['migrations/**/*.test.ts'], rules: forbid('proxy', 'legacy-monolith', 'extracted') },
);
