import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { catalogue, singleton } from '../../../lib/xapi/catalogue';
import { changesTo, differences } from '../../../lib/xapi/difference';
import { afterChange } from '../../../lib/xapi/afterChange';
import { getEntity, outcomeOf, updateEntity, type Entity } from '../../../lib/xapi/entities';
import type { ItemRun } from '../../shared/router';
import { bodyOf, settingsProperty } from '../fields/body';
import type { OwnOperation, SettingsResource } from '../resource';
import { lower } from './genericOperation';
import { typeOf } from '../typeOf';
import { asOutput, readable } from './output';

const pathOf = (resource: SettingsResource) => `/${resource.singleton}`;

/** The settings, those of the form first. */
async function read({ client, signal }: ItemRun, resource: SettingsResource): Promise<Entity> {
	const settings = await getEntity(client, pathOf(resource), undefined, { signal });
	const everyday = resource.fields.map(({ property }) => property);
	return readable([settings], { type: typeOf(resource) ?? '' }, everyday)[0]!;
}

/** Sends only what differs, so that a workflow may say what shall be set as often as it likes. */
async function update(run: ItemRun, resource: SettingsResource): Promise<IDataObject[]> {
	const { client, signal } = run;
	const wanted = await bodyOf(run, { ...resource, type: typeOf(resource) ?? '' }, 'updateSettings');
	if (Object.keys(wanted).length === 0) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'settings',
			message: 'No setting to update',
			hint: 'Add at least one under Settings or More Fields.',
		});
	}
	const before = await read(run, resource);
	const changes = differences(before, wanted);
	const changed = changesTo(before, changes) as IDataObject;
	if (Object.keys(changes).length === 0) return [{ outcome: 'unchanged', changed, ...before }];
	await updateEntity(client, pathOf(resource), changes, { signal });
	const outcome = outcomeOf(client, 'updated');
	if (client.dryRun) return [{ outcome, changed, ...before }];
	const look = async () => await read(run, resource);
	const after = await afterChange(look, { ...before, ...changes });
	return [{ outcome, changed, ...after }];
}

/** @returns Get Settings and Update Settings of a resource */
export function settingsOperations(resource: SettingsResource): OwnOperation[] {
	const { get = '', update: patch = '' } = singleton(catalogue, resource.singleton) ?? {};
	const [label, plural] = [lower(resource.label), lower(resource.plural)];
	return [
		{
			name: 'getSettings',
			label: 'Get Settings',
			action: `Get the ${label} settings`,
			description: `Get the settings of ${plural}`,
			uses: [get],
			execute: async (run) => asOutput([await read(run, resource)]),
		},
		{
			name: 'updateSettings',
			label: 'Update Settings',
			action: `Update the ${label} settings`,
			description: `Change settings of ${plural} and return which ones changed`,
			uses: [get, patch],
			dryRun: true,
			properties: [settingsProperty(resource)],
			execute: async (run) => await update(run, resource),
		},
	];
}
