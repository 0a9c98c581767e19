export default {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.strangler/'],
  modulePathIgnorePatterns: ['/dist/', '/.strangler/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './scripts/testing/strip-types.mjs' },
  globalSetup: './scripts/testing/global-setup.mjs',
  globalTeardown: './scripts/testing/global-teardown.mjs',
  reporters: ['default', './scripts/testing/closing-line-reporter.mjs'],
  testTimeout: 120_000,
  maxWorkers: 2,
};
