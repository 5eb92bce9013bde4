import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { assertN8nSupported, OLDEST_N8N } from '../../nodes/shared/n8nVersion';
import versions from '../../sandbox/n8n/versions.json';

/** What the nodes say where n8n is too old, and that all places agree on what that is. */

const said = (version?: string) => {
	try {
		assertN8nSupported(version);
		return 'passes';
	} catch (error) {
		return (error as Error).message;
	}
};
const [major, minor] = OLDEST_N8N.split('.').map(Number) as [number, number];

test.each([
	['1.123.4', 'The 3CX nodes need n8n 2.30 or later; this is n8n 1.123'],
	['2.0.0', 'The 3CX nodes need n8n 2.30 or later; this is n8n 2.0'],
	['2.9.9', 'The 3CX nodes need n8n 2.30 or later; this is n8n 2.9'],
	['2.29.7', 'The 3CX nodes need n8n 2.30 or later; this is n8n 2.29'],
	['2.30.0', 'passes'],
	['2.41.3', 'passes'],
	['2.100.0-rc.1', 'passes'],
	['3.0.0', 'passes'],
	// n8n may stop saying so: then nobody is kept out.
	['', 'passes'],
	['nightly', 'passes'],
])('n8n %s: %s', (version, message) => {
	expect(said(version)).toBe(message);
});

test('a version passes exactly if it is not before the oldest', () => {
	const number = fc.nat({ max: 200 });
	fc.assert(
		fc.property(number, number, number, (first, second, third) => {
			const isBefore = first !== major ? first < major : second < minor;
			expect(said(`${first}.${second}.${third}`) === 'passes').toBe(!isBefore);
		}),
	);
});

test('the n8n around us is seen, and is supported', () => {
	expect(said()).toBe('passes');
});

test('README, tests and check name the same oldest n8n', () => {
	const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
	expect(readme).toContain(`self-hosted n8n** ${OLDEST_N8N} or later`);
	expect(versions.oldest.split('.').slice(0, 2).join('.')).toBe(OLDEST_N8N);
});
