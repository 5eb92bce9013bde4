import fc from 'fast-check';
import { ExecuteContext } from 'n8n-core';
import {
	createRunExecutionData,
	Workflow,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeParameters,
	type INodeProperties,
} from 'n8n-workflow';
import { withQuickParameters } from '../../nodes/shared/parameters';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { additionalDataFor, CredentialStore, nodeTypes, ourNode } from '../support/n8n';

/** n8n's own context of a node with these parameters and input items. */
function contextOf(parameters: INodeParameters, items: IDataObject[]): ExecuteContext {
	const node = ourNode('n8n-nodes-threecx.threeCx', parameters);
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes,
	});
	// The Workflow fills in what is missing and drops what its node type does not know; we want just these.
	workflow.nodes[node.name]!.parameters = parameters;
	const input: INodeExecutionData[] = items.map((json) => ({ json }));
	return new ExecuteContext(
		workflow,
		workflow.nodes[node.name]!,
		additionalDataFor(new CredentialStore({}), 'manual'),
		'manual',
		createRunExecutionData(),
		0,
		input,
		{ main: [input] },
		{ data: { main: [input] }, node, source: null },
		[],
	);
}

/** What a way of reading gives, or that it throws. */
function outcome(read: () => unknown): unknown {
	try {
		return { value: read() };
	} catch (error) {
		return { threw: (error as Error).message };
	}
}

const ITEM = {
	number: '100',
	'first name': 'Gareth',
	"it's": 'quoted',
	age: 41,
	active: false,
	empty: '',
	nothing: null,
	list: ['a', { b: 'c' }],
	nested: { deep: { er: 'x' }, 0: 'zero' },
	constructor: 'odd',
	length: 3,
	date: '2026-11-26T10:00:00.000Z',
};

const EXPRESSIONS = [
	'={{ $json.number }}',
	'={{$json.number}}',
	'={{ $json["first name"] }}',
	"={{ $json['first name'] }}",
	'={{ $json["it\'s"] }}',
	'={{ $json.age }}',
	'={{ $json.active }}',
	'={{ $json.empty }}',
	'={{ $json.nothing }}',
	'={{ $json.missing }}',
	'={{ $json.missing.deeper }}',
	'={{ $json.list }}',
	'={{ $json.list[0] }}',
	'={{ $json.list[1].b }}',
	'={{ $json.list.length }}',
	'={{ $json.list[7] }}',
	'={{ $json.nested.deep.er }}',
	'={{ $json.nested["0"] }}',
	'={{ $json.nested }}',
	'={{ $json.length }}',
	'={{ $json.number.length }}',
	'={{ $json.number.toUpperCase() }}',
	'={{ $json.date.toDateTime() }}',
	'={{ $json }}',
	'={{ $json.number + 1 }}',
	'={{ $json.number }} and {{ $json.age }}',
	'= {{ $json.number }}',
	'={{ $json.number }} ',
	'=plain text',
	'={{ $itemIndex }}',
	'={{ $json.constructor }}',
	'={{ $json["constructor"] }}',
	'={{ $json.__proto__ }}',
	'={{ $json.number; }}',
	'={{ $json.number /* note */ }}',
	'={{ }}',
	'=',
	'{{ $json.number }}',
	'text',
	'',
];

describe('a parameter read by us is what n8n makes of it', () => {
	test.each(EXPRESSIONS)('%s', (expression) => {
		const items = [{ number: 'another' }, ITEM, {}];
		const context = contextOf({ text: expression, in: { a: [expression, 1, null] } }, items);
		const quick = withQuickParameters(context as unknown as IExecuteFunctions);
		for (const index of items.keys()) {
			for (const name of ['text', 'in', 'in.a', 'not.there'] as const) {
				expect(outcome(() => quick.getNodeParameter(name, index, 'fallback'))).toEqual(
					outcome(() => context.getNodeParameter(name, index, 'fallback')),
				);
			}
		}
	});

	test('with any data and any way of putting references together', () => {
		const key = fc.constantFrom('a', 'b c', 'd', '0');
		const { json } = fc.letrec<{ json: unknown; leaf: unknown }>((tie) => ({
			leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
			json: fc.oneof(
				{ maxDepth: 3 },
				tie('leaf'),
				fc.array(tie('json'), { maxLength: 3 }),
				fc.dictionary(key, tie('json'), { maxKeys: 3 }),
			),
		}));
		const step = fc.oneof(
			key.map((name) => `["${name}"]`),
			fc.constantFrom('.a', '.d', '[0]', "['b c']"),
		);
		const reference = fc
			.array(step, { minLength: 1, maxLength: 3 })
			.map((steps) => `={{ $json${steps.join('')} }}`);
		const parameter = fc.oneof(
			reference,
			fc.record({ one: reference, list: fc.array(fc.oneof(reference, fc.string())) }),
		);
		fc.assert(
			fc.property(fc.dictionary(key, json), parameter, (item, raw) => {
				const context = contextOf({ raw } as INodeParameters, [item as IDataObject]);
				const quick = withQuickParameters(context as unknown as IExecuteFunctions);
				expect(outcome(() => quick.getNodeParameter('raw', 0))).toEqual(
					outcome(() => context.getNodeParameter('raw', 0)),
				);
			}),
			{ numRuns: 400 },
		);
	});

	test('also the choice in a resource locator', () => {
		const user = { __rl: true, mode: 'Number', value: '={{ $json.number }}' };
		const context = contextOf({ resource: 'user', operation: 'get', user }, [ITEM]);
		const quick = withQuickParameters(context as unknown as IExecuteFunctions);
		const extractValue = { extractValue: true };
		expect(quick.getNodeParameter('user', 0, '', extractValue)).toBe('100');
		expect(context.getNodeParameter('user', 0, '', extractValue)).toBe('100');
		expect(quick.getNodeParameter('user', 0)).toEqual(context.getNodeParameter('user', 0));
	});
});

