import type { INodeParameters, INodePropertyOptions } from 'n8n-workflow';
import { titleCase } from '../../lib/text';
import {
	catalogue,
	enumMembers,
	navigationPropertiesOf,
	parseType,
	propertiesOf,
} from '../../lib/xapi/catalogue';
import { fieldOptions } from '../../nodes/ThreeCx/fieldNames';
import { hasMoreFields, moreFieldsOf } from '../../nodes/ThreeCx/fields/body';
import { HELP, isReadOnly, labelOf, LABELS, READ_ONLY } from '../../nodes/ThreeCx/fields/labels';
import { enumOptions } from '../../nodes/ThreeCx/fields/text';
import { hasRows, hasSettings, type LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { formOf, typeOf } from '../../nodes/ThreeCx/typeOf';
import { CredentialStore, loadOptionsContext } from '../support/n8n';

/** What people read where the panel lists fields of 3CX: the same words everywhere, and none of a programmer. */

const node = new ThreeCx();
const lists: Record<string, LoadOptionsMethod> = node.methods.loadOptions;

/** Types whose fields the panel lists: of the resources, of their linked records, and of what is linked to those. */
const owned = RESOURCES.flatMap((resource) => typeOf(resource) ?? []);
const linkedTo = (types: readonly string[]) =>
	types.flatMap((type) =>
		Object.values(navigationPropertiesOf(catalogue, type)).map(({ name }) => name),
	);
const TYPES = [...new Set([...owned, ...linkedTo(owned), ...linkedTo(linkedTo(owned))])].toSorted();

const fieldsOf = (type: string) => Object.keys(propertiesOf(catalogue, type));

/** Words as people write them: no `myPhone`, no `Enable2`, no `SIPID`, no `Sbc`, and small ones only in the middle. */
const READABLE =
	/^(?:[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*s?|\d+[a-z]?|[A-Z]{1,6}s?|[A-Z]+\d+|2FA|3CX|IPv[46]|E\.164|of|to|in|on|and|as|at|by|for|a|an|the|or|if|per|with|without|From|\((?:Seconds|Percent|Days|Packets|Requests|SRTP|Old)\)|'s)$/;

/** Abbreviations that came in as words, since `Dn` looks like one. */
const MISSED =
	/^(?:Addr|Crm|Did|Dn|Dst|Dtmf|Ext|Fqdn|Id|Ids|Ip|Msg|Pbx|Pin|Sbc|Sip|Sla|Sms|Src|Uri|Url)$/;

const unreadable = (label: string) => [
	...label.split(/[ ,:]+/).filter((word) => !READABLE.test(word) || MISSED.test(word)),
	...(label.endsWith(' No') ? ['No'] : []),
];

describe.each(TYPES)('the fields of %s', (type) => {
	const options = fieldOptions(type, fieldsOf(type));

	test('read like words', () => {
		expect(options.filter(({ name }) => unreadable(name).length > 0)).toEqual([]);
	});

	test('are told apart', () => {
		const names = options.map(({ name }) => name);
		expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
	});

	test('have values that read like words, too', () => {
		const enums = Object.values(propertiesOf(catalogue, type)).map((each) => parseType(each).name);
		const members = enums
			.filter((name) => enumMembers(catalogue, name).length > 0)
			.flatMap((name) => enumOptions(name));
		expect(members.filter(({ name }) => unreadable(name).length > 0)).toEqual([]);
	});
});

describe.each(RESOURCES.filter((resource) => formOf(resource).length > 0))('$label', (resource) => {
	const type = typeOf(resource)!;
	const form = formOf(resource);

	test('calls fields in lists as in its form', () => {
		const differ = form
			.filter(
				({ property, alsoWrites, merge }) =>
					!merge && !alsoWrites && !(`${type}.${property}` in LABELS),
			)
			.map(({ property, parameter }) => [
				parameter.displayName.replace(/ Names? or IDs?$/, ''),
				labelOf(type, property, form),
			])
			.filter(([inForm, inList]) => inList !== inForm && inList !== `${inForm}s`);
		expect(differ).toEqual([]);
	});

	test('offers nothing under More Fields that 3CX keeps itself, or that the form has', () => {
		const offered = Object.keys(moreFieldsOf(type, form));
		expect(offered.filter((name) => isReadOnly(type, name))).toEqual([]);
		expect(offered.filter((name) => form.some(({ property }) => property === name))).toEqual([]);
		// The kind: what is said of a record by the PBX, not by people.
		expect(
			offered.filter((name) => /^(?:Id|Is[A-Z]|Has[A-Z]|Can(?!Use)|Last[A-Z])/.test(name)),
		).toEqual([]);
	});

	test('shows More Fields where there are any', async () => {
		const resourceName = resource.name;
		const context = loadOptionsContext(
			{ resource: resourceName, operation: 'update' },
			new CredentialStore({}),
		);
		const { fields } = await node.methods.resourceMapping.getMoreFields.call(context);
		expect(fields.length > 0).toBe(hasMoreFields(resource));
		expect(
			fields.filter(
				({ displayName }) =>
					unreadable(
						displayName.replace(/ \((?:comma-separated|JSON (?:array|object)|[\w:-]+)\)$/, ''),
					).length > 0,
			),
		).toEqual([]);
	});
});

describe.each(RESOURCES.filter(hasRows))('$label lists', ({ name: resource, type, summary }) => {
	const fill = async (method: string): Promise<INodePropertyOptions[]> => {
		const parameters: INodeParameters = { resource, operation: 'getAll' };
		const context = loadOptionsContext(parameters, new CredentialStore({}));
		return await lists[method]!.call(context);
	};

	test.each(['getFilterFields', 'getFields'])(
		'%s: what is used every day comes first',
		async (method) => {
			const values = (await fill(method)).map(({ value }) => String(value).split('|')[0]!);
			const everyday = summary.filter((property) => property !== 'Id' && values.includes(property));
			expect(values.slice(0, everyday.length)).toEqual(everyday);
		},
	);

	test('each list that its panel shows has something to choose', async () => {
		const isShown = (name: string) =>
			['get', 'getAll'].some((operation) =>
				node.description.properties
					.filter(({ displayOptions: { show, hide } = {} }) => {
						const isFor = (names: unknown, value: string) =>
							names === undefined || (names as string[]).includes(value);
						return (
							isFor(show?.resource, resource) &&
							isFor(show?.operation, operation) &&
							!(hide?.resource as string[] | undefined)?.includes(resource)
						);
					})
					.some(
						(property) =>
							property.name === name ||
							(property.name === 'options' &&
								(property.options ?? []).some(
									(option) =>
										option.name === name &&
										'displayOptions' in option &&
										(option.displayOptions?.show?.['/resource'] as string[]).includes(resource),
								)),
					),
			);
		const links = Object.keys(navigationPropertiesOf(catalogue, type));
		const hasOwn = (operation: string) =>
			node.description.properties.some(
				(property) =>
					property.name === 'operation' &&
					(property.displayOptions?.show?.resource as string[]).includes(resource) &&
					(property.options as INodePropertyOptions[]).some(({ value }) => value === operation),
			);
		const isListed = hasOwn('getAll');
		expect(isShown('expands')).toBe(isListed && links.length > 0);
		expect(isShown('expand')).toBe(isListed && links.length > 0);
		expect(isShown('reveal')).toBe(isListed && (await fill('getSecretFields')).length > 0);
	});
});

test('the table says nothing that a name or a form says, and of nothing that there is not', () => {
	const known = new Set(
		TYPES.flatMap((type) => fieldsOf(type).flatMap((name) => [name, `${type}.${name}`])),
	);
	const keys = [...Object.keys(LABELS), ...Object.keys(HELP), ...READ_ONLY];
	expect(keys.filter((key) => !known.has(key))).toEqual([]);
	expect(Object.entries(LABELS).filter(([key, label]) => titleCase(key) === label)).toEqual([]);
	expect(
		RESOURCES.filter((resource) => hasRows(resource) || hasSettings(resource)).length,
	).toBeGreaterThan(30);
	expect(Object.keys(HELP).length).toBeGreaterThanOrEqual(150);
});

test.each([
	['SIPID', 'SIP ID'],
	['Enable2FA', 'Enable 2FA'],
	['VMPIN', 'Voicemail PIN'],
	['queueDns', 'Queue DNs'],
	['LocalIPv4', 'Local IPv4'],
	['MusicOnHold1', 'Music on Hold 1'],
	['IVRs', 'IVRs'],
	['system_owners', 'System Owners'],
	['If-Match', 'If-Match'],
	['HuntBy3s', 'Hunt by 3s'],
	['', ''],
])('%s is "%s" in words', (name, words) => {
	expect(titleCase(name)).toBe(words);
});
