import fc from 'fast-check';
import { NodeHelpers, type INode, type INodeProperties } from 'n8n-workflow';
import { declaredOnce, parametersOf, shownInShort, shownWhere } from '../../nodes/shared/panel';
import type { Resource } from '../../nodes/shared/resource';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';

type Show = NonNullable<INodeProperties['displayOptions']>['show'];

/** What n8n sends of a node to each editor, in bytes, among more than 10 MB of its own; more makes the editor slow to start. */
const LARGEST_DESCRIPTION = 260_000;

/** An article that does not go with the word after it, as it is spoken. */
const WRONG_ARTICLE =
	/\ba (?:[aeio](?!ne)\w+|(?!MAC|SIP)[AEFHILMNORSX][A-Z]+\b)|\ban (?:[b-df-gj-np-tv-z]\w*|[B-DGJKPQT-WYZ][A-Z]+\b)/g;

const text = (name: string, more: Partial<INodeProperties> = {}): INodeProperties => ({
	displayName: name,
	name,
	type: 'string',
	default: '',
	...more,
});

const operation = (name: string, ...properties: INodeProperties[]) => ({
	name,
	label: name,
	action: name,
	description: name,
	properties,
	execute: async () => await Promise.resolve({}),
});

/** What an operation shows, in order, without when it is shown. */
const shown = (properties: readonly INodeProperties[], resource: string, name: string) =>
	properties
		.filter(({ displayOptions }) => {
			const { resource: resources, operation: operations } = displayOptions?.show ?? {};
			return resources?.includes(resource) && operations?.includes(name);
		})
		.map((property) => ({ ...property, displayOptions: undefined }));

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => text(name)) as [
	INodeProperties,
	INodeProperties,
	INodeProperties,
	INodeProperties,
];

describe('parameters that several operations have', () => {
	test.each<[string, number, Resource[]]>([
		[
			'the same for all',
			2,
			[{ name: 'x', label: 'X', operations: [operation('get', a, b), operation('drop', a, b)] }],
		],
		[
			'in another order',
			3,
			[{ name: 'x', label: 'X', operations: [operation('get', a, b), operation('drop', b, a)] }],
		],
		[
			'with another before',
			3,
			[{ name: 'x', label: 'X', operations: [operation('get', a, b), operation('drop', c, b)] }],
		],
		[
			'of two resources whose operations are not the same',
			3,
			[
				{ name: 'x', label: 'X', operations: [operation('get', a), operation('drop', d)] },
				{ name: 'y', label: 'Y', operations: [operation('get', d), operation('drop', a)] },
			].map((resource) => resource),
		],
	])('%s', (_, count, resources) => {
		const before = resources.flatMap(parametersOf);
		const after = declaredOnce(resources, before);
		for (const { name, operations } of resources) {
			for (const each of operations) {
				expect(shown(after, name, each.name)).toEqual(shown(before, name, each.name));
			}
		}
		expect(after.length).toBeLessThan(before.length + 1);
		expect(after.length).toBeGreaterThanOrEqual(count - 1);
	});

	test('are merged where nothing else stands between them', () => {
		const resource = {
			name: 'x',
			label: 'X',
			operations: [operation('get', a, b), operation('drop', a, b)],
		};
		expect(declaredOnce([resource], parametersOf(resource))).toEqual(
			[a, b].map((property) =>
				shownWhere(property, { show: { resource: ['x'], operation: ['get', 'drop'] } }),
			),
		);
	});
});

/** What n8n shows for each operation of each resource, in order. */
const seenBy = (resources: readonly Resource[], properties: readonly INodeProperties[]) =>
	resources.flatMap(({ name: resource, operations }) =>
		operations.map(({ name }) =>
			properties
				.filter((property) =>
					NodeHelpers.displayParameter(
						{ resource, operation: name },
						property,
						{ typeVersion: 1 } as INode,
						null,
					),
				)
				.map((property) => property.name),
		),
	);

