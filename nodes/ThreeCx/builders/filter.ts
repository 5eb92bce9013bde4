import type { INodeProperties } from 'n8n-workflow';
import { filter, type ConditionGroup } from '../../../lib/odata/filter';
import { catalogue, propertiesOf } from '../../../lib/xapi/catalogue';
import { conditionFrom, conditionInputs, type ConditionInput, type Instant } from './conditions';

/** Conditions, and groups of them one level deep. */

type Match = 'all' | 'any';

const matchProperty: INodeProperties = {
	displayName: 'Must Match',
	name: 'match',
	type: 'options',
	options: [
		{ name: 'All Conditions', value: 'all' },
		{ name: 'Any Condition', value: 'any' },
	],
	default: 'all',
};

const inputs = conditionInputs({ fields: 'getFilterFields', members: 'getEnumMembers' });

/** The Filter of a list, with any/all. */
export const filterProperties: INodeProperties[] = [
	{
		displayName: 'Filter',
		name: 'filters',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Condition',
		default: {},
		options: [
			{ name: 'conditions', displayName: 'Condition', values: inputs },
			{
				name: 'groups',
				displayName: 'Group of Conditions',
				values: [
					{ ...matchProperty, default: 'any' },
					{
						displayName: 'Conditions',
						name: 'conditions',
						type: 'fixedCollection',
						typeOptions: { multipleValues: true },
						placeholder: 'Add Condition',
						default: {},
						options: [{ name: 'condition', displayName: 'Condition', values: inputs }],
					},
				],
			},
		],
	},
	matchProperty,
];

/** The values of {@link filterProperties}. */
export interface FilterInput {
	filters?: {
		conditions?: ConditionInput[];
		groups?: Array<{ match?: Match; conditions?: { condition?: ConditionInput[] } }>;
	};
	match?: Match;
}

/**
 * The `$filter` that the conditions and groups make.
 *
 * @param type the entity's type in the catalogue
 * @returns undefined when there is no condition
 * @throws ThreeCxError or ODataInputError of a user's mistake, naming the field
 */
export function filterFrom(
	type: string,
	{ filters: { conditions = [], groups = [] } = {}, match = 'all' }: FilterInput,
	instant: Instant,
): string | undefined {
	const types = propertiesOf(catalogue, type);
	const from = (row: ConditionInput) => conditionFrom(row, types, instant);
	const inner = groups.map(
		({ match: any = 'any', conditions: { condition = [] } = {} }): ConditionGroup => ({
			match: any,
			conditions: condition.map(from),
		}),
	);
	return filter({ match, conditions: [...conditions.map(from), ...inner] }, catalogue.enums);
}

/** Two `$filter`s of which both must hold. */
export const both = (one: string | undefined, other: string | undefined): string | undefined =>
	one !== undefined && other !== undefined ? `(${one}) and (${other})` : (one ?? other);
