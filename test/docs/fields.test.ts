import type { INodeProperties } from 'n8n-workflow';
import { rowsOf, tableOf } from '../../scripts/docs/fields';
import { anchorOf } from '../../scripts/docs/pages';
import { shapeOf } from './recorded';

/** From parameters to rows of a table, for what a panel may hold. */

const property = (more: Partial<INodeProperties>): INodeProperties => ({
	displayName: 'Number',
	name: 'number',
	type: 'string',
	default: '',
	...more,
});

const choice = (name: string, value: string, description?: string) => ({
	name,
	value,
	description,
});

const textOf = (...properties: INodeProperties[]) => rowsOf(properties).map(({ text }) => text);

describe('the row of a parameter', () => {
	test.each<[string, Partial<INodeProperties>, object]>([
		['text', { required: true }, { path: 'number', type: 'text', required: true, default: '' }],
		['a secret', { typeOptions: { password: true } }, { type: 'secret text' }],
		['a number', { type: 'number', default: 0 }, { default: '`0`' }],
		['a switch', { type: 'boolean', default: true }, { type: 'yes or no', default: 'yes' }],
		[
			'a list, its default by name',
			{ type: 'options', options: [choice('One', 'a'), choice('Two', 'b')], default: 'b' },
			{ default: 'Two', text: 'Choices: _One_ (`a`), _Two_ (`b`).' },
		],
		[
			'a list that explains itself',
			{ type: 'options', options: [choice('One', 'a', 'The first'), choice('Two', 'b')] },
			{ text: 'Choices: _One_ (`a`): The first; _Two_ (`b`).' },
		],
		[
			'a long list',
			{ type: 'options', options: Array.from({ length: 16 }, (_, at) => choice(`${at}`, `${at}`)) },
			{ text: 'The panel lists 16.' },
		],
		[
			'a list of the PBX',
			{
				type: 'options',
				typeOptions: { loadOptionsMethod: 'x' },
				description:
					'Where. Choose from the list, or specify an ID using an <a href="https://x">expression</a>.',
			},
			{ text: 'Where. The list comes from the PBX.' },
		],
		['a hint where there is no description', { hint: 'Digits only' }, { text: 'Digits only.' }],
		[
			'HTML and marks',
			{ description: 'See <a href="https://x">that</a>: * and # are <b>keys</b>' },
			{ text: 'See [that](https://x): \\* and # are keys.' },
		],
		[
			'a locator',
			{
				type: 'resourceLocator',
				default: { mode: 'id', value: '={{ $json.id }}' },
				modes: [{ displayName: 'By ID', name: 'id', type: 'string' }],
			},
			{ type: 'record', default: '`{{ $json.id }}`', text: 'Given _By ID_ (`id`).' },
		],
	])('%s', (_, more, expected) => {
		expect(rowsOf([property(more)])).toEqual([expect.objectContaining(expected)]);
	});

	test('says when it is shown, in the words of the other one', () => {
		const other = property({
			displayName: 'Kind',
			name: 'kind',
			type: 'options',
			options: [choice('One', 'a'), choice('Two', 'b')],
		});
		const show = (...kind: string[]) =>
			property({ displayOptions: { show: { resource: ['user'], kind } } });
		const hidden = property({ displayOptions: { hide: { on: [true] } } });
		expect(textOf(other, show('b'))[1]).toBe('Shown if _Kind_ is Two.');
		expect(textOf(other, show('b', 'a'))[1]).toBe('Shown if _Kind_ is Two or One.');
		expect(textOf(hidden)).toEqual(['Shown unless _on_ is on.']);
	});

	test('of texts of the panel there is none', () => {
		expect(rowsOf([property({ type: 'notice' }), property({ type: 'hidden' })])).toEqual([]);
		expect(tableOf([])).toBe('No fields.');
	});
});

describe('parameters within others', () => {
	const rule = {
		displayName: 'Rule',
		name: 'rule',
		values: [property({}), property({ displayName: 'To', name: 'to' })],
	};
	const rules = (name: string) =>
		property({
			name,
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			options: [rule],
		});

	test('are told by their path', () => {
		const options = property({ name: 'options', type: 'collection', options: [rules('rules')] });
		expect(rowsOf([options]).map(({ path }) => path)).toEqual([
			'options',
			'options.rules',
			'options.rules.rule[].number',
			'options.rules.rule[].to',
		]);
	});

	test('are told once, where several have them', () => {
		const rows = rowsOf([rules('some'), rules('others')]);
		expect(rows.map(({ path }) => path)).toEqual([
			'some',
			'some.rule[].number',
			'some.rule[].to',
			'others',
		]);
		expect(rows[3]!.text).toBe('Its fields, below `others.rule[]`, are those of `some.rule[]`.');
	});

	test('are told elsewhere, where somebody says so', () => {
		expect(rowsOf([rules('some')], () => 'See there.')).toMatchObject([{ text: 'See there.' }]);
	});

	test('that take turns are one, with the choices of both', () => {
		const turn = (value: string, kind: string) =>
			property({
				type: 'options',
				options: [choice(value, value), choice('both', 'both')],
				displayOptions: { show: { kind: [kind] } },
			});
		expect(textOf(turn('a', 'x'), turn('b', 'y'))).toEqual([
			'Choices: _a_ (`a`), _both_ (`both`), _b_ (`b`).',
		]);
	});
});

test('a table escapes what would end a cell', () => {
	const [row] = rowsOf([property({ description: 'One | two\nthree' })]);
	expect(tableOf([row!]).split('\n')[2]).toBe(
		'| **Number** | `number` | text |  |  | One \\| two three. |',
	);
});

test.each([
	['Get Many', 'get-many'],
	['Call: Make Call', 'call-make-call'],
	['8.8 party_did', '88-party_did'],
	['Dialed Number (DID)', 'dialed-number-did'],
])('the address of the heading "%s" is %s', (heading, anchor) => {
	expect(anchorOf(heading)).toBe(anchor);
});

test('the shape of an item is its fields and kinds of values; null and empty lists have none', () => {
	expect(shapeOf({ a: 1, b: null, c: [], d: [{ e: 'x' }, { e: 'y', f: true }] })).toEqual([
		'a: number',
		'd[].e: string',
		'd[].f: boolean',
	]);
});
