import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { upsertEntity } from '../../../lib/xapi/entities';
import { bodyOf, mergingOf, newRow } from '../fields/body';
import { keyFilter } from '../locator';
import { showFor } from '../../shared/resource';
import { withArticle, type GenericOperation } from './genericOperation';
import { asOutput, expandsFor, summaryOf } from './output';

/** Never shown: a resource without natural keys has no Create or Update. */
const NO_KEY = { property: '' };

export const upsert: GenericOperation = {
	name: 'upsert',
	label: 'Create or Update',
	action: (resource) => `Create or update ${withArticle(resource)}`,
	description: () => 'Create a new record, or update the current one if it already exists (upsert)',
	needs: ['list', 'create', 'update'],
	dryRun: true,
	properties: ({ name, naturalKeys, naturalKeys: [{ property: preferred } = NO_KEY] }) => [
		{
			displayName: 'Match By',
			name: 'matchBy',
			type: 'options',
			options: naturalKeys.map(({ label, property }) => ({
				name: label,
				value: property,
			})),
			default: preferred,
			description: 'The field used to find the existing record; enter its value below',
			displayOptions: showFor({ name }, 'upsert'),
		},
	],
	execute: async (run, resource) => {
		const { context, index, client, signal } = run;
		const matchBy = context.getNodeParameter('matchBy', index) as string;
		const body = await bodyOf(run, resource, 'upsert');
		const wanted = String(body[matchBy] ?? '').trim();
		const label =
			resource.naturalKeys.find(({ property }) => property === matchBy)?.label ?? matchBy;
		if (wanted === '') {
			throw new ThreeCxError({
				kind: 'input',
				field: matchBy,
				message: `The field "${label}" is empty, but it is used to find the ${resource.label.toLowerCase()}`,
				hint: 'Fill it in, or match on another field.',
			});
		}
		const { outcome, changed, row } = await upsertEntity(client, {
			entitySet: resource.entitySet,
			filter: keyFilter(matchBy, wanted),
			identity: `${label} ${wanted}`,
			body,
			newRow: (row) => newRow(resource, row),
			onto: mergingOf(run, resource, 'upsert', body)?.onto,
			expand: expandsFor(resource, body),
			signal,
		});
		const [output] = asOutput([summaryOf(row, resource)]);
		return { outcome, changed: changed as IDataObject, ...output };
	},
};