describe('declared once', () => {
	const where = (property: INodeProperties, resource: string[], operation: string[]) =>
		shownWhere(property, { show: { resource, operation } });
	const both = ['get', 'drop'];
	const resources: Resource[] = ['x', 'y'].map((name) => ({
		name,
		label: name,
		operations: both.map((each) => operation(each)),
	}));

	test.each<[string, INodeProperties[], INodeProperties[]]>([
		[
			'for another resource',
			[where(a, ['x'], ['get']), where(a, ['y'], ['get'])],
			[where(a, ['x', 'y'], ['get'])],
		],
		[
			'not where that would show it elsewhere, too',
			[where(a, ['x'], ['get']), where(a, ['y'], ['drop'])],
			[where(a, ['x'], ['get']), where(a, ['y'], ['drop'])],
		],
		[
			'over one that is never shown beside it',
			[where(a, ['x'], ['get']), where(b, ['x'], ['drop']), where(a, ['y'], ['get'])],
			[where(a, ['x', 'y'], ['get']), where(b, ['x'], ['drop'])],
		],
		[
			'further down, where only the earlier may move',
			[where(a, ['x'], ['get']), where(b, ['y'], ['get']), where(a, ['y'], ['get'])],
			[where(b, ['y'], ['get']), where(a, ['x', 'y'], ['get'])],
		],
		[
			'further down, over all that stand between or not at all',
			[
				where(a, ['x'], ['get']),
				where(b, ['y'], ['get']),
				where(c, ['x'], ['get']),
				where(a, ['y'], ['get']),
			],
			[
				where(a, ['x'], ['get']),
				where(b, ['y'], ['get']),
				where(c, ['x'], ['get']),
				where(a, ['y'], ['get']),
			],
		],
		[
			'not with one that is shown for everything',
			[a, where(a, ['x'], ['get'])],
			[a, where(a, ['x'], ['get'])],
		],
		[
			'not with one that has other conditions',
			[
				where(a, ['x'], ['get']),
				shownWhere(a, { show: { resource: ['x'], operation: ['drop'], mode: ['list'] } }),
				shownWhere(where(a, ['y'], ['get']), { hide: { mode: ['list'] } }),
			],
			[
				where(a, ['x'], ['get']),
				shownWhere(a, { show: { resource: ['x'], operation: ['drop'], mode: ['list'] } }),
				shownWhere(where(a, ['y'], ['get']), { hide: { mode: ['list'] } }),
			],
		],
		[
			'but with one that has the same other conditions',
			[
				shownWhere(a, { show: { resource: ['x'], operation: ['get'], mode: ['list'] } }),
				shownWhere(a, { show: { resource: ['x'], operation: ['drop'], mode: ['list'] } }),
			],
			[shownWhere(a, { show: { resource: ['x'], operation: both, mode: ['list'] } })],
		],
	])('%s', (_, before, after) => {
		expect(declaredOnce(resources, before)).toEqual(after);
	});

	test('and in short, every operation shows what it showed, in the same order', () => {
		const parameters = fc.shuffledSubarray([a, b, c]);
		const operations = fc
			.uniqueArray(fc.tuple(fc.constantFrom('get', 'drop', 'merge'), parameters), {
				selector: ([name]) => name,
				minLength: 1,
			})
			.map((all) => all.map(([name, own]) => operation(name, ...own)));
		const node = fc.uniqueArray(fc.tuple(fc.constantFrom('v', 'w', 'x', 'y', 'z'), operations), {
			selector: ([name]) => name,
			minLength: 1,
		});
		fc.assert(
			fc.property(node, fc.nat({ max: 20 }), (given, at) => {
				const all = given.map(([name, own]) => ({ name, label: name, operations: own }));
				const before = all.flatMap(parametersOf);
				// One that is shown for everything.
				before.splice(at, 0, d);
				const after = declaredOnce(all, before);
				expect(seenBy(all, after)).toEqual(seenBy(all, before));
				expect(seenBy(all, shownInShort(all, after))).toEqual(seenBy(all, before));
				expect(after.length).toBeLessThanOrEqual(before.length);
			}),
			{ numRuns: 300 },
		);
	});
});

describe('conditions that say nothing', () => {
	const resources: Resource[] = [
		{ name: 'x', label: 'X', operations: [operation('get', a), operation('drop', b)] },
		{ name: 'y', label: 'Y', operations: [operation('get', c), operation('merge', d)] },
	];

	const seen = (properties: readonly INodeProperties[]) => seenBy(resources, properties);

	test.each<[string, Show, Show]>([
		[
			'another resource has the operation',
			{ resource: ['x'], operation: ['get'] },
			{ resource: ['x'], operation: ['get'] },
		],
		['no other has it', { resource: ['x'], operation: ['drop'] }, { operation: ['drop'] }],
		[
			'the resource has no others',
			{ resource: ['y'], operation: ['get', 'merge'] },
			{ resource: ['y'] },
		],
		[
			'one of them another has, too',
			{ resource: ['y'], operation: ['get'], mode: ['list'] },
			{ resource: ['y'], operation: ['get'], mode: ['list'] },
		],
		[
			'all that have it',
			{ resource: ['x', 'y'], operation: ['get'], mode: ['list'] },
			{ operation: ['get'], mode: ['list'] },
		],
		['shown for everything', { mode: ['list'] }, { mode: ['list'] }],
	])('%s', (_, show, short) => {
		const before = [text('f', { displayOptions: { show } })];
		const after = shownInShort(resources, before);
		expect(after).toEqual([text('f', { displayOptions: { show: short } })]);
		expect(seen(after)).toEqual(seen(before));
	});
});

test('where nearly all resources show it, the others are named', () => {
	const names = ['v', 'w', 'x', 'y', 'z'];
	const resources = names.map((name) => ({
		name,
		label: name,
		operations: [operation('get', a), operation('drop', b)],
	}));
	const show = { resource: ['v', 'w', 'x', 'y'], operation: ['get'], mode: ['list'] };
	const [short] = shownInShort(resources, [text('f', { displayOptions: { show } })]);
	expect(short!.displayOptions).toEqual({
		show: { operation: ['get'], mode: ['list'] },
		hide: { resource: ['z'] },
	});
	const isShown = (resource: string, name: string) =>
		NodeHelpers.displayParameter(
			{ resource, operation: name, mode: 'list' },
			short!,
			{ typeVersion: 1 } as INode,
			null,
		);
	expect(names.filter((name) => isShown(name, 'get'))).toEqual(show.resource);
	expect(names.filter((name) => isShown(name, 'drop'))).toEqual([]);
});

describe.each([new ThreeCx(), new ThreeCxCallControl()])(
	'$description.displayName',
	({ description }) => {
		test('stays small', () => {
			expect(Buffer.byteLength(JSON.stringify(description))).toBeLessThan(LARGEST_DESCRIPTION);
		});

		test('says "an SBC" and "a user"', () => {
			expect(JSON.stringify(description).match(WRONG_ARTICLE) ?? []).toEqual([]);
		});
	},
);
