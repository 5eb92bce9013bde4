import { NodeHelpers, type INodeParameters, type INodeProperties } from 'n8n-workflow';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { operatorsFor, OPERATORS, type Operator } from '../../lib/odata/filter';
import { queryString } from '../../lib/odata/query';
import { catalogue } from '../../lib/xapi/catalogue';
import { queryFrom, type BuilderInput } from '../../nodes/ThreeCx/builders';
import type { LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { instantIn } from '../../nodes/shared/time';
import { loadOptionsContext } from '../support/n8n';
import { by, openOffice, type Office } from './peopleHarness';

/** The panel of the builders as n8n shows it, and what becomes of its values. */

const node = new ThreeCx();
const lists: Record<string, LoadOptionsMethod> = node.methods.loadOptions;

/** A fixedCollection has options with values, which look alike: a name and what is inside. */
interface Level {
	name: string;
	options?: unknown;
	values?: unknown;
}

/** The inputs in a fixedCollection of the node, by the names that lead there. */
function inputsAt(...names: string[]): INodeProperties[] {
	let level: Level[] = node.description.properties;
	for (const name of names) {
		const next = level.find((entry) => entry.name === name);
		level = (next?.values ?? next?.options ?? []) as Level[];
	}
	return level as INodeProperties[];
}

const PLACES = {
	'a condition': inputsAt('filters', 'conditions'),
	'a condition in a group': inputsAt('filters', 'groups', 'conditions', 'condition'),
	'a condition on linked records': inputsAt('expands', 'link'),
};

/** A property of each class that inputs tell apart: class, type expression, and the fitting value inputs. */
const CLASSES = [
	{ name: 'text', type: 'string?', one: 'value:string', two: '', list: 'value:string' },
	{
		name: 'number',
		type: 'int32',
		one: 'value:string',
		two: 'value2:string',
		list: 'value:string',
	},
	{ name: 'boolean', type: 'boolean?', one: 'booleanValue:options', two: '', list: '' },
	{
		name: 'moment',
		type: 'date-time?',
		one: 'dateValue:dateTime',
		two: 'dateValue2:dateTime',
		list: 'value:string',
	},
	{
		name: 'clock',
		type: 'duration',
		one: 'value:string',
		two: 'value2:string',
		list: 'value:string',
	},
	{ name: 'id', type: 'uuid', one: 'value:string', two: '', list: 'value:string' },
	{
		name: 'enum',
		type: 'GroupHoursMode?',
		one: 'enumValue:options',
		two: '',
		list: 'enumValues:multiOptions',
	},
];

const shownIn = (inputs: INodeProperties[], values: INodeParameters) =>
	inputs.filter((input) =>
		NodeHelpers.displayParameter(values, input, { typeVersion: 1 }, node.description),
	);

const isValueInput = ({ name }: INodeProperties) => /value2?s?$/i.test(name);

const CASES = CLASSES.flatMap((entry) =>
	operatorsFor(entry.type, catalogue.enums).map((operator) => ({ ...entry, operator })),
);

describe.each(Object.entries(PLACES))('%s', (_place, inputs) => {
	test.each(CASES)('of class $name with $operator shows the one fitting input', (entry) => {
		const { operands } = OPERATORS[entry.operator];
		const expected = {
			none: [],
			one: [entry.one],
			two: [entry.one, entry.two],
			list: [entry.list],
		}[operands];
		const shown = shownIn(inputs, { field: `X|${entry.name}`, operator: entry.operator });
		expect(shown.filter(isValueInput).map(({ name, type }) => `${name}:${type}`)).toEqual(expected);
	});

	test.each(CLASSES)('of class $name offers the operators that fit, in one dropdown', (entry) => {
		const dropdowns = shownIn(inputs, { field: `X|${entry.name}`, operator: 'equals' }).filter(
			({ name }) => name === 'operator',
		);
		expect(dropdowns).toHaveLength(1);
		expect(dropdowns[0]!.options!.map((option) => ('value' in option ? option.value : ''))).toEqual(
			operatorsFor(entry.type, catalogue.enums),
		);
	});

	test('of a field that an expression names takes a text', () => {
		const shown = shownIn(inputs, { field: 'Number', operator: 'equals' });
		expect(shown.filter(isValueInput).map(({ name, type }) => `${name}:${type}`)).toEqual([
			'value:string',
		]);
	});
});

test('linked records ask for no condition until a field is chosen', () => {
	const shown = shownIn(PLACES['a condition on linked records'], { field: '', operator: 'equals' });
	expect(shown.map(({ name }) => name)).not.toContain('operator');
	expect(shown.filter(isValueInput)).toEqual([]);
});

describe('values become a query', () => {
	const filterOf = (type: string, input: BuilderInput) =>
		queryFrom(type, input, instantIn('Europe/London')).filter;
	const when = (condition: object, type = 'Group') =>
		filterOf(type, { filters: { conditions: [condition] } });

	test.each<[string, object, string, string?]>([
		[
			'a day in the zone of the workflow',
			{ field: 'LastLoginTime|moment', operator: 'greaterThan', dateValue: '2026-07-01T00:00:00' },
			'LastLoginTime gt 2026-06-30T23:00:00.000Z',
		],
		[
			'a list of moments',
			{ field: 'LastLoginTime|moment', operator: 'in', value: '2026-07-01T00:00:00Z, 2026-12-01' },
			'(LastLoginTime eq 2026-07-01T00:00:00.000Z or LastLoginTime eq 2026-12-01T00:00:00.000Z)',
		],
		[
			'between two moments',
			{
				field: 'LastLoginTime|moment',
				operator: 'between',
				dateValue: '2026-01-01',
				dateValue2: '2026-02-01',
			},
			'(LastLoginTime ge 2026-01-01T00:00:00.000Z and LastLoginTime le 2026-02-01T00:00:00.000Z)',
		],
		[
			'a duration',
			{ field: 'TimeOfStartDate|clock', operator: 'lessThan', value: '8:30:00' },
			"TimeOfStartDate lt duration'PT8H30M0S'",
			'Holiday',
		],
		[
			'a member of an enum',
			{ field: 'CurrentGroupHours|enum', operator: 'notEquals', enumValue: 'Default' },
			"CurrentGroupHours ne 'Default'",
		],
		[
			'several members of an enum',
			{ field: 'CurrentGroupHours|enum', operator: 'in', enumValues: ['Default', 'ForceClosed'] },
			"(CurrentGroupHours eq 'Default' or CurrentGroupHours eq 'ForceClosed')",
		],
		[
			'several members with Equals, which an expression may give',
			{
				field: 'CurrentGroupHours|enum',
				operator: 'equals',
				enumValue: ['Default', 'ForceClosed'],
			},
			"(CurrentGroupHours eq 'Default' or CurrentGroupHours eq 'ForceClosed')",
		],
		[
			'a list of texts',
			{ field: 'Name|text', operator: 'in', value: 'Sales, IT ,' },
			"(tolower(Name) eq 'sales' or tolower(Name) eq 'it')",
		],
		[
			'a field without its class',
			{ field: 'AnswerAfter', operator: 'equals', value: '5' },
			'AnswerAfter eq 5',
		],
		[
			'a switch',
			{ field: 'IsDefault|boolean', operator: 'equals', booleanValue: 'false' },
			'IsDefault eq false',
		],
		[
			'nothing to compare with',
			{ field: 'Language|text', operator: 'isEmpty' },
			"(Language eq null or Language eq '')",
		],
	])('%s', (_, condition, expected, ...[type]) => {
		expect(when(condition, type)).toBe(expected);
	});

	test('groups stand in parentheses, each with its own any or all, and empty ones do not count', () => {
		const name = (value: string) => ({ field: 'Name|text', operator: 'equals' as Operator, value });
		expect(
			filterOf('Group', {
				match: 'all',
				filters: {
					conditions: [{ field: 'IsDefault|boolean', operator: 'equals', booleanValue: 'false' }],
					groups: [
						{ match: 'any', conditions: { condition: [name('a'), name('b')] } },
						{ match: 'all', conditions: {} },
					],
				},
				options: { rawFilter: "Number eq 'GRP0001' or Number eq 'GRP0002'" },
			}),
		).toBe(
			"(IsDefault eq false and (tolower(Name) eq 'a' or tolower(Name) eq 'b')) and (Number eq 'GRP0001' or Number eq 'GRP0002')",
		);
	});

	test('a link that is chosen twice counts once, with its wishes', () => {
		const { expand } = queryFrom(
			'User',
			{
				options: { expand: ['Groups', 'Phones', 'ForwardingProfiles'] },
				expands: {
					link: [
						{
							property: 'Groups',
							select: ['Name'],
							field: 'Name|text',
							operator: 'startsWith',
							value: 'S',
							rawFilter: 'GroupId gt 5',
							sortBy: 'Name|text',
							direction: 'desc',
							top: 3,
							nested: 'Rights',
							nestedSelect: ['RoleName'],
						},
					],
				},
			},
			(text) => text,
		);
		expect(expand?.map(({ property }) => property)).toContain('ForwardingProfiles');
		expect(expand?.filter(({ property }) => property === 'Groups')).toEqual([
			{
				property: 'Groups',
				select: ['Name', 'Rights'],
				filter: "(startswith(tolower(Name),'s')) and (GroupId gt 5)",
				orderBy: [{ field: 'Name', direction: 'desc' }],
				top: 3,
				expand: [{ property: 'Rights', select: ['RoleName'] }],
			},
		]);
	});

	const condition = (row: object): BuilderInput => ({ filters: { conditions: [row] } });
	const link = (row: object): BuilderInput => ({
		expands: { link: [{ property: 'Members', ...row }] },
	});
	test.each<[string, BuilderInput, RegExp]>([
		['a field that is none', condition({ field: 'Shoe|text' }), /no field "Shoe"/],
		['a field of every object', condition({ field: 'constructor' }), /no field "constructor"/],
		['no field', condition({ field: '' }), /has no field/],
		[
			'an operator that does not fit',
			condition({ field: 'Name|text', operator: 'between', value: 'a' }),
			/"Name" cannot be compared with "Between"/,
		],
		[
			'an operator that is none',
			condition({ field: 'Name|text', operator: 'sounds', value: 'a' }),
			/"Name" cannot be compared with "sounds"/,
		],
		[
			'a list as a field',
			condition({ field: 'Members', operator: 'equals', value: 'a' }),
			/"Members" cannot be compared/,
		],
		[
			'a number that is none',
			condition({ field: 'AnswerAfter|number', operator: 'equals', value: '' }),
			/"AnswerAfter" needs a whole number/,
		],
		[
			'an empty list',
			condition({ field: 'Name|text', operator: 'in', value: ' , ' }),
			/"Name" has no value/,
		],
		[
			'a date that is none',
			condition({ field: 'LastLoginTime|moment', operator: 'equals', dateValue: 'soon' }),
			/"soon" is not a date/,
		],
		[
			'no date',
			condition({ field: 'LastLoginTime|moment', operator: 'equals', dateValue: '' }),
			/"LastLoginTime" needs a date/,
		],
		[
			'a member that is none',
			condition({ field: 'CurrentGroupHours|enum', operator: 'in', enumValues: ['Lunch'] }),
			/does not know "Lunch"/,
		],
		['no link', link({ property: '' }), /has no linked record/],
		['a link that is none', link({ property: 'Shoes' }), /no linked record "Shoes"/],
		['a nested link that is none', link({ nested: 'Shoes' }), /no linked record "Shoes"/],
		[
			'a field that the linked records do not have',
			link({ field: 'AnswerAfter|number', operator: 'equals', value: '1' }),
			/no field "AnswerAfter"/,
		],
		['a raw filter that is cut short', link({ rawFilter: "Name eq 'x" }), /position 9/],
		['an injection as a sort field', link({ sortBy: 'Name desc,Id' }), /is not a field name/],
	])('%s is told', (_, input, message) => {
		expect(() => queryString(queryFrom('Group', input, instantIn('Europe/London')))).toThrow(
			message,
		);
	});
});

describe('in n8n', () => {
	let office: Office;

	beforeAll(async () => {
		office = await openOffice();
	});

	afterAll(async () => await office.close());

	test('groups of conditions and linked records come through its engine', async () => {
		const isNamed = (value: string) => ({ field: 'FirstName|text', operator: 'equals', value });
		const rows = await office.run(
			'user',
			'getAll',
			{
				match: 'all',
				filters: {
					conditions: [{ field: 'Enabled|boolean', operator: 'equals', booleanValue: 'true' }],
					groups: [
						{
							match: 'any',
							conditions: { condition: [isNamed('amelia'), isNamed('={{ $json.name }}')] },
						},
					],
				},
				expands: {
					link: [
						{
							property: 'ForwardingProfiles',
							select: ['Name', 'NoAnswerTimeout'],
							field: 'Name|text',
							operator: 'contains',
							value: 'custom',
							sortBy: 'Name|text',
							direction: 'desc',
							top: 1,
						},
						{
							property: 'Groups',
							select: ['GroupId'],
							nested: 'Rights',
							nestedSelect: ['RoleName'],
						},
					],
				},
			},
			{ items: [{ name: 'Silas' }] },
		);
		expect(rows).toEqual(
			['100', '129'].map((number) =>
				expect.objectContaining({
					Number: number,
					ForwardingProfiles: [{ Name: 'Custom 2', NoAnswerTimeout: 20 }],
					Groups: [
						{
							GroupId: expect.any(Number),
							Rights: { RoleName: number === '100' ? 'system_owners' : 'users' },
						},
					],
				}),
			),
		);
		// Without Simplify a single row takes them, too.
		expect(
			await office.one('user', 'get', {
				user: by('Number', '100'),
				simplify: false,
				expands: { link: [{ property: 'Groups', select: ['Name'] }] },
			}),
		).toMatchObject({ FirstName: 'Amelia', Groups: [{ Name: 'Management' }] });
	});

	const link = { property: 'Groups', field: 'Type|enum', nested: 'Rights' };
	test.each([
		['getFilterFields', 'filters.conditions[0].field', 'Number|text'],
		['getFilterFields', 'filters.groups[0].conditions.condition[0].field', 'QueueStatus|enum'],
		['getEnumMembers', 'filters.conditions[0].enumValue', 'LoggedIn'],
		['getEnumMembers', 'filters.groups[0].conditions.condition[0].enumValues', 'SRTPDisabled'],
		['getNavigationProperties', 'expands.link[0].property', 'ForwardingProfiles'],
		['getLinkedFields', 'expands.link[0].select', 'MemberName'],
		['getLinkedFilterFields', 'expands.link[0].field', 'MemberName|text'],
		['getLinkedEnumMembers', 'expands.link[0].enumValue', 'Extension'],
		['getNestedNavigationProperties', 'expands.link[0].nested', 'Rights'],
		['getNestedFields', 'expands.link[0].nestedSelect', 'RoleName'],
	])('%s fills %s', async (method, path, expected) => {
		const parameters = {
			resource: 'user',
			operation: 'getAll',
			filters: {
				conditions: [{ field: 'QueueStatus|enum' }],
				groups: [{ conditions: { condition: [{ field: 'SRTPMode|enum' }] } }],
			},
			expands: { link: [link] },
		};
		const context = loadOptionsContext(
			parameters,
			office.credentials,
			undefined,
			`parameters.${path}`,
		);
		const options = await lists[method]!.call(context);
		expect(options.map(({ value }) => value)).toContain(expected);
	});
});
