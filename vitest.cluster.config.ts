import { defineConfig } from 'vitest/config'

const report = process.env.VITEST_JSON

/** Tests on a real control plane; `npm test` needs none of its tools. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Each file has an API server of its own.
    maxWorkers: 1,
    ...(report && { reporters: ['default', ['json', { outputFile: report }]] }),
  },
})
