import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { filter } from '../../../lib/odata/filter';
import { catalogue } from '../../../lib/xapi/catalogue';
import type { Destination } from '../../../lib/xapi/destination';
import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import { titleCase } from '../../../lib/text';
import type { ItemRun } from '../../shared/router';
import { lower } from '../operations/genericOperation';
import { byName, rowsOf } from '../lists';
import type { Field, LoadOptionsMethod } from '../resource';
import { NO_PROMPT, promptLists } from './prompts';
import { alphabetically } from '../../shared/alphabetical';
import { dialledNumber } from '../../shared/fields/dialled';

/**
 * Where a call can be sent, as people choose it. The values are members of XAPI's `DestinationType`; its other members
 * only make sense for single features (`Boomerang`, `Callback`, `ProceedWithNoExceptions`, ...) and are reached through
 * More Fields. A destination at a DN says also what kind of DN it is, in XAPI's `PeerType`.
 */
const KINDS = [
	{ value: 'Extension', name: 'Extension', peer: 'Extension' },
	{ value: 'None', name: 'End Call' },
	{ value: 'External', name: 'External Number' },
	{ value: 'Fax', name: 'Fax', peer: 'Fax' },
	{ value: 'IVR', name: 'IVR (Digital Receptionist)', peer: 'IVR' },
	{ value: 'Queue', name: 'Queue', peer: 'Queue' },
	{ value: 'RingGroup', name: 'Ring Group', peer: 'RingGroup' },
	{ value: 'RoutePoint', name: 'Call Flow or API Client', peer: 'RoutePoint' },
	{ value: 'VoiceMail', name: 'Voicemail of an Extension', peer: 'Extension' },
] as const satisfies readonly DestinationKind[];

/** What can be replaced by another destination: all but the end of a call, which stands everywhere. */
export const REPLACEABLE: readonly DestinationKind[] = KINDS.filter(
	({ value }) => value !== 'None',
);

/** One line of a dropdown of destinations. */
export interface DestinationKind {
	/** What XAPI calls it. */
	value: string;
	/** As in the dropdown. */
	name: string;
	/** For a destination at a DN: the `PeerType` of the DNs to choose from. */
	peer?: string;
}

/** What the parameters of {@link targetValues} hold. */
export interface Target {
	to?: string;
	/** Number of the DN. */
	target?: string | number;
	/** Number to dial outside. */
	external?: string | number;
}

/** The value of a parameter that {@link destinationProperty} describes; `{}` while nothing is chosen. */
export interface DestinationValue {
	destination?: Target;
}

const byDisplayedName = alphabetically<DestinationKind>(({ name }) => name);

/**
 * The inputs that choose a target: what it is, and then which one, from a list of the PBX's DNs of that kind. They
 * belong side by side in one fixedCollection, since the list depends on its neighbour.
 *
 * @param kinds what can be chosen; the first is the default
 */
export function targetValues(kinds: readonly DestinationKind[] = KINDS): INodeProperties[] {
	const preferred = kinds[0]?.value ?? '';
	/** Those that are no DN; there are fewer of them. */
	const elsewhere = kinds.filter(({ peer }) => peer === undefined).map(({ value }) => value);
	return [
		{
			displayName: 'Type',
			name: 'to',
			type: 'options',
			options: kinds.toSorted(byDisplayedName).map(({ name, value }) => ({ name, value })),
			default: preferred,
		},
		{
			displayName: 'Target Name or ID',
			name: 'target',
			type: 'options',
			typeOptions: { loadOptionsMethod: 'getDestinationTargets', loadOptionsDependsOn: ['&to'] },
			default: '',
			description:
				'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
			hint: 'In an expression, the ID is the number, such as 800',
			displayOptions: { hide: { to: elsewhere } },
		},
		...(kinds.some(({ value }) => value === 'External')
			? [
					{
						displayName: 'External Number',
						name: 'external',
						type: 'string' as const,
						default: '',
						placeholder: 'e.g. +442079460100',
						description: 'As you would dial it: digits, +, * and #',
						displayOptions: { show: { to: ['External'] } },
					},
				]
			: []),
	];
}

