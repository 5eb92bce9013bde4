import { rawFilter } from '../../../lib/odata/filter';
import type { Query } from '../../../lib/odata/query';
import { fieldName, type Instant } from './conditions';
import { expandFrom, type ExpandInput } from './expand';
import { both, filterFrom, type FilterInput } from './filter';

export { expandProperty } from './expand';
export { filterProperties } from './filter';
export { builderLists } from './lists';
export { queryOptions } from './options';

/** The values of the builders' parameters for one item: `$filter`, `$expand`, `$select`, `$orderby` and `$search`. */
export interface BuilderInput extends FilterInput {
	expands?: ExpandInput;
	options?: {
		expand?: string[];
		select?: string[];
		rawFilter?: string;
		search?: string;
		sort?: { by?: Array<{ field: string; direction?: 'asc' | 'desc' }> };
	};
}

/**
 * What the builders' parameters ask for.
 *
 * @param type the entity's type in the catalogue
 * @param input the parameters' values
 * @param instant turns a date and time as n8n gives it (the workflow's zone) into ISO with Z
 * @returns the query, without paging
 * @throws ThreeCxError or ODataInputError of a user's mistake, naming the field
 */
export function queryFrom(type: string, input: BuilderInput, instant: Instant): Query {
	const { options = {}, expands = {} } = input;
	return {
		filter: both(filterFrom(type, input, instant), rawFilter(options.rawFilter ?? '')),
		search: options.search,
		select: options.select,
		expand: expandFrom(type, options.expand ?? [], expands, instant),
		// A row of the panel in which no field has been chosen sorts by nothing.
		orderBy: (options.sort?.by ?? [])
			.filter(({ field }) => String(field ?? '').trim() !== '')
			.map(({ field, direction }) => ({ field: fieldName(field), direction })),
	};
}
