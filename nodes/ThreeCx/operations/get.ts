import type { INodeProperties } from 'n8n-workflow';
import { queryString } from '../../../lib/odata/query';
import { ThreeCxError } from '../../../lib/http/errors';
import { ifNoneFoundField, noneFound } from '../../shared/fields/ifNoneFound';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { instantIn } from '../../shared/time';
import { expandProperty, queryFrom, queryOptions, type BuilderInput } from '../builders';
import { aboutRow, readLocated } from '../locator';
import { hasLinks, hasSecrets } from '../typeOf';
import {
	inCollection,
	withArticle,
	type GenericOperation,
	type ShowForAll,
} from './genericOperation';
import { asOutput, shown, simplified } from './output';

/** What `$select` and `$expand` can shape: one row has no filter and no order. */
const OPTIONS = ['expand', 'select', 'reveal'];

/** Lists in which some resources have nothing to choose. */
const NEED = { expand: hasLinks, reveal: hasSecrets };

/** The options, each where there is something to choose. */
const optionsFor = (showFor: ShowForAll): INodeProperties[] =>
	queryOptions.map((option) => {
		const which = NEED[option.name as keyof typeof NEED];
		return which === undefined
			? option
			: { ...option, displayOptions: inCollection(showFor(['get', 'getAll'], which)) };
	});

export const get: GenericOperation = {
	name: 'get',
	label: 'Get',
	action: (resource) => `Get ${withArticle(resource)}`,
	description: (resource) => `Get ${withArticle(resource)} by list, number or ID`,
	needs: ['get'],
	// Get Many shares how a row is shown; its Options come last, too, so they stand here and not with its filter.
	shared: (showFor) => [
		{ ...simplifyProperty, displayOptions: showFor(['get', 'getAll']) },
		{ ...expandProperty, displayOptions: showFor(['get', 'getAll'], hasLinks) },
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			displayOptions: showFor(['get']),
			options: [
				ifNoneFoundField('error'),
				...optionsFor(showFor).filter(({ name }) => OPTIONS.includes(name)),
			],
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			displayOptions: showFor(['getAll']),
			options: optionsFor(showFor),
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
		const asked = simplified(wanted, resource, isSimplified(run));
		const query = queryString(asked);
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
		return asOutput(shown([row], resource, asked), options.reveal);
	},
};
