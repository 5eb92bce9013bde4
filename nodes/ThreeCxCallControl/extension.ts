import type {
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { deviceLabel } from '../../lib/callcontrol/devices';
import { listNamedDns, type NamedDn } from '../../lib/callcontrol/names';
import { createCallControl } from '../../lib/callcontrol/rest';
import type { PbxClient } from '../../lib/http/client';
import { ThreeCxError } from '../../lib/http/errors';
import { connectTo } from '../shared/connect';
import { toNodeError } from '../shared/errors';
import type { ItemRun } from '../shared/router';

/** The field that names an extension, queue or route point. */
export const extensionField = (
	description: string,
	{ label = 'Extension', search = 'searchExtensions', example = '100' } = {},
): INodeProperties => ({
	displayName: label,
	name: 'extension',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description,
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select an extension...',
			typeOptions: { searchListMethod: search, searchable: true },
		},
		{
			displayName: 'By Number',
			name: 'number',
			type: 'string',
			placeholder: `e.g. ${example}`,
		},
	],
});

/** The field that names a route point: only on its calls there is audio. */
export const routePointField = (description: string): INodeProperties =>
	extensionField(description, {
		label: 'Route Point',
		search: 'searchRoutePoints',
		example: 'voiceagent, the client ID of the API client',
	});

/** @returns the number in the field. */
export function extensionOf({ context, index }: ItemRun): string {
	const value: unknown = context.getNodeParameter('extension', index, '', { extractValue: true });
	return required('extension', 'Extension', value);
}

/**
 * @param field name of the parameter
 * @param label its name in the panel
 * @param value what it holds for this item
 * @returns the text in it
 * @throws ThreeCxError of kind `input` when it is empty
 */
export function required(field: string, label: string, value: unknown): string {
	const text = String(value ?? '').trim();
	if (text !== '') return text;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `The field "${label}" is empty`,
		hint: 'Fill it in, or look at what the expression in it gives for this item.',
	});
}

/** The list behind {@link extensionField}: whatever the API client may see. */
export async function searchExtensions(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return matching(await ask(this, listNamedDns), filter);
}

/** The list behind {@link routePointField}. */
export async function searchRoutePoints(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const dns = await ask(this, listNamedDns);
	return matching(
		dns.filter(({ type }) => type === 'Wroutepoint'),
		filter,
	);
}

function matching(dns: NamedDn[], filter: string): INodeListSearchResult {
	const wanted = filter.trim().toLowerCase();
	const found = dns.filter(({ label }) => label.toLowerCase().includes(wanted));
	return { results: found.map(({ dn, label }) => ({ name: label, value: dn })) };
}

/** The phones of the chosen extension. */
export async function getDevices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const dn = chosenExtension(this);
	if (dn === '') return [];
	const devices = await ask(this, async (client) => await createCallControl(client).devices(dn));
	return devices.map((device) => ({ name: deviceLabel(device), value: device.device_id }));
}

/** @returns the number in the field while the panel is open; `''` when it is empty or an expression. */
export function chosenExtension(context: ILoadOptionsFunctions): string {
	const extension = context.getCurrentNodeParameter('extension', { extractValue: true });
	return typeof extension === 'string' ? extension.trim() : '';
}

/** Asks the PBX for what a dropdown shows. */
export async function ask<T>(
	context: ILoadOptionsFunctions,
	question: (client: PbxClient) => Promise<T>,
): Promise<T> {
	return await connectTo(context)
		.then(question)
		.catch((error: unknown) => {
			throw toNodeError(context.getNode(), error);
		});
}
