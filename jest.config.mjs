const shared = {
  testEnvironment: 'node',
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.strangler/'],
  modulePathIgnorePatterns: ['/dist/', '/.strangler/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/testing/strip-types.mjs' },
  globalSetup: '<rootDir>/scripts/testing/global-setup.mjs',
  globalTeardown: '<rootDir>/scripts/testing/global-teardown.mjs',
};

/** The proxy has two lanes, and whatever its tests say of one has to hold on the other. */
export default {
  projects: [
    { ...shared, displayName: 'general lane', testMatch: ['**/*.test.ts'] },
    {
      ...shared,
      displayName: 'fast lane',
      testMatch: ['<rootDir>/proxy/data-plane/**/*.test.ts'],
      // These are about both already.
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '/data-plane/fast/'],
      setupFiles: ['<rootDir>/scripts/testing/fast-lane.mjs'],
    },
  ],
  reporters: ['default', './scripts/testing/closing-line-reporter.mjs'],
  testTimeout: 120_000,
  maxWorkers: 2,
};
