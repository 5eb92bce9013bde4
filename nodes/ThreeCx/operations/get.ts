import { queryString } from '../../../lib/odata/query';
import { ThreeCxError } from '../../../lib/http/errors';
import { ifNoneFoundField, noneFound } from '../../shared/fields/ifNoneFound';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { instantIn } from '../../shared/time';
import { expandProperty, queryFrom, queryOptions, type BuilderInput } from '../builders';
import { aboutRow, readLocated } from '../locator';
import { withArticle, type GenericOperation } from './genericOperation';
import { asOutput, simplified } from './output';

/** What `$select` and `$expand` can shape: one row has no filter and no order. */
const OPTIONS = ['expand', 'select', 'reveal'];

export const get: GenericOperation = {
	name: 'get',
	label: 'Get',
	action: (resource) => `Get ${withArticle(resource)}`,
	description: (resource) => `Get ${withArticle(resource)} by list, number or ID`,
	needs: ['get'],
	// Get Many shares how a row is shown; its Options come last, too, so they stand here and not with its filter.
	shared: (showFor) => [
		{ ...simplifyProperty, displayOptions: showFor('get', 'getAll') },
		{ ...expandProperty, displayOptions: showFor('get', 'getAll') },
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			displayOptions: showFor('get'),
			options: [
				ifNoneFoundField('error'),
				...queryOptions.filter(({ name }) => OPTIONS.includes(name)),
			],
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			displayOptions: showFor('getAll'),
			options: queryOptions,
		},
	],
	execute: async (run, resource) => {
		const { context, index } = run;
		const options = context.getNodeParameter('options', index, {}) as BuilderInput['options'] & {
			reveal?: string[];
			ifNoneFound?: string;
		};
		const wanted = queryFrom(
			resource.type,
			{ options, expands: context.getNodeParameter('expands', index, {}) as object },
			instantIn(context.getTimezone()),
		);
		const query = queryString(simplified(wanted, resource, isSimplified(run)));
		const row = await aboutRow(
			run,
			resource,
			async () => await readLocated(run, resource, query),
		).catch((error: unknown) => {
			// Only that the row is missing; not that the PBX has no such interface.
			const isNone =
				error instanceof ThreeCxError && error.kind === 'notFound' && error.field === resource.name;
			if (isNone) return error;
			throw error;
		});
		if (row instanceof ThreeCxError) return noneFound(options.ifNoneFound, row);
		return asOutput([row], options.reveal);
	},
};
