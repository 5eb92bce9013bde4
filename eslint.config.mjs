import { configWithoutCloudSupport } from '@n8n/node-cli/eslint';
import { globalIgnores } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';

/**
 * n8n's community rules, with only those switched off that forbid what this package is for:
 *
 * - `configWithoutCloudSupport` leaves out `no-restricted-globals` and `no-restricted-imports`, the two rules for
 *   n8n Cloud: the trigger needs timers and `ws`, the transport needs `undici`. The package is for self-hosted n8n.
 * - `no-runtime-dependencies`: undici (one connection pool per PBX), ws (pings and handshake status), libphonenumber-js
 *   (E.164), luxon (the workflow's time zone), js-yaml (a PBX's own API description) and wavefile (audio of any rate) are
 *   installed with the package, not bundled into it.
 */
export default [
	globalIgnores(['.playground', 'sandbox/n8n/node_modules', 'coverage']),
	...configWithoutCloudSupport,
	{
		// The playground and the scripts start real programs (n8n, npm); none of this is in the published package.
		files: ['sandbox/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'],
		rules: { '@n8n/community-nodes/no-dangerous-functions': 'off' },
	},
	{
		// Who imports whom: no circles, so that each module can be read, tested and loaded by itself (types may refer to
		// each other); and `lib` is 3CX without n8n, for whoever has never heard of n8n.
		files: [
			'lib/**/*.ts',
			'nodes/**/*.ts',
			'credentials/**/*.ts',
			'sandbox/**/*.ts',
			'test/**/*.ts',
		],
		settings: {
			'import-x/extensions': ['.ts'],
			'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
		},
		rules: {
			'import-x/no-cycle': ['error', { ignoreExternal: true }],
			// Says of `fc.assert` and `path.join` that they could be imported by name: they are meant as they stand.
			'import-x/no-named-as-default-member': 'off',
		},
	},
	{
		// No pattern that takes longer than the text it reads: what it reads may come from a PBX or a caller, and stops n8n.
		files: [
			'lib/**/*.ts',
			'nodes/**/*.ts',
			'credentials/**/*.ts',
			'sandbox/**/*.ts',
			'scripts/**/*.{ts,mjs}',
		],
		plugins: { regexp },
		rules: {
			'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
			'regexp/no-super-linear-move': ['error', { report: 'potential' }],
		},
	},
	{
		files: ['lib/**/*.ts'],
		rules: {
			'@typescript-eslint/no-restricted-imports': [
				'error',
				{
					patterns: [
						{
							group: [
								'n8n-*',
								'@n8n/*',
								'**/nodes/**',
								'**/credentials/**',
								'**/sandbox/**',
								'**/test/**',
							],
							message: 'lib is 3CX without n8n: hand in from outside what it needs.',
						},
					],
				},
			],
		},
	},
	{
		files: ['package.json'],
		rules: { '@n8n/community-nodes/no-runtime-dependencies': 'off' },
	},
];
