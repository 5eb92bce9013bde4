import type { OrderBy } from '../../lib/odata/field';
import { queryString, search } from '../../lib/odata/query';

const decoded = (text: string) =>
	text.split('&').map((part) =>
		part
			.split('=')
			.map((half) => decodeURIComponent(half))
			.join('='),
	);

describe('query options', () => {
	test('nothing gives nothing', () => {
		expect(queryString({})).toBe('');
		expect(
			queryString({ filter: undefined, select: [], expand: [], orderBy: [], count: false }),
		).toBe('');
	});

	test('every option, keys literal and values encoded', () => {
		expect(
			queryString({
				filter: "Name eq 'R&D +1 #2 100%'",
				search: 'berlin',
				select: ['Id', 'Number', 'Id'],
				expand: [{ property: 'Groups' }],
				orderBy: [{ field: 'Number' }, { field: 'Id', direction: 'desc' }],
				top: 100,
				skip: 0,
				count: true,
			}),
		).toBe(
			"$filter=Name%20eq%20'R%26D%20%2B1%20%232%20100%25'&$search=berlin&$select=Id%2CNumber&$expand=Groups&$orderby=Number%20asc%2CId%20desc&$top=100&$skip=0&$count=true",
		);
	});

	test('a direction that an expression gives cannot bring more into the request', () => {
		const direction = 'asc&$filter=Secret eq 1' as OrderBy['direction'];
		expect(() => queryString({ orderBy: [{ field: 'Id', direction }] })).toThrow(
			expect.objectContaining({ field: 'direction' }),
		);
	});

	test('expands with own options and one level below', () => {
		expect(
			decoded(
				queryString({
					expand: [
						{
							property: 'Groups',
							select: ['Name'],
							filter: "Name eq 'a;b)'",
							orderBy: [{ field: 'Name', direction: 'desc' }],
							top: 5,
							expand: [{ property: 'Rights', select: ['RoleName'] }],
						},
						{ property: 'Phones' },
					],
				}),
			),
		).toEqual([
			"$expand=Groups($select=Name;$orderby=Name desc;$top=5;$expand=Rights($select=RoleName);$filter=Name eq 'a;b)'),Phones",
		]);
	});

	test.each([
		['berlin', 'berlin'],
		['  Łódź ', 'Łódź'],
		['100', '"100"'],
		['John Smith', '"John Smith"'],
		['NOT', '"NOT"'],
		['ANDROID', 'ANDROID'],
		['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
		['', undefined],
	])('searching %p writes %p', (text, expected) => {
		expect(search(text)).toBe(expected);
	});

	test('a path may have digits and underscores behind its first letter', () => {
		expect(queryString({ select: ['Rights/Role_2', '_x', 'Größe1'] })).toBe(
			`$select=${encodeURIComponent('Rights/Role_2,_x,Größe1')}`,
		);
	});

	test.each([
		[{ select: ['Rights/2'] }, /not a field name/],
		[{ select: ['Rights/Role-Name'] }, /not a field name/],
		[{ select: ['Rights//RoleName'] }, /not a field name/],
		[{ search: 'x\ud83d' }, /"search" holds half/],
		[{ top: -1 }, /"top" must be a whole number/],
		[{ skip: 1.5 }, /"skip" must be a whole number/],
		[{ select: ['Id,Number'] }, /not a field name/],
		[{ orderBy: [{ field: 'Id desc' }] }, /not a field name/],
		[{ expand: [{ property: 'Groups($select=Id)' }] }, /not a field name/],
		[{ expand: [{ property: 'Groups', top: NaN }] }, /"Groups: limit" must be a whole number/],
		[{ search: '\ud83d' }, /half of a character/],
	])('%j is refused', (query, message) => {
		expect(() => queryString(query)).toThrow(message);
	});
});
