import type {
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { deviceLabel } from '../../lib/callcontrol/rest/devices';
import { listDestinations, listNamedDns, type Labelled } from '../../lib/callcontrol/rest/names';
import { createCallControl } from '../../lib/callcontrol/rest/client';
import { askPbx } from '../shared/askPbx';
import { required } from '../shared/fields/required';
import { matching } from '../shared/matching';
import type { ItemRun } from '../shared/router';

/** What the panel calls a route point. */
export const ROUTE_POINT = 'Route Point';

/** How a field for an extension looks, besides its description. */
interface ExtensionLook {
	label?: string;
	search?: 'searchDestinations' | 'searchExtensions' | 'searchRoutePoints';
	/** In the empty list. */
	invitation?: string;
	example?: string;
	/** Name of the parameter. */
	name?: string;
}

/** Name of the parameter that {@link extensionField} makes, unless it is told another. */
const EXTENSION = 'extension';

/** The field that names an extension, queue or route point, from a list or as a number. */
export const extensionField = (
	description: string,
	{
		label = 'Extension',
		search = 'searchExtensions',
		invitation = 'Select an extension...',
		example = '100',
		name = EXTENSION,
	}: ExtensionLook = {},
): INodeProperties => ({
	displayName: label,
	name,
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description,
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: invitation,
			typeOptions: { searchListMethod: search, searchable: true },
		},
		{
			// Longer names are cut off.
			displayName: 'Number',
			name: 'number',
			type: 'string',
			placeholder: `e.g. ${example}`,
		},
	],
});

/** The field that names a route point: only on its calls there is audio. */
export const routePointField = (
	description: string,
	look: Pick<ExtensionLook, 'name'> = {},
): INodeProperties =>
	extensionField(description, {
		...look,
		label: ROUTE_POINT,
		search: 'searchRoutePoints',
		invitation: 'Select a route point...',
		example: 'voiceagent, the client ID of the API client',
	});

/** @returns the number in the field of that name, which the panel calls `label`. */
export function extensionOf(
	{ context, index }: ItemRun,
	label = 'Extension',
	name = EXTENSION,
): string {
	const value: unknown = context.getNodeParameter(name, index, '', { extractValue: true });
	return required(name, label, value);
}

/** The list behind {@link extensionField}: whatever the API client may see. */
export async function searchExtensions(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return dnsMatching(await askPbx(this, listNamedDns), filter);
}

/** The list behind {@link routePointField}. */
export async function searchRoutePoints(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const dns = await askPbx(this, listNamedDns);
	return dnsMatching(
		dns.filter(({ type }) => type === 'Wroutepoint'),
		filter,
	);
}

/** The list behind the destination of a call: whatever of the phone system a call can be sent to. */
export async function searchDestinations(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return dnsMatching(await askPbx(this, listDestinations), filter);
}

const dnsMatching = (dns: Labelled[], filter: string): INodeListSearchResult =>
	matching(
		dns.map(({ dn, label }) => ({ name: label, value: dn })),
		filter,
	);

/** The phones of the chosen extension. */
export async function getDevices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const dn = chosenExtension(this);
	if (dn === '') return [];
	const devices = await askPbx(this, async (client) => await createCallControl(client).devices(dn));
	return devices.map((device) => ({ name: deviceLabel(device), value: device.device_id }));
}

/** @returns the number in the field of that name while the panel is open; `''` when it is empty or an expression. */
export function chosenExtension(context: ILoadOptionsFunctions, name = EXTENSION): string {
	const extension = context.getCurrentNodeParameter(name, { extractValue: true });
	// n8n's editor resolves expressions before it asks; one that it cannot resolve comes as it is, or not at all.
	return typeof extension === 'string' && !extension.startsWith('=') ? extension.trim() : '';
}
