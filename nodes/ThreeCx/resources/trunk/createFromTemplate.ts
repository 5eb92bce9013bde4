import type { IDataObject } from 'n8n-workflow';
import type { ItemRun } from '../../../shared/router';
import { required } from '../../../shared/fields/required';
import { orKnown } from '../../../../lib/xapi/afterChange';
import { queryString } from '../../../../lib/odata/query';
import { createEntity, listEntities, type Entity } from '../../../../lib/xapi/entities';
import { invokeEntity } from '../../../../lib/xapi/invoke';
import { xapiOf } from '../../fields/body';
import { rowNamed } from '../../fields/named';
import { refuseHidden } from '../../fields/values';
import { asOutput, pick } from '../../operations/output';
import type { Field, OwnOperation } from '../../resource';
import { password, rows } from './rows';
import { alphabetically } from '../../../shared/alphabetical';

/** The properties that the chosen fields of a collection make. */
const valuesOf = async (
	run: ItemRun,
	fields: readonly Field[],
	collection: IDataObject,
): Promise<Entity> =>
	await xapiOf(
		run,
		fields
			.map((field) => ({ field, value: collection[field.parameter.name] }))
			.filter(({ value }) => value !== undefined),
	);

/** The ID of a template, which an expression may give by its name: IDs are those of files. */
async function templateId({ client, signal }: ItemRun, text: string): Promise<string> {
	if (/\.\w+$/.test(text)) return text;
	const query = queryString({ select: ['Id', 'Name'] });
	const rows = await listEntities(client, '/TrunkTemplates', { query, signal });
	const namesOf = ({ Id, Name }: Entity) => [Id, Name];
	return String(rowNamed(rows, text, { what: 'trunk template', field: 'template', namesOf }).Id);
}

/** 3CX drafts the trunk from the template of the provider (InitTrunk); the values from the panel override it. */
export const createFromTemplate: OwnOperation = {
	name: 'createFromTemplate',
	label: 'Create From Template',
	action: 'Create a trunk from a template',
	description: 'Create a trunk with the 3CX settings for a provider',
	uses: ['ListTrunkTemplate', 'InitTrunk', 'CreateTrunk'],
	properties: [
		{
			displayName: 'Template Name or ID',
			name: 'template',
			type: 'options',
			required: true,
			typeOptions: { loadOptionsMethod: 'getTrunkTemplates' },
			default: '',
			description:
				'The provider. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
		{
			displayName: 'Name',
			name: 'trunkName',
			type: 'string',
			default: '',
			placeholder: 'e.g. Northgate Telecom',
			description: 'Leave empty to use the name of the template',
		},
		password,
		{
			displayName: 'Additional Fields',
			name: 'trunkFields',
			type: 'collection',
			placeholder: 'Add Field',
			default: {},
			options: [
				...rows.fields
					.map(({ parameter }) => parameter)
					.filter((parameter) => parameter !== password),
				{
					displayName: 'Registrar',
					name: 'host',
					type: 'string' as const,
					default: '',
					placeholder: 'e.g. sip.example.com',
					description: 'Host name of the provider, if the template does not set it',
				},
			].sort(alphabetically(({ displayName }) => displayName)),
		},
	],
	execute: async (run) => {
		const { context, index, client, signal } = run;
		const text = (name: string) => String(context.getNodeParameter(name, index, '')).trim();
		const template = required(
			'template',
			'Template',
			text('template'),
			'Choose the provider of the trunk. Use a "Generic" template for providers that are not listed.',
		);
		const { host, ...fields } = context.getNodeParameter('trunkFields', index, {}) as IDataObject;
		const parameters = { template: await templateId(run, template) };
		const draft = await invokeEntity(client, 'InitTrunk', { parameters, signal });
		const secret = text('authPassword');
		const body: Entity = {
			...draft,
			...(await valuesOf(run, rows.fields, fields)),
			...(secret === '' ? {} : { AuthPassword: { Value: secret } }),
			Gateway: {
				...(draft.Gateway as Entity | undefined),
				...(text('trunkName') === '' ? {} : { Name: text('trunkName') }),
				...(host ? { Host: host } : {}),
			},
		};
		refuseHidden(body);
		const row = await createEntity(client, '/Trunks', body, { signal });
		return asOutput([orKnown(pick(row, rows.summary), pick(body, rows.summary))]);
	},
};
