import { NodeHelpers, type INode, type INodeParameters, type INodeProperties } from 'n8n-workflow';
import { operationsOf, ownOperationsOf } from '../../nodes/ThreeCx/operations';
import { DESCRIPTIONS } from '../../nodes/ThreeCx/resources/report';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';

/** Mistakes of a panel that people stumble over, looked for in every operation of every resource. */

const { description } = new ThreeCx();

const OPERATIONS = RESOURCES.flatMap((resource) =>
	operationsOf(resource).map(
		(operation) =>
			[`${resource.label}: ${operation.label}`, resource.name, operation.name] as const,
	),
);

/** Those that some choice of the other parameters can show, in their order. */
const belonging = (resource: string, operation: string): INodeProperties[] =>
	description.properties.filter(({ displayOptions: { show, hide } = {} }) => {
		const fits = (names: unknown, value: string) =>
			names === undefined || (names as string[]).includes(value);
		return (
			fits(show?.resource, resource) &&
			fits(show?.operation, operation) &&
			!(hide?.resource as string[] | undefined)?.includes(resource)
		);
	});

/** Those that are shown before anybody has filled in anything. */
function shownAtFirst(resource: string, operation: string): INodeProperties[] {
	const all = belonging(resource, operation);
	const values: INodeParameters = { resource, operation };
	for (const { name, default: value } of all) values[name] ??= value as never;
	return all.filter((property) =>
		NodeHelpers.displayParameter(values, property, { typeVersion: 1 } as INode, description),
	);
}

const isSection = ({ type }: INodeProperties) =>
	type === 'collection' || type === 'fixedCollection';

describe.each(OPERATIONS)('%s', (_, resource, operation) => {
	const shown = shownAtFirst(resource, operation);

	test('has a button in every section', () => {
		const empty = shown.filter(isSection).filter((section) => {
			const options = (section.options ?? []) as INodeProperties[];
			const forThis = options.filter(({ displayOptions: { show, hide } = {} }) => {
				const named = (names: unknown) => (names as string[] | undefined)?.includes(resource);
				return named(show?.['/resource']) !== false && named(hide?.['/resource']) !== true;
			});
			return forThis.length === 0 || !section.placeholder;
		});
		expect(empty.map(({ displayName }) => displayName)).toEqual([]);
	});

	test('says nothing twice', () => {
		const notices = shown.flatMap(({ type, displayName, hint }) => [
			...(type === 'notice' ? [displayName] : []),
			...(hint === undefined ? [] : [hint]),
		]);
		expect(notices.filter((notice, at) => notices.indexOf(notice) !== at)).toEqual([]);
	});

	test('shows what decides before what is decided', () => {
		const all = belonging(resource, operation);
		const late = all.flatMap((property, at) => {
			const { show, hide } = property.displayOptions ?? {};
			return Object.keys({ ...show, ...hide })
				.filter((name) => all.slice(at + 1).some((other) => other.name === name))
				.filter((name) => !all.slice(0, at).some((other) => other.name === name))
				.map((name) => `${name} below ${property.name}`);
		});
		expect(late).toEqual([]);
	});

	test('frames no list red that may stay empty', () => {
		const red = shown.filter(
			({ type, typeOptions, default: value, required, description: text = '' }) =>
				type === 'options' &&
				typeOptions?.loadOptionsMethod !== undefined &&
				value === '' &&
				!required &&
				/leave empty/i.test(text) &&
				!WITH_NOTHING.includes(typeOptions.loadOptionsMethod),
		);
		expect(red.map(({ name }) => name)).toEqual([]);
	});

	test('asks for words to confirm in one way', () => {
		const confirmations = shown.filter(({ name }) => name === 'confirmation');
		for (const { displayName, placeholder, required } of confirmations) {
			expect(displayName).toMatch(/^Type (?:PURGE|the [A-Z][\w ]+) to Confirm$/);
			expect(placeholder).toMatch(/^e\.g\. /);
			expect(required).toBe(true);
		}
	});
});

/** Lists that offer "(All)" or "(Any)" as their first choice. */
const WITH_NOTHING = ['getDepartmentNumbers'];

const FILES = RESOURCES.flatMap((resource) =>
	ownOperationsOf(resource)
		.filter(({ uses = [], name }) => name !== 'get' && uses.some((id) => id.startsWith('Download')))
		.map(({ label, name }) => [`${resource.label}: ${label}`, resource.name, name] as const),
);

test.each(FILES)('%s lets one say where the file goes', (_, resource, operation) => {
	const names = belonging(resource, operation).map(({ name }) => name);
	const at = names.indexOf('binaryPropertyName');
	expect(at).toBeGreaterThan(0);
	// What decides what is in the file comes before.
	expect(names.slice(at + 1).filter((name) => !/options$/i.test(name))).toEqual([]);
});

test('each report says what its rows are about', () => {
	const pickers = description.properties.filter(({ name }) => name === 'report');
	const options = pickers.flatMap((picker) => (picker.options ?? []) as INodeProperties[]);
	expect(options.length).toBe(Object.keys(DESCRIPTIONS).length);
	expect(options.filter((option) => (option.description ?? '').length < 20)).toEqual([]);
	const names = new Set(
		options.map((option) => String((option as unknown as { value: string }).value)),
	);
	expect(Object.keys(DESCRIPTIONS).filter((name) => !names.has(name))).toEqual([]);
});
