/** Tests run on the sources: swc strips the types, `npm run lint` checks them. */
export default {
	testEnvironment: 'node',
	testMatch: ['<rootDir>/test/**/*.test.ts'],
	testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
	modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.playground', '<rootDir>/sandbox/n8n'],
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }] },
	setupFiles: ['<rootDir>/test/support/quiet.cjs'],
	setupFilesAfterEnv: ['<rootDir>/test/support/watchSuite.ts'],
	testTimeout: 20_000,
	reporters: ['default', '<rootDir>/test/plainReporter.cjs'],
};
