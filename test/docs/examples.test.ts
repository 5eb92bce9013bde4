import { writeFileSync } from 'node:fs';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import type { Example } from '../../scripts/docs/example';
import { ofCallControl, ofHistory, ofResource, ofSystemTrigger, ofTrigger } from './record';
import { EXAMPLES_FILE, isWriting, readExamples, shapeOf } from './recorded';

/**
 * The examples of `docs/nodes` are what the nodes give: each operation is run and each event happens again, and has the
 * fields that the example shows. `npm run docs -- --examples` writes them anew where it has not.
 */

const examples = readExamples();

afterAll(async () => {
	await closeDispatchers();
	if (!isWriting) return;
	for (const [node, recorded] of Object.entries(examples))
		examples[node] = Object.fromEntries(
			Object.entries(recorded).sort(([a], [b]) => (a < b ? -1 : 1)),
		);
	writeFileSync(EXAMPLES_FILE, `${JSON.stringify(examples, null, '\t')}\n`);
});

const shape = (example: Example | null | undefined) =>
	example ? [...shapeOf(example.json), ...Object.keys(example.files ?? {})].sort() : example;

/**
 * Compares what was recorded with what is known; where examples are written, keeps those that are still right.
 *
 * @param begin of the names of all that was recorded: what is known of that name and was not, is gone
 */
function compare(node: string, recorded: Record<string, Example | null>, begin = ''): void {
	const known = examples[node] ?? {};
	const before = Object.entries(known).filter(([key]) => key.startsWith(begin));
	if (!isWriting) {
		const shapes = (entries: Array<[string, Example | null]>) =>
			Object.fromEntries(entries.map(([key, example]) => [key, shape(example)]));
		expect(shapes(Object.entries(recorded))).toEqual(shapes(before));
		return;
	}
	const stays = (key: string) =>
		key in known && JSON.stringify(shape(known[key])) === JSON.stringify(shape(recorded[key]));
	const others = Object.entries(known).filter(([key]) => !key.startsWith(begin));
	const now = Object.entries(recorded).map(
		([key, example]) => [key, stays(key) ? known[key]! : example] as const,
	);
	examples[node] = Object.fromEntries([...others, ...now]);
}

describe('3CX', () => {
	test.each(RESOURCES.map(({ name }) => name))('%s', async (resource) => {
		compare('threeCx', await ofResource(resource), `${resource}.`);
	});
});

test('3CX Call Control', async () => compare('threeCxCallControl', await ofCallControl()));

test('3CX Trigger', async () => compare('threeCxTrigger', await ofTrigger()));

test('3CX Call History Trigger', async () =>
	compare('threeCxCallHistoryTrigger', await ofHistory()));

test('3CX System Trigger', async () => compare('threeCxSystemTrigger', await ofSystemTrigger()));
