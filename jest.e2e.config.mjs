import base from './jest.config.mjs';

/** Tests in a real n8n (`npm run e2e`): slow to start, so they run one file after another and apart from `npm test`. */
export default {
	...base,
	testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
	testPathIgnorePatterns: ['/node_modules/'],
	testTimeout: 60_000,
	maxWorkers: 1,
};
