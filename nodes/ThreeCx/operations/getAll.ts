import { queryString } from '../../../lib/odata/query';
import { entitySets, catalogue } from '../../../lib/xapi/catalogue';
import { listEntities } from '../../../lib/xapi/entities';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import { isSimplified } from '../../shared/fields/simplify';
import { shownWhere } from '../../shared/panel';
import { instantIn } from '../../shared/time';
import { filterProperties, queryFrom, type BuilderInput } from '../builders';
import { lower, type GenericOperation } from './genericOperation';
import { asOutput, shown, simplified } from './output';

export const getAll: GenericOperation = {
	name: 'getAll',
	label: 'Get Many',
	action: ({ plural }) => `Get many ${lower(plural)}`,
	description: ({ plural }) => `List ${lower(plural)}, filtered and sorted`,
	needs: ['list'],
	shared: (showFor) => {
		const displayOptions = showFor(['getAll']);
		return [
			...limitProperties().map((property) => shownWhere(property, displayOptions)),
			...filterProperties.map((property) => ({ ...property, displayOptions })),
		];
	},
	execute: async (run, resource) => {
		const { context, index, client, signal } = run;
		const parameter = <T>(name: string, fallback: T) =>
			context.getNodeParameter(name, index, fallback) as T;
		const options = parameter<NonNullable<BuilderInput['options']> & { reveal?: string[] }>(
			'options',
			{},
		);
		const query = queryFrom(
			resource.type,
			{
				filters: parameter('filters', {}),
				match: parameter('match', 'all'),
				expands: parameter('expands', {}),
				options,
			},
			instantIn(context.getTimezone()),
		);
		// Paging by $skip can repeat and miss rows unless the order is fixed.
		const byKey = Object.keys(entitySets(catalogue)[resource.entitySet]?.key ?? {});
		const { order = byKey.map((field) => ({ field })) } = resource;
		const ordered = query.orderBy?.length ? query : { ...query, orderBy: order };
		const wanted = simplified(ordered, resource, isSimplified(run));
		const added = wanted === ordered ? undefined : await resource.added?.(run);
		return await listEntities(client, `/${resource.entitySet}`, {
			query: queryString(wanted),
			limit: limitOf(run),
			signal,
			shape: (rows) => asOutput(shown(rows, resource, wanted, added), options.reveal),
		});
	},
};
