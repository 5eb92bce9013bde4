import fc from 'fast-check';
import {
	catalogue,
	entitySets,
	enumMembers,
	formatType,
	isComplex,
	isEntity,
	isEnum,
	navigationPropertiesOf,
	operation,
	operationsTagged,
	parseType,
	PRIMITIVES,
	propertiesOf,
	searchOperations,
} from '../../lib/xapi/catalogue';
import { buildCatalogue, CatalogueError } from '../../lib/xapi/catalogueFromOpenApi';
import { document } from './fixture';

describe('type expressions', () => {
	test.each([
		['string(255)?', { name: 'string', nullable: true, maxLength: 255 }],
		['UserGroup[]~', { name: 'UserGroup', array: true, navigation: true }],
		['OAuthClient?~', { name: 'OAuthClient', nullable: true, navigation: true }],
		['value:boolean', { name: 'boolean', wrapped: true }],
		['string optional', { name: 'string', optional: true }],
		['ODataErrors.ODataError', { name: 'ODataErrors.ODataError' }],
	])('%s', (text, marks) => {
		expect(parseType(text)).toMatchObject(marks);
		expect(formatType(parseType(text))).toBe(text);
	});

	test('writing and reading are inverse', () => {
		const expression = fc.record({
			name: fc.constantFrom(...PRIMITIVES, 'User', 'ODataErrors.MainError'),
			array: fc.boolean(),
			nullable: fc.boolean(),
			navigation: fc.boolean(),
			optional: fc.boolean(),
			wrapped: fc.boolean(),
		});
		fc.assert(
			fc.property(expression, fc.option(fc.nat(), { nil: undefined }), (marks, maxLength) => {
				const given = maxLength === undefined ? marks : { ...marks, maxLength };
				expect(parseType(formatType(given))).toEqual(given);
			}),
		);
	});

	test.each(['', 'string[', 'string?[]', 'a b', '[]'])('%p is refused', (text) => {
		expect(() => parseType(text)).toThrow(/not a type expression/);
	});
});

describe('a catalogue from an OpenAPI document', () => {
	const built = buildCatalogue(document);

	test('types, enums and version', () => {
		expect(built.version).toBe('9.9');
		expect(built.enums).toEqual({ Colour: ['Red', 'Green'] });
		expect(built.types).toEqual({
			Bulb: { properties: { Number: 'string' } },
			IActionResult: { properties: {} },
			Lamp: {
				base: 'Thing',
				properties: {
					Name: 'string(12)?',
					Colour: 'Colour?',
					Colours: 'Colour[]',
					Bulbs: 'Bulb[]~',
					Lumen: 'double?',
					loose: 'object',
				},
			},
			Power: { properties: { Since: 'duration?' } },
			Thing: { properties: { Id: 'int32' } },
		});
	});

	test.each([
		[
			'ListLamp',
			{ kind: 'entitySet', method: 'GET', returns: 'Lamp[]', query: ['$select', '$top'] },
		],
		['CreateLamp', { kind: 'entitySet', body: 'Lamp', returns: 'Lamp', status: 201 }],
		['GetLamp', { kind: 'entity', parameters: { Id: 'int32' }, query: ['$select'], status: 200 }],
		[
			'DeleteLamp',
			{ kind: 'entity', parameters: { Id: 'int32', 'If-Match': 'string optional' }, status: 204 },
		],
		['GetLampByName', { kind: 'entity', parameters: { Name: 'string(12)?' } }],
		['ListBulbs', { kind: 'navigation', returns: 'Bulb[]' }],
		['Switch', { kind: 'action', body: { on: 'boolean', ids: 'int32[]' }, status: 204 }],
		['IsOn', { kind: 'function', parameters: { at: 'date-time' }, returns: 'value:boolean' }],
		['Download', { kind: 'media', returns: 'IActionResult' }],
		['GetPower', { kind: 'singleton', returns: 'Power' }],
		['GetPower_2', { kind: 'singleton', method: 'PATCH', body: 'Power' }],
		['POST /Blackout', { kind: 'action', tag: 'Blackout' }],
	])('%s', (id, expected) => {
		expect(built.operations[id]).toMatchObject(expected);
	});

	test('holds no prose, is sorted, and does not depend on the order of the document', () => {
		expect(JSON.stringify(built)).not.toContain('prose');
		expect(Object.keys(built.operations)).toEqual(Object.keys(built.operations).sort());
		const schemas = Object.fromEntries(Object.entries(document.components.schemas).reverse());
		const turned = { ...document, components: { ...document.components, schemas } };
		expect(JSON.stringify(buildCatalogue(turned))).toBe(JSON.stringify(built));
	});

	test.each([
		[undefined, /not an OpenAPI 3 description/],
		['<html>', /not an OpenAPI 3 description/],
		[{ swagger: '2.0', paths: { '/a': {} } }, /not an OpenAPI 3 description/],
		[{ openapi: '3.0.4', paths: {} }, /not an OpenAPI 3 description/],
		[
			{ ...document, components: { ...document.components, parameters: {} } },
			/#\/components\/parameters\/top.*may be cut off/,
		],
	])('%j is refused', (given, message) => {
		const attempt = () => buildCatalogue(given);
		expect(attempt).toThrow(CatalogueError);
		expect(attempt).toThrow(message);
	});

	test('entity sets with their keys and verbs', () => {
		expect(entitySets(built)).toEqual({
			Lamps: {
				type: 'Lamp',
				key: { Id: 'int32' },
				alternateKeys: { Name: 'string(12)?' },
				verbs: {
					list: 'ListLamp',
					create: 'CreateLamp',
					get: 'GetLamp',
					getByAlternateKey: 'GetLampByName',
					delete: 'DeleteLamp',
				},
			},
		});
	});

	test('entities are what sets, singletons and navigation lead to, and their bases', () => {
		const types = Object.keys(built.types);
		expect(types.filter((type) => isEntity(built, type))).toEqual([
			'Bulb',
			'Lamp',
			'Power',
			'Thing',
		]);
		expect(types.filter((type) => isComplex(built, type))).toEqual(['IActionResult']);
	});
});