test.each([
	['a choice', { __rl: true, mode: 'id', value: '12' }, { extractValue: true }],
	['a text where a choice could be', '12', { extractValue: true }],
	['half of a choice', { value: '12' }, { extractValue: true }],
	['the other half', { mode: 'id' }, { extractValue: true }],
	['a number that is wanted', '12', { ensureType: 'number' as const }],
	['a text that is wanted', '={{ $json.age }}', { ensureType: 'string' as const }],
	['a list that is wanted', '["a"]', { ensureType: 'array' as const }],
])('%s is taken out of a value as n8n does', (_, user, options) => {
	const context = contextOf({ resource: 'user', operation: 'get', user }, [ITEM]);
	const quick = withQuickParameters(context as unknown as IExecuteFunctions);
	expect(outcome(() => quick.getNodeParameter('user', 0, '', options))).toEqual(
		outcome(() => context.getNodeParameter('user', 0, '', options)),
	);
});

/** A context and what n8n has evaluated in it. */
function watched(parameters: INodeParameters, item: IDataObject) {
	const context = contextOf(parameters, [item]);
	const { expression } = context.workflow;
	const evaluate = expression.resolveSimpleParameterValue.bind(expression);
	const evaluated: unknown[] = [];
	expression.resolveSimpleParameterValue = (value, ...others) => {
		evaluated.push(value);
		return evaluate(value, ...others);
	};
	return { quick: withQuickParameters(context as unknown as IExecuteFunctions), evaluated };
}

test('n8n does not evaluate what names a field of the item, and does evaluate the rest', () => {
	const { quick, evaluated } = watched(
		{
			plain: '={{ $json.number }}',
			computed: '={{ $json.number + 1 }}',
			fixed: 'x',
			inside: { list: ['={{ $json.number }}', 'x', 5] },
		},
		ITEM,
	);
	quick.getNodeParameter('plain', 0);
	quick.getNodeParameter('fixed', 0);
	expect(quick.getNodeParameter('inside', 0)).toEqual({ list: ['100', 'x', 5] });
	expect(evaluated).toEqual([]);
	expect(quick.getNodeParameter('computed', 0)).toBe('1001');
	expect(evaluated).toEqual(['={{ $json.number + 1 }}']);
});

test.each<[string, unknown]>([
	['={{ $json.number }}', '100'],
	['={{$json.number}}', '100'],
	['={{  $json.number  }}', '100'],
	['={{ $json["first name"] }}', 'Gareth'],
	["={{ $json['first name'] }}", 'Gareth'],
	['={{ $json["it\'s"] }}', 'quoted'],
	['={{ $json["a.b"] }}', 'dot'],
	['={{ $json["[x]"] }}', 'brackets'],
	['={{ $json.nested.deep.er }}', 'x'],
	['={{ $json["nested"]["deep"].er }}', 'x'],
	['={{ $json.list[0] }}', 'a'],
	['={{ $json.list[1].b }}', 'c'],
	['={{ $json.age }}', 41],
	['={{ $json.active }}', false],
	['={{ $json.empty }}', ''],
])('%s is read without n8n', (expression, value) => {
	const item = { ...ITEM, 'a.b': 'dot', ab: 'wrong', '[x]': 'brackets' };
	const { quick, evaluated } = watched({ text: expression }, item);
	expect(quick.getNodeParameter('text', 0)).toBe(value);
	expect(evaluated).toEqual([]);
});

test('what a caller does to a value does not reach the next item', () => {
	const context = contextOf({ list: [{ name: 'a' }] }, [{}, {}]);
	const quick = withQuickParameters(context as unknown as IExecuteFunctions);
	const first = quick.getNodeParameter('list', 0) as unknown as IDataObject[];
	first[0]!.name = 'changed';
	expect(quick.getNodeParameter('list', 1)).toEqual([{ name: 'a' }]);
	expect(first).toEqual([{ name: 'changed' }]);
	expect(context.node.parameters.list).toEqual([{ name: 'a' }]);
});

/** Every property, at any depth. */
function* within(properties: readonly unknown[]): Generator<INodeProperties> {
	for (const each of properties as Array<INodeProperties & { values?: unknown[] }>) {
		yield each;
		yield* within([...(each.options ?? []), ...(each.values ?? []), ...(each.modes ?? [])]);
	}
}

test.each([
	['3CX', new ThreeCx()],
	['3CX Call Control', new ThreeCxCallControl()],
])('no parameter of the node %s has n8n convert or check its value', (_, { description }) => {
	const all = [...within(description.properties)];
	expect(all.length).toBeGreaterThan(100);
	const converted = all.filter((each) => 'validateType' in each || 'extractValue' in each);
	expect(converted.map(({ name }) => name)).toEqual([]);
});
