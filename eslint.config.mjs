import { configWithoutCloudSupport } from '@n8n/node-cli/eslint';
import { globalIgnores } from 'eslint/config';

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
		files: ['package.json'],
		rules: { '@n8n/community-nodes/no-runtime-dependencies': 'off' },
	},
];
