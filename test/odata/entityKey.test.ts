import fc from 'fast-check';
import { catalogue } from '../../lib/xapi/catalogue';
import { entityKey, fillPath } from '../../lib/odata/entityKey';

describe('keys and function calls', () => {
	test('integer, string and alternate keys', () => {
		expect(entityKey(12, 'int32')).toBe('(12)');
		expect(entityKey("it's", 'string')).toBe("('it''s')");
		expect(entityKey({ Number: '100' }, { Number: 'string?' })).toBe("(Number='100')");
		expect(entityKey('01234567-89ab-cdef-0123-456789abcdef', 'uuid')).toBe(
			'(01234567-89ab-cdef-0123-456789abcdef)',
		);
	});

	test('a report function as 3CX knows it', () => {
		const { path = '', parameters = {} } =
			catalogue.operations.GetTeamQueueGeneralStatisticsData ?? {};
		const values = {
			queueDnStr: '800,801',
			startDt: '2025-03-13T23:00:00Z',
			endDt: '2025-03-14T23:00:00Z',
			waitInterval: '0:00:0',
		};
		expect(fillPath(path, values, parameters)).toBe(
			"/ReportTeamQueueGeneralStatistics/Pbx.GetTeamQueueGeneralStatisticsData(queueDnStr='800,801',startDt=2025-03-13T23:00:00.000Z,endDt=2025-03-14T23:00:00.000Z,waitInterval='0:00:0')",
		);
	});

	test('a slash in a time zone is encoded', () => {
		expect(fillPath('/F(zone={zone})', { zone: 'Asia/Jerusalem' }, { zone: 'string?' })).toBe(
			"/F(zone='Asia%2FJerusalem')",
		);
	});

	test('fills every kind of path', () => {
		const types = { Id: 'int32', Number: 'string?', 'If-Match': 'string optional' };
		expect(fillPath('/Users({Id})/Pbx.GenerateProvLink()', { Id: 12 }, types)).toBe(
			'/Users(12)/Pbx.GenerateProvLink()',
		);
		expect(fillPath('/Users(Number={Number})', { Number: '100' }, types)).toBe(
			"/Users(Number='100')",
		);
	});

	test('a missing parameter is named', () => {
		expect(() => fillPath('/Users({Id})', {}, { Id: 'int32' })).toThrow(/"Id" has no value/);
		const types = { a: 'int32', b: 'string' };
		expect(() => fillPath('/F(a={a},b={b})', { a: 1 }, types)).toThrow(/"b"/);
		expect(() => fillPath('/X({constructor})', {}, { constructor: 'string' })).toThrow(/no value/);
	});

	test('a value of an enum, and several values', () => {
		const enums = { PeerType: ['Extension', 'Queue'] };
		expect(entityKey('Queue', 'PeerType', enums)).toBe("('Queue')");
		expect(
			entityKey({ Number: '800', Type: 'Queue' }, { Number: 'string', Type: 'PeerType' }, enums),
		).toBe("(Number='800',Type='Queue')");
		expect(fillPath('/F(type={type})', { type: 'Queue' }, { type: 'PeerType' }, enums)).toBe(
			"/F(type='Queue')",
		);
	});

	test('a parameter that the catalogue does not describe is a text', () => {
		expect(fillPath('/F(name={name})', { name: 12 }, {})).toBe("/F(name='12')");
	});

	test('a value that does not fit is refused by the name of its field', () => {
		expect(() => entityKey(undefined, 'int32')).toThrow(/"key" has no value/);
		expect(() => entityKey('x', 'int32')).toThrow(expect.objectContaining({ field: 'key' }));
		expect(() => entityKey({ Number: {} }, { Number: 'string' })).toThrow(/"Number"/);
		expect(() => fillPath('/Users({Id})', { Id: 'x' }, { Id: 'int32' })).toThrow(
			expect.objectContaining({ field: 'Id' }),
		);
	});

	test('any text survives the way through a URL and never leaves its segment', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
				const key = entityKey(text, 'string');
				const url = new URL(`https://pbx.example/xapi/v1/Sbcs${key}/Pbx.PushConfig?$top=1`);
				expect(url.search).toBe('?$top=1');
				expect(url.hash).toBe('');
				const segments = url.pathname.split('/');
				expect(segments).toHaveLength(5);
				const read = /^Sbcs\('(.*)'\)$/s.exec(decodeURIComponent(segments[3] ?? ''))?.[1] ?? '';
				expect(read.replace(/''/g, "'")).toBe(text);
				expect(read.replace(/''/g, '')).not.toContain("'");
			}),
		);
	});
});
