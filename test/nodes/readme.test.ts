import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operationsOf } from '../../nodes/ThreeCx/operations';
import { RESOURCES } from '../../nodes/ThreeCx/resources';

/** What README.md says that the 3CX node can do is what it can do. */

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
const [, section = ''] = /^## The 3CX node\n(.*?)^## /ms.exec(readme) ?? [];

/** Each row of the table as `Resource: Operation, Operation`. */
const told = section
	.split('\n')
	.map((line) => line.split('|').map((cell) => cell.trim()))
	.filter(([, resource = '-']) => resource !== 'resource' && !resource.startsWith('-'))
	.map(([, resource, operations]) => `${resource}: ${operations}`);

test('the table in README.md has each resource with its operations, in the order of the panel', () => {
	const offered = RESOURCES.map(
		(resource) =>
			`${resource.label}: ${operationsOf(resource)
				.map(({ label }) => label)
				.join(', ')}`,
	);
	expect(told).toEqual(offered);
});