/**
 * A parameter that takes a destination of calls: an extension, its voicemail, a queue, a ring group, an IVR, an
 * external number, the end of the call. `destinationFrom` reads its value.
 *
 * @param name of the parameter, such as `officeHoursDestination`
 * @param label such as "Destination in Office Hours"
 * @param description when calls go there
 * @param kinds what can be chosen; all that XAPI's `Destination` takes by default
 */
export const destinationProperty = (
	name: string,
	label: string,
	description?: string,
	kinds: readonly DestinationKind[] = KINDS,
): INodeProperties => ({
	displayName: label,
	name,
	type: 'fixedCollection',
	placeholder: 'Choose Destination',
	default: {},
	...(description === undefined ? {} : { description }),
	options: [{ name: 'destination', displayName: 'Destination', values: targetValues(kinds) }],
});

/**
 * What a {@link destinationProperty} was set to, as XAPI wants it.
 *
 * @param value the parameter's value
 * @param label of the parameter, for errors
 * @returns the destination; undefined when none was chosen
 * @throws ThreeCxError of kind `input` when the type was chosen but not which one, or the external number is none
 */
export function destinationFrom(
	{ destination }: DestinationValue = {},
	label = 'Destination',
): Destination | undefined {
	if (destination === undefined) return undefined;
	const kind = destinationKind<DestinationKind>(destination, KINDS, label);
	return {
		To: kind.value,
		Number: targetNumber(destination, kind, label),
		External: kind.value === 'External' ? dialledNumber(label, label, destination.external) : '',
		Type: kind.peer ?? 'None',
	};
}

/**
 * The kind that was chosen.
 *
 * @throws ThreeCxError of kind `input` when an expression gave one that there is not
 */
export function destinationKind<K extends DestinationKind>(
	{ to }: Target,
	kinds: readonly K[],
	label: string,
): K {
	const kind = to === undefined ? kinds[0] : kinds.find(({ value }) => value === to);
	if (kind) return kind;
	throw new ThreeCxError({
		kind: 'input',
		field: label,
		message: `"${label}" cannot have the type "${String(to)}"`,
		hint: `Use one of ${kinds.map(({ value }) => value).join(', ')}.`,
	});
}

/**
 * The number of the DN that was chosen; empty for kinds that are at no DN.
 *
 * @throws ThreeCxError of kind `input` when it is missing
 */
export function targetNumber(
	{ target }: Target,
	{ name, peer }: DestinationKind,
	label: string,
): string {
	if (peer === undefined) return '';
	const number = String(target ?? '').trim();
	if (number !== '') return number;
	throw new ThreeCxError({
		kind: 'input',
		field: label,
		message: `"${label}" has no target: ${name}`,
		hint: 'Choose one under Target, or check what the expression in that field returns for this item.',
	});
}

/**
 * Looks whether there is a DN of the kind and number that was chosen. Who writes many places at once shall not find out in
 * the middle of them.
 *
 * @param label of the parameter, for the error
 * @throws ThreeCxError of kind `notFound`
 */
export async function assertReachable(
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	{ Number: number, Type }: Destination,
	label: string,
): Promise<void> {
	if (number === '') return;
	const query = queryString({
		filter: filter(
			{
				match: 'all',
				conditions: [
					{ field: 'Number', type: 'string', operator: 'equals', value: number },
					{ field: 'Type', type: 'PeerType?', operator: 'equals', value: Type },
				],
			},
			catalogue.enums,
		),
		select: ['Number'],
	});
	const [found] = await listEntities(client, '/Peers', { query, limit: 1, signal });
	if (found) return;
	throw new ThreeCxError({
		kind: 'notFound',
		field: label,
		message: `"${label}" leads nowhere: this PBX has no ${lower(titleCase(Type))} ${number}`,
		hint: 'Choose one from the list. Nothing was changed.',
	});
}

