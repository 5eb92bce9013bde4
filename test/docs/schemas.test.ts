import Ajv from 'ajv';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { outputSchemas } from '../../scripts/outputSchemas.cjs';
import { operationsOf } from '../support/everyOperation';
import { readExamples } from './recorded';

/** The schemas of outputs that the package brings along: n8n's editor offers their fields before a step has run. */

const examples = readExamples();
const schemas = outputSchemas(examples);

/** The file that n8n (2.30 to 2.41) asks for, below the folder of the nodes. */
const fileOf = (node: string, name: string) => {
	const folder = `${node[0]!.toUpperCase()}${node.slice(1)}/__schema__/v1.0.0`;
	return node.endsWith('Trigger') ? `${folder}.json` : `${folder}/${name.replace('.', '/')}.json`;
};

describe.each(Object.entries(examples))('%s', (node, items) => {
	test.each(Object.entries(items))('%s gives what its schema says', (name, example) => {
		const schema = schemas[fileOf(node, name)];
		expect(schema).toBeDefined();
		const ajv = new Ajv({ allErrors: true });
		expect([ajv.validate(schema!, example?.json ?? {}), ajv.errorsText()]).toEqual([
			true,
			'No errors',
		]);
	});
});

test.each([
	...operationsOf('threeCx', new ThreeCx().description),
	...operationsOf('threeCxCallControl', new ThreeCxCallControl().description),
])('%s has a schema', (_name, { type, parameters: { resource, operation } }) => {
	expect(schemas[fileOf(type, `${String(resource)}.${String(operation)}`)]).toBeDefined();
});

describe('a schema', () => {
	const of = (...items: object[]) =>
		outputSchemas({
			someNode: Object.fromEntries(items.map((json, at) => [`a.b${at}`, { json }])),
		});
	const first = (...items: object[]) => of(...items)['SomeNode/__schema__/v1.0.0/a/b0.json'];
	const may = (type: string) => ({ type: [type, 'null'] });

	test('names fields and kinds of values, each of which may be missing another time', () => {
		expect(first({ a: 'x', b: 1, c: true, d: { e: 'y' } })).toEqual({
			type: 'object',
			properties: {
				a: may('string'),
				b: may('number'),
				c: may('boolean'),
				d: { type: 'object', properties: { e: may('string') } },
			},
		});
	});

	test('takes the kind of what is not known from where it is', () => {
		expect(first({ a: null, b: null }, { c: [{ a: 7 }] })).toEqual({
			type: 'object',
			properties: { a: may('number'), b: { type: ['null'] } },
		});
	});

	test('knows all rows of a list', () => {
		expect(first({ a: [{ b: 1 }, { b: 'x', c: 2 }], d: [] })).toEqual({
			type: 'object',
			properties: {
				a: {
					type: 'array',
					items: {
						type: 'object',
						properties: { b: { type: ['number', 'string', 'null'] }, c: may('number') },
					},
				},
				d: { type: 'array' },
			},
		});
	});

	test('of a trigger is one for all its events', () => {
		const files = outputSchemas({ aTrigger: { x: { json: { a: 1 } }, y: { json: { b: 'z' } } } });
		expect(files).toEqual({
			'ATrigger/__schema__/v1.0.0.json': {
				type: 'object',
				properties: { a: may('number'), b: may('string') },
			},
		});
	});

	test('of what depends on the question says nothing', () => {
		expect(outputSchemas({ threeCx: { 'report.get': { json: { a: 1 } } } })).toEqual({
			'ThreeCx/__schema__/v1.0.0/report/get.json': { type: 'object', properties: {} },
		});
	});
});
