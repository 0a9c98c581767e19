// Each test file has an environment of its own, so this is not seen by the others.
process.env.STRANGLER_TEST_LANE = 'fast';
