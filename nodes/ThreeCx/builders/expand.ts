import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { Expand } from '../../../lib/odata/expand';
import { filter, rawFilter } from '../../../lib/odata/filter';
import { catalogue, navigationPropertiesOf, propertiesOf } from '../../../lib/xapi/catalogue';
import {
	conditionFrom,
	conditionInputs,
	fieldName,
	fieldProperty,
	type ConditionInput,
	type Instant,
} from './conditions';
import { both } from './filter';

/**
 * Linked records with what shall come along of them. Everything about one link stands side by side, since n8n's
 * dropdowns can only look at their neighbours: here, at which link was chosen.
 */

const ofLink = { fields: 'getLinkedFilterFields', dependsOn: ['&property'] };

const linkProperty = (
	more: Pick<INodeProperties, 'displayName' | 'name'>,
	loadOptionsMethod: string,
	dependsOn?: string[],
): INodeProperties => ({
	...more,
	type: 'options',
	typeOptions: {
		loadOptionsMethod,
		...(dependsOn ? { loadOptionsDependsOn: dependsOn } : {}),
	},
	default: '',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
});

/** What can be said about one link, in the order in which one thinks of it. */
const linkInputs: INodeProperties[] = [
	linkProperty(
		{ displayName: 'Linked Record Name or ID', name: 'property' },
		'getNavigationProperties',
	),
	{
		displayName: 'Field Names or IDs',
		name: 'select',
		type: 'multiOptions',
		typeOptions: {
			loadOptionsMethod: 'getLinkedFields',
			loadOptionsDependsOn: ['&property'],
		},
		default: [],
		description:
			'Leave empty for all. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	...conditionInputs({ ...ofLink, members: 'getLinkedEnumMembers', optional: true }).map(
		(input): INodeProperties =>
			input.name === 'field' ? { ...input, displayName: 'Filter By Name or ID' } : input,
	),
	{
		displayName: 'Raw Filter (OData)',
		name: 'rawFilter',
		type: 'string',
		default: '',
		placeholder: "e.g. startswith(Number,'1')",
	},
	fieldProperty(
		{ ...ofLink, fields: 'getLinkedSortFields' },
		{ displayName: 'Sort By Name or ID', name: 'sortBy' },
	),
	{
		displayName: 'Direction',
		name: 'direction',
		type: 'options',
		options: [
			{ name: 'Ascending', value: 'asc' },
			{ name: 'Descending', value: 'desc' },
		],
		default: 'asc',
		displayOptions: { hide: { sortBy: [''] } },
	},
	{
		displayName: 'At Most',
		name: 'top',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'Max number of linked records to return per row; 0 returns all',
	},
	linkProperty(
		{ displayName: 'Nested Record Name or ID', name: 'nested' },
		'getNestedNavigationProperties',
		['&property'],
	),
	{
		displayName: 'Nested Field Names or IDs',
		name: 'nestedSelect',
		type: 'multiOptions',
		typeOptions: {
			loadOptionsMethod: 'getNestedFields',
			loadOptionsDependsOn: ['&property', '&nested'],
		},
		default: [],
		description:
			'Leave empty for all. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		displayOptions: { hide: { nested: [''] } },
	},
];

/** Linked Records: each with its own fields, condition, order, limit, and one level of links of its own. */
export const expandProperty: INodeProperties = {
	displayName: 'Linked Records',
	name: 'expands',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add Linked Records',
	default: {},
	description:
		'Add records that belong to each row. To add complete records, use Options > Expand.',
	options: [
		{
			name: 'link',
			displayName: 'Linked Records',
			values: linkInputs,
		},
	],
};

/** One row of {@link expandProperty}. */
interface LinkInput extends ConditionInput {
	property: string;
	select?: string[];
	rawFilter?: string;
	sortBy?: string;
	direction?: 'asc' | 'desc';
	top?: number;
	nested?: string;
	nestedSelect?: string[];
}

/** The value of {@link expandProperty}. */
export interface ExpandInput {
	link?: LinkInput[];
}

/** The type behind a navigation property. */
function linkedType(type: string, property: string): string {
	const links = navigationPropertiesOf(catalogue, type);
	const link = Object.hasOwn(links, property) ? links[property] : undefined;
	if (link) return link.name;
	throw new ThreeCxError({
		kind: 'input',
		field: 'expands',
		message:
			property === ''
				? 'A row under Linked Records has no linked record'
				: `This resource has no linked record "${property}"`,
		hint: `Choose one from the list: ${Object.keys(links).join(', ') || 'this resource has none'}.`,
	});
}

/**
 * The `$expand` that the parameters ask for.
 *
 * @param type the entity's type in the catalogue
 * @param whole the linked records to add unchanged
 * @param input the links with wishes; one that is also in `whole` counts once, with its wishes
 * @throws ThreeCxError or ODataInputError of a user's mistake, naming the field
 */
export function expandFrom(
	type: string,
	whole: readonly string[],
	{ link: links = [] }: ExpandInput,
	instant: Instant,
): Expand[] {
	const detailed = links.map((link) => detailedExpand(type, link, instant));
	const names = new Set(detailed.map(({ property }) => property));
	return [
		...whole.filter((property) => !names.has(property)).map((property) => ({ property })),
		...detailed,
	];
}

function detailedExpand(type: string, link: LinkInput, instant: Instant): Expand {
	const { property, select, field = '', sortBy = '', direction, top = 0, nested = '' } = link;
	const linked = linkedType(type, property);
	const types = propertiesOf(catalogue, linked);
	const condition =
		field === ''
			? undefined
			: filter(
					{ match: 'all', conditions: [conditionFrom(link, types, instant)] },
					catalogue.enums,
				);
	const inner =
		nested === '' || linkedType(linked, nested) === ''
			? []
			: [{ property: nested, select: link.nestedSelect }];
	return {
		property,
		// As in a list: a link that $select does not name may be left out in spite of $expand.
		select: select?.length ? [...select, ...inner.map((one) => one.property)] : undefined,
		filter: both(condition, rawFilter(link.rawFilter ?? '')),
		orderBy: sortBy === '' ? undefined : [{ field: fieldName(sortBy), direction }],
		// XAPI names some links that lead to a single row, and a row has no $top.
		top: top > 0 && isMany(type, property) ? top : undefined,
		expand: inner,
	};
}

const isMany = (type: string, property: string) =>
	navigationPropertiesOf(catalogue, type)[property]?.array === true;
