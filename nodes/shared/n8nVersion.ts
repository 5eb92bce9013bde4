import { createRequire } from 'node:module';
import { ThreeCxError } from '../../lib/http/errors';

/**
 * The oldest n8n that is supported, and that `npm run e2e:versions` begins with. Before it n8n drops what we store beside
 * a token when it renews the token, so executions would not share one, and each new token ends the last (protocol 1.4).
 *
 * `peerDependencies` cannot say it: n8n deletes that field before it installs a package, a range would be of
 * `n8n-workflow`, whose patch numbers are not n8n's, and n8n's rule `valid-peer-dependencies` wants `*`.
 */
export const OLDEST_N8N = '2.30';

/** Version of the `n8n-workflow` that n8n has loaded. Its major and minor number are those of n8n itself. */
const RUNNING = workflowVersion();

/**
 * Says it clearly where n8n is too old, instead of failing in some odd way later.
 *
 * @param version of n8n, such as `2.41.3`; what cannot be read as a version passes
 * @throws ThreeCxError of kind `input` when n8n is older than {@link OLDEST_N8N}
 */
export function assertN8nSupported(version = RUNNING): void {
	const [major, minor] = numbersOf(version);
	const [oldestMajor, oldestMinor] = numbersOf(OLDEST_N8N);
	if (!(major < oldestMajor || (major === oldestMajor && minor < oldestMinor))) return;
	throw new ThreeCxError({
		kind: 'input',
		message: `The 3CX nodes need n8n ${OLDEST_N8N} or later; this is n8n ${major}.${minor}`,
		hint: 'Update n8n. Your workflows and credentials stay as they are.',
	});
}

/** Major and minor number; NaN where there is none, which is neither smaller nor greater than any number. */
function numbersOf(version: string): [major: number, minor: number] {
	const [, major, minor] = /^(\d{1,9})\.(\d{1,9})/.exec(version) ?? [];
	return [Number(major ?? NaN), Number(minor ?? NaN)];
}

function workflowVersion(): string {
	try {
		const manifest = createRequire(__filename)('n8n-workflow/package.json') as {
			version?: unknown;
		};
		return String(manifest.version);
	} catch {
		// Nothing that a node could not do without.
		return '';
	}
}
