import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';
import { RESOURCES } from '../../../nodes/ThreeCx/resources';
import { leftOver, measure } from './measure';

/**
 * `npm run -s xapi:coverage -- --spec <swagger.yaml>`
 *
 * Proves that Any Operation can call everything that a 3CX describes: builds a request for each operation through the
 * node's own code and checks it against the description. The last line is the result as JSON; exit code 1 when an
 * operation fails.
 *
 * `npm run -s xapi:coverage -- --left` says instead which operations no resource of the 3CX node calls yet: a line for each
 * entity set or settings object.
 */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { spec: { type: 'string' }, left: { type: 'boolean' } },
		strict: true,
	});
	if (values.left) {
		for (const [set, ids] of leftOver(RESOURCES))
			process.stdout.write(`${set}: ${ids.join(', ')}\n`);
		return;
	}
	if (!values.spec) throw new Error('Say where the description is: --spec <path to swagger.yaml>');
	const coverage = await measure(load(await readFile(values.spec, 'utf8')), RESOURCES);
	for (const { operation, problems } of coverage.failures) {
		process.stdout.write(`${operation}\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
	}
	process.stdout.write(`${JSON.stringify(coverage)}\n`);
	if (coverage.failures.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
});
