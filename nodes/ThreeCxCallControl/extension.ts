import type {
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { deviceLabel } from '../../lib/callcontrol/devices';
import { listNamedDns } from '../../lib/callcontrol/names';
import { createCallControl } from '../../lib/callcontrol/rest';
import { ThreeCxError } from '../../lib/http/errors';
import { connectTo } from '../shared/connect';
import { toNodeError } from '../shared/errors';
import type { ItemRun } from '../shared/router';

/** The field that names an extension, queue or route point. */
export const extensionField = (description: string): INodeProperties => ({
	displayName: 'Extension',
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
			typeOptions: { searchListMethod: 'searchExtensions', searchable: true },
		},
		{
			displayName: 'By Number',
			name: 'number',
			type: 'string',
			placeholder: 'e.g. 100',
		},
	],
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
	const dns = await connectTo(this)
		.then(listNamedDns)
		.catch((error: unknown) => {
			throw toNodeError(this.getNode(), error);
		});
	const wanted = filter.trim().toLowerCase();
	const found = dns.filter(({ label }) => label.toLowerCase().includes(wanted));
	return { results: found.map(({ dn, label }) => ({ name: label, value: dn })) };
}

/** The phones of the chosen extension. */
export async function getDevices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const extension = this.getCurrentNodeParameter('extension', { extractValue: true });
	const dn = typeof extension === 'string' ? extension.trim() : '';
	if (dn === '') return [];
	const devices = await connectTo(this)
		.then(async (client) => await createCallControl(client).devices(dn))
		.catch((error: unknown) => {
			throw toNodeError(this.getNode(), error);
		});
	return devices.map((device) => ({ name: deviceLabel(device), value: device.device_id }));
}