describe('the catalogue that ships', () => {
	test('is 3CX 20.0.10, whole', () => {
		const { operations, enums } = catalogue;
		expect(Object.keys(operations)).toHaveLength(601);
		expect(new Set(Object.values(operations).map(({ path }) => path)).size).toBe(480);
		expect(Object.keys(enums)).toHaveLength(113);
		expect(Object.values(enums).flat()).toHaveLength(720);
		expect(Object.keys(catalogue.types)).toHaveLength(331);
	});

	test('every type it names can be read and is there', () => {
		const expressions = [
			...Object.values(catalogue.types).flatMap(({ properties }) => Object.values(properties)),
			...Object.values(catalogue.operations).flatMap(({ parameters, body, returns }) => [
				...Object.values(parameters),
				...(typeof body === 'object' ? Object.values(body) : [body]),
				returns,
			]),
		].filter((expression) => expression !== undefined);
		const known = (name: string) =>
			(PRIMITIVES as readonly string[]).includes(name) ||
			name in catalogue.types ||
			isEnum(catalogue, name);
		expect(expressions.filter((expression) => !known(parseType(expression).name))).toEqual([]);
	});

	test('lookups', () => {
		expect(Object.keys(propertiesOf(catalogue, 'User'))).toHaveLength(80);
		expect(propertiesOf(catalogue, 'User')).toMatchObject({ Id: 'int32', FirstName: 'string?' });
		expect(propertiesOf(catalogue, 'constructor')).toEqual({});
		expect(navigationPropertiesOf(catalogue, 'User').Groups).toMatchObject({
			name: 'UserGroup',
			array: true,
		});
		expect(enumMembers(catalogue, 'EventLogType')).toEqual(['Error', 'Warning', 'Info']);
		expect(enumMembers(catalogue, 'toString')).toEqual([]);
		expect(operation(catalogue, 'MakeCall')?.path).toBe('/Users/Pbx.MakeCall');
		expect(operation(catalogue, 'valueOf')).toBeUndefined();
		expect(operationsTagged(catalogue, 'ActiveCalls').map(({ id }) => id)).toEqual([
			'DropCall',
			'ListActiveCall',
		]);
		expect(searchOperations(catalogue, 'users PATCH').map(({ id }) => id)).toContain('UpdateUser');
		expect(searchOperations(catalogue, 'MakeCall')[0]?.id).toMatch(/MakeCall/);
		expect(searchOperations(catalogue, '')).toHaveLength(601);
	});

	test('eight sets can be read by Number, and 3CX spellings are kept', () => {
		const byNumber = Object.entries(entitySets(catalogue))
			.filter(([, { alternateKeys }]) => 'Number' in alternateKeys)
			.map(([name]) => name);
		expect(byNumber).toEqual(
			'Fax Parkings Peers Queues Receptionists RingGroups Trunks Users'.split(' '),
		);
		expect(operation(catalogue, 'RetreivePeersByNumbers')).toBeDefined();
		expect(operation(catalogue, 'DownloadGetGetCallDistribution')).toBeDefined();
		expect(propertiesOf(catalogue, 'CallLogData')).toHaveProperty('actionDnDn');
	});
});