/**
 * A field of a resource that is a destination.
 *
 * @param property XAPI property of type `Destination`, such as `ForwardNoAnswer`
 * @param name of the parameter
 * @param label as shown
 * @param description when calls go there
 */
export const destinationField = (
	property: string,
	name: string,
	label: string,
	description?: string,
): Field => ({
	property,
	parameter: destinationProperty(name, label, description),
	toXapi: (value: DestinationValue) => destinationFrom(value, label),
});

/** When calls go elsewhere; the values are properties of type `Route`. */
const CLOSED = [
	{ value: 'BreakRoute', name: 'During Breaks' },
	{ value: 'HolidaysRoute', name: 'On Holidays' },
	{ value: 'OutOfOfficeRoute', name: 'Outside Office Hours' },
];

const ALWAYS = [...CLOSED, { value: 'OfficeRoute', name: 'In Office Hours' }].sort(byDisplayedName);

/** What the table of routes holds. */
interface RouteTable {
	route?: Array<Target & { when?: string; prompt?: string }>;
}

/**
 * Destinations by time, as a table: XAPI's `OutOfOfficeRoute`, `HolidaysRoute` and `BreakRoute`, each with an announcement
 * before.
 */
function routesField(label: string, times: readonly DestinationKind[], description: string): Field {
	const [first, ...others] = times.map(({ value }) => value);
	return {
		property: first!,
		alsoWrites: others,
		section: true,
		spread: true,
		toXapi: ({ route = [] }: RouteTable) =>
			Object.fromEntries(
				route.map(({ when, prompt, ...target }) => [
					destinationKind({ to: when }, times, label).value,
					{
						Route: destinationFrom({ destination: target }, label),
						...announcement(prompt),
					},
				]),
			),
		parameter: {
			displayName: label,
			name: 'closedRoutes',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Destination',
			default: {},
			description,
			options: [
				{
					name: 'route',
					displayName: 'Destination',
					values: [
						{
							displayName: 'When',
							name: 'when',
							type: 'options',
							options: times.map(({ name, value }) => ({ name, value })),
							default: first,
						},
						...targetValues(),
						{
							displayName: 'Prompt Name or ID',
							name: 'prompt',
							type: 'options',
							typeOptions: { loadOptionsMethod: 'getRoutePrompts' },
							default: '',
							description:
								'The announcement before. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
						},
					],
				},
			],
		},
	};
}

/** An announcement as a route has it; empty leaves it as it is. */
const announcement = (prompt = ''): Entity => {
	if (prompt === '') return {};
	return prompt === NO_PROMPT
		? { IsPromptEnabled: false }
		: { IsPromptEnabled: true, Prompt: String(prompt) };
};

/** Destinations of queues, ring groups and IVRs while the department is closed. */
export const closedRoutesField: Field = routesField(
	'Destinations When Closed',
	CLOSED,
	'Where calls go when the department is closed; times that are not listed do not change',
);

/** Destinations of a department, also while it is open. */
export const departmentRoutesField: Field = routesField(
	'Destinations',
	ALWAYS,
	'Where calls to the department go; times that are not listed do not change',
);

/** The dropdowns of destinations; any resource that has one names them in its `loadOptions`. */
export const destinationLists: Record<string, LoadOptionsMethod> = {
	...promptLists,

	/** The DNs of the kind that was chosen beside this list. */
	async getDestinationTargets() {
		const to = String(this.getCurrentNodeParameter('&to') ?? '');
		const kinds: readonly DestinationKind[] = KINDS;
		const type = kinds.find(({ value }) => value === to)?.peer;
		if (type === undefined) return [];
		const rows = await rowsOf(this, '/Peers', {
			filter: filter(
				{
					match: 'all',
					conditions: [{ field: 'Type', type: 'PeerType?', operator: 'equals', value: type }],
				},
				catalogue.enums,
			),
			select: ['Number', 'Name'],
		});
		return rows
			.map(({ Number: number, Name }) => ({
				name: [number, Name].filter(Boolean).join(' '),
				value: String(number),
			}))
			.sort(byName);
	},
};
