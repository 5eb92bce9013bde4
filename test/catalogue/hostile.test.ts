import { buildCatalogue, CatalogueError } from '../../lib/xapi/catalogueFromOpenApi';
import { MAX_YAML_BYTES, parseYaml } from '../../lib/xapi/yaml';

/** Descriptions that a PBX which was taken over may serve: none stops n8n, and none stays without an answer. */

const document = (schemas: object, paths: object = { '/Users': { get: {} } }) => ({
	openapi: '3.0.4',
	info: { version: '20' },
	paths,
	components: { schemas },
});

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Runs it and says how much of the processor it took, in ms: other tests may run at the same time. */
function timed<T>(run: () => T): { outcome: T | Error; ms: number } {
	const began = process.cpuUsage();
	let outcome: T | Error;
	try {
		outcome = run();
	} catch (error) {
		outcome = error as Error;
	}
	return { outcome, ms: process.cpuUsage(began).user / 1_000 };
}

test.each<[string, object]>([
	['is its own base', { A: { type: 'object', allOf: [ref('A')] } }],
	['is the base of its base', { A: { allOf: [ref('B')] }, B: { allOf: [ref('A')] } }],
	[
		'is the base of its base twice',
		{
			A: { allOf: [ref('B'), ref('B')] },
			B: { allOf: [ref('C'), ref('C')] },
			C: { allOf: [ref('A'), ref('A')] },
		},
	],
	[
		'has two bases that have two bases, 60 times',
		Object.fromEntries([
			['T60', { type: 'object' }],
			...Array.from({ length: 60 }, (_, at) => [
				`T${at}`,
				{ allOf: [ref(`T${at + 1}`), ref(`T${at + 1}`)] },
			]),
		]) as object,
	],
	['is a reference to itself', { A: ref('A') }],
	[
		'has a base of 2,000 members, as 2,000 others',
		Object.fromEntries([
			[
				'Base',
				{
					type: 'object',
					properties: Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`P${at}`, {}])),
				},
			],
			...Array.from({ length: 2_000 }, (_, at) => [`T${at}`, { allOf: [ref('Base')] }]),
		]) as object,
	],
])('a type that %s takes no time', (_, schemas) => {
	const paths = {
		'/A': {
			get: { responses: { 200: { content: { 'application/json': { schema: ref('A') } } } } },
		},
	};
	const { outcome, ms } = timed(() =>
		buildCatalogue(document({ ...{ A: {} }, ...schemas }, paths)),
	);
	expect(ms).toBeLessThan(1_500);
	if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CatalogueError);
});

test('one operationId 10,000 times takes no time, and each operation has a name', () => {
	const paths = Object.fromEntries(
		Array.from({ length: 10_000 }, (_, at) => [`/P${at}`, { get: { operationId: 'Same' } }]),
	);
	const { outcome, ms } = timed(() => buildCatalogue(document({}, paths)));
	expect(ms).toBeLessThan(1_500);
	const { operations } = outcome as ReturnType<typeof buildCatalogue>;
	expect(Object.keys(operations)).toHaveLength(10_000);
	expect(operations).toMatchObject({ Same: { path: '/P0' }, Same_2: {}, Same_10000: {} });
});

test('names that every object has are no methods, formats or schemas', () => {
	const paths = {
		'/Users': {
			constructor: { operationId: 'a' },
			toString: { operationId: 'b' },
			get: { operationId: 'c', 'x-ms-docs-operation-type': 'constructor' },
		},
	};
	const { operations, types } = buildCatalogue(
		document({ T: { type: 'object', properties: { A: { type: 'valueOf' } } } }, paths),
	);
	expect(Object.keys(operations)).toEqual(['c']);
	expect(operations.c).toMatchObject({ method: 'GET', kind: 'singleton' });
	expect(types.T).toEqual({ properties: { A: 'object' } });
	const dangling = document({}, { '/A': { get: { responses: { 200: ref('constructor') } } } });
	expect(() => buildCatalogue(dangling)).toThrow(CatalogueError);
});

describe('YAML', () => {
	const LAUGHS = Array.from({ length: 30 }, (_, at) =>
		at === 0 ? 'a0: &a0 [1]' : `a${at}: &a${at} [${`*a${at - 1},`.repeat(9)}]`,
	).join('\n');

	test('is read', async () => {
		expect(await parseYaml('a: [1, "2020-01-01", 2020-01-01]', 5_000)).toEqual({
			a: [1, '2020-01-01', '2020-01-01'],
		});
	});

	test.each([
		['aliases', LAUGHS, 'anchor'],
		['an alias of itself', 'a: &a [*a]', 'anchor'],
		['10,000 levels', '['.repeat(10_000), 'nesting'],
		['nothing that is YAML', '\t: : {', ''],
		['more than it may', ' '.repeat(MAX_YAML_BYTES + 1), 'too large'],
	])('with %s is refused', async (_, text, says) => {
		await expect(parseYaml(text, 5_000)).rejects.toThrow(says);
	});

	test('that takes too long is given up while the loop goes on', async () => {
		let turns = 0;
		const turning = setInterval(() => turns++, 1);
		const long = Array.from({ length: 400_000 }, (_, at) => `k${at}: {a: 1}`).join('\n');
		await expect(parseYaml(long, 20)).rejects.toThrow('too long');
		clearInterval(turning);
		expect(turns).toBeGreaterThan(2);
	});
});
